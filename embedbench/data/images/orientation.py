"""Orientation of a picture: which way is up, in its EXIF data or beside its file."""

import io
import threading
import warnings

from PIL import ExifTags, Image

__all__ = ["ORIENTATIONS", "TURNS", "orientation_of", "with_orientation"]

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The operation that turns an image upright, by its EXIF orientation."""

ORIENTATIONS = {90: 8, 180: 3, 270: 6}
"""EXIF orientation by the counter-clockwise rotation, in degrees, that turns a picture upright."""

_START = b"\xff\xd8"
_JFIF = b"\xff\xe0"
_EXIF = b"\xff\xe1"
_SILENCE = threading.Lock()  # only one thread at a time can silence Pillow's warnings


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1, upright, if it is missing or unreadable."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # an intact picture may have broken EXIF data
        return 1
    return orientation if isinstance(orientation, int) else 1


def with_orientation(content: bytes, degrees: int) -> bytes:
    """Add an EXIF orientation to a JPEG file, without decoding it.

    A file that already has an orientation, or is not a readable JPEG, is returned unchanged.

    Args:
        content: bytes of the file.
        degrees: counter-clockwise rotation that turns the picture upright: 90, 180 or 270.
    """
    if not content.startswith(_START) or _has_orientation(content):
        return content
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = ORIENTATIONS[degrees]
    data = exif.tobytes()
    segment = _EXIF + (len(data) + 2).to_bytes(2) + data
    offset = len(_START)
    if content.startswith(_JFIF, offset):  # the JFIF segment must stay the first
        offset += len(_JFIF) + int.from_bytes(content[offset + 2 : offset + 4])
    return content[:offset] + segment + content[offset:]


def _has_orientation(content: bytes) -> bool:
    """Return whether a JPEG has an orientation, in EXIF or XMP; True if it cannot be read."""
    with _SILENCE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
                return ExifTags.Base.Orientation in image.getexif()
        except Exception:  # Pillow raises nearly anything on broken files
            return True
