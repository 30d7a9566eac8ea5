"""Pixels deeper than 8 bits in PNG, PPM, PFM and JPEG 2000 files."""

import io
import re
from importlib.util import find_spec
from typing import Any

import numpy as np
from jaxtyping import Num, UInt16
from PIL import Image

from embedbench.data.images.deep.raster import Limits, Raster, check_size
from embedbench.data.images.orientation import orientation_of
from embedbench.errors import ImageError

__all__ = [
    "is_deep_jpeg2000",
    "is_deep_png",
    "is_deep_pnm",
    "read_jpeg2000",
    "read_png",
    "read_pnm",
]

_PNG_BANDS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Number of bands, by the colour type of a deep PNG file."""

_WHOLE = "RGBA"
_LOWER = {3: "RGB;16L", 4: "RGBA;16L"}
"""Names of Pillow for the order of the bytes, by which it keeps the lower ones."""

_PNM = re.compile(
    rb"P([2356fF])\s(?:\s|#[^\n]*\n)*(\d+)(?:\s|#[^\n]*\n)+(\d+)"
    rb"(?:\s|#[^\n]*\n)+([-+.\deE]+)(?:[ \t]*#[^\n]*\n|\s)"
)
_SIZ = b"\xff\x51"


def is_deep_png(header: bytes) -> bool:
    """Return whether a PNG file has 16 bits, by its first 25 bytes."""
    return header[24:25] == b"\x10"


def read_png(content: bytes) -> Raster:
    """Return the pixels of a PNG file of 16 bits.

    Pillow keeps the upper 8 bits of colours. It reads the lower ones if it is asked to take the
    bytes in the other order.

    Raises:
        Exception: nearly any, if the file is broken.
    """
    bands = _PNG_BANDS[content[25]]
    values, info, orientation = _decoded_png(content, _WHOLE if bands == 2 else None)
    if bands == 1:
        values = values[..., None].astype(np.uint16)
    elif bands == 2:  # the four bytes of a pixel
        values = _joined(values[..., ::2], values[..., 1::2])
    else:
        values = _joined(values, _decoded_png(content, _LOWER[bands])[0])
    alpha = values[..., -1] if bands in (2, 4) else None
    colours = values[..., : 1 if bands < 3 else 3]
    if alpha is None and "transparency" in info:
        key = np.array(info["transparency"], dtype=np.uint16)
        alpha = np.where((colours == key).all(axis=-1), 0, 65_535).astype(np.uint16)
    return Raster(
        colours, alpha, profile=_as_bytes(info.get("icc_profile")), orientation=orientation
    )


def _decoded_png(
    content: bytes, order: str | None
) -> tuple[Num[np.ndarray, "height width *bands"], dict[str | tuple[int, int], Any], int]:
    """Return pixels, information and orientation, with the bytes in this order."""
    with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
        check_size(image.height, image.width)
        if order is not None:
            image.tile = [tile._replace(args=order) for tile in image.tile]
        image.load()
        return np.asarray(image), dict(image.info), orientation_of(image)


def _joined(
    upper: Num[np.ndarray, "..."], lower: Num[np.ndarray, "..."]
) -> UInt16[np.ndarray, "..."]:
    return (upper.astype(np.uint16) << 8) | lower.astype(np.uint16)


def _as_bytes(value: object) -> bytes | None:
    return value if isinstance(value, bytes) else None


def is_deep_pnm(header: bytes) -> bool:
    """Return whether a PPM, PGM or PFM file has more than 8 bits, by its first bytes."""
    match = _PNM.match(header)
    if match is None:
        return False
    return match[1] in b"fF" or float(match[4]) > 255


def read_pnm(content: bytes) -> Raster:
    """Return the pixels of a PPM, PGM or PFM file of more than 8 bits.

    The largest value that the file states holds, unless it is that of all 16-bit files.

    Raises:
        Exception: nearly any, if the file is broken.
    """
    match = _PNM.match(content)
    if match is None:
        raise ImageError("broken image: its header cannot be read")
    kind, width, height = match[1], int(match[2]), int(match[3])
    bands = 3 if kind in b"36F" else 1
    check_size(height, width)
    count = height * width * bands
    if kind in b"fF":
        order = "<f4" if float(match[4]) < 0 else ">f4"
        values = np.frombuffer(content, order, count, match.end()).reshape(height, width, bands)
        return Raster(values[::-1])  # from the bottom to the top
    most = int(match[4])
    if kind in b"23":
        text = re.sub(rb"#[^\n]*", b"", content[match.end() :])
        values = np.array(text.split()[:count], dtype=np.int64).astype(np.uint16)
    else:
        values = np.frombuffer(content, ">u2", count, match.end()).astype(np.uint16)
    limits: Limits | None = None if most == 65_535 else (0, most)
    return Raster(values.reshape(height, width, bands), limits=limits)


def is_deep_jpeg2000(header: bytes) -> bool:
    """Return whether a JPEG 2000 file has more than 8 bits, by its first bytes."""
    place = header.find(_SIZ)
    return place >= 0 and (header[place + 40 : place + 41] or b"\7")[0] & 0x7F > 7


def read_jpeg2000(content: bytes) -> Raster:
    """Return the pixels of a JPEG 2000 file of more than 8 bits, without opacity.

    Raises:
        ImageError: the package that reads them is missing.
        Exception: nearly any other, if the file is broken.
    """
    if find_spec("imagecodecs") is None:
        raise ImageError("JPEG 2000 of 16 bits needs pip install 'image-embedbench[tiff]'")
    import imagecodecs  # large

    place = content.find(_SIZ)
    check_size(
        int.from_bytes(content[place + 10 : place + 14]),
        int.from_bytes(content[place + 6 : place + 10]),
    )
    bits = (content[place + 40] & 0x7F) + 1
    values = imagecodecs.jpeg2k_decode(content)
    values = values[..., None] if values.ndim == 2 else values
    bands = values.shape[-1]
    limits: Limits | None = None if bits == 16 or values.dtype.kind == "i" else (0, 2**bits - 1)
    alpha = values[..., -1] if bands in (2, 4) else None
    return Raster(values[..., : 1 if bands < 3 else 3], alpha, limits=limits)
