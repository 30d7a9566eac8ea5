"""JPEG files without their end marker, of which nothing else is missing."""

import re
from collections.abc import Iterator

import simplejpeg

__all__ = ["with_end_marker"]

_START, _END = b"\xff\xd8", b"\xff\xd9"
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_COEFFICIENTS = 64
_SEQUENTIAL, _PROGRESSIVE, _SCAN, _END_CODE = (0xC0, 0xC1), 0xC2, 0xDA, 0xD9


def with_end_marker(content: bytes) -> bytes | None:
    """Return a JPEG file with the end marker that it lacks; None if it lacks nothing, or more.

    The file must hold all coefficients of all components, and decode without a warning.
    """
    if not content.startswith(_START) or not _has_all_scans(content):
        return None
    for whole in (content + _END, content.rstrip(b"\0") + _END):
        try:
            space = simplejpeg.decode_jpeg_header(whole)[2]
            simplejpeg.decode_jpeg(whole, "CMYK" if space in ("CMYK", "YCCK") else "GRAY")
        except Exception:  # it warns of data that is missing, as an error
            continue
        return whole
    return None


def _has_all_scans(content: bytes) -> bool:
    """Return whether every coefficient of every component is in a scan, and no end marker is."""
    missing: set[tuple[int, int]] | None = None
    progressive = False
    for code, segment in _segments(content):
        if code == _END_CODE:
            return False
        if code in _SEQUENTIAL or code == _PROGRESSIVE:
            progressive = code == _PROGRESSIVE
            identities = segment[6 : 6 + 3 * segment[5] : 3] if len(segment) > 5 else b""
            missing = {(one, number) for one in identities for number in range(_COEFFICIENTS)}
        elif code == _SCAN and segment and missing is not None:
            count = segment[0]
            identities, end = segment[1 : 1 + 2 * count : 2], segment[1 + 2 * count :]
            first, last, step = end[:3] if len(end) >= 3 and progressive else (0, 63, 0)
            if not step & 15:  # else a later scan refines these coefficients
                missing -= {(one, n) for one in identities for n in range(first, last + 1)}
    return missing is not None and not missing


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the code and the data of each segment; entropy-coded data is passed over."""
    place = len(_START)
    while match := _MARKER.search(content, place):
        code, place = content[match.start() + 1], match.end()
        length = int.from_bytes(content[place : place + 2])
        if code == _END_CODE:
            yield code, b""
            return
        yield code, content[place + 2 : place + length]
        place += length
