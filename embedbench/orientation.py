"""Orientation: a JPEG file told how its picture is to be turned, its pixels left as they are."""

import io
import threading
import warnings

from PIL import ExifTags, Image

__all__ = ["ORIENTATIONS", "with_orientation"]

ORIENTATIONS = {90: 8, 180: 3, 270: 6}
"""The EXIF orientation of a picture that is to be turned so many degrees counter-clockwise."""

_START = b"\xff\xd8"
_JFIF = b"\xff\xe0"
_EXIF = b"\xff\xe1"
_SILENCE = threading.Lock()  # Pillow's warnings can be silenced by one thread at a time


def with_orientation(content: bytes, degrees: int) -> bytes:
    """Return a JPEG file with an EXIF orientation put in; nothing is decoded or lost.

    A file that has an orientation already, or is no JPEG that can be opened, comes back unchanged.

    Args:
        content: the file, whole.
        degrees: by how many the picture must be turned counter-clockwise to stand upright; 90,
            180 or 270.
    """
    if not content.startswith(_START) or _has_orientation(content):
        return content
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = ORIENTATIONS[degrees]
    told = exif.tobytes()
    segment = _EXIF + (len(told) + 2).to_bytes(2) + told
    place = len(_START)
    if content.startswith(_JFIF, place):  # the JFIF standard wants its segment to be the first
        place += len(_JFIF) + int.from_bytes(content[place + 2 : place + 4])
    return content[:place] + segment + content[place:]


def _has_orientation(content: bytes) -> bool:
    """Whether it says which way is up, as EXIF or XMP; also where that cannot be told."""
    with _SILENCE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
                return ExifTags.Base.Orientation in image.getexif()
        except Exception:  # Pillow raises nearly anything on broken files
            return True
