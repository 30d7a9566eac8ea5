"""One image: from the bytes of a file to RGB, and to a thumbnail."""

import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from PIL import ExifTags, Image, UnidentifiedImageError

from embedbench.errors import ImageError

__all__ = [
    "JPEG_SIDE",
    "MOST_PIXELS",
    "ORIENTATIONS",
    "SUFFIXES",
    "THUMBNAIL_SIDE",
    "open_pixels",
    "open_rgb",
    "thumbnail",
    "to_rgb",
    "upright_size",
    "with_orientation",
]

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF")
_JPEG_START = b"\xff\xd8\xff"
THUMBNAIL_SIDE = 128

MOST_PIXELS = 178_956_970
"""An image with more is not decoded: Pillow's limit too, but no other library can lift this one."""

_BAND_PIXELS = 1 << 22
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What sets an image upright, by its EXIF orientation."""

JPEG_SIDE = 65_500
"""The longest side, in pixels, that a JPEG file can have."""


def upright_size(content: bytes) -> tuple[int, int]:
    """Return width and height in pixels of an image, turned upright; nothing is decoded.

    Raises:
        ImageError: it is no image of a known format, or a broken one.
    """
    with _opened(content, _FORMATS) as image:
        return (image.height, image.width) if _orientation(image) >= 5 else image.size


def open_rgb(content: bytes, draft: tuple[int, int] | None = None) -> Image.Image:
    """Return the image in a file's bytes, upright and in RGB mode.

    Of an animation the first frame; EXIF orientation applied; what is transparent lies over
    white; 16-bit grey is scaled to 8 bits.

    Args:
        content: the file, whole.
        draft: decode a JPEG at a reduced scale, no smaller than this width and height.

    Raises:
        ImageError: it is no image of a known format, or a broken one.
    """
    with _opened(content, _FORMATS) as image:
        if draft:
            image.draft("RGB", draft)
        image.load()
        turn = _TURNS.get(_orientation(image))
        found = to_rgb(image if turn is None else image.transpose(turn))
        return found.copy() if found is image else found


@contextmanager
def _opened(content: bytes, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    """Give the image, of which only the head was read; whatever goes wrong is an ImageError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd EXIF and of large images
            with Image.open(io.BytesIO(content), formats=formats) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Image.DecompressionBombError(f"{image.width} x {image.height}")
                yield image
    except Image.DecompressionBombError as error:
        raise ImageError(f"too many pixels, more than {MOST_PIXELS:,}: {error}") from error
    except MemoryError as error:
        raise ImageError("too large for the memory") from error
    except Exception as error:  # Pillow's decoders raise nearly anything on broken files
        raise ImageError(_reason(content, error)) from error


def _orientation(image: Image.Image) -> int:
    """Return its EXIF orientation, 1 to 8; 1, upright, where nothing readable is said."""
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a picture may be whole though what is told of it is not
        return 1
    return found if isinstance(found, int) else 1


def open_pixels(
    content: bytes, least_side: int | None = None
) -> UInt8[np.ndarray, "height width 3"]:
    """Return the pixels of the image in a file's bytes, the same as those of `open_rgb`.

    A plain JPEG is decoded straight into the array (by libjpeg-turbo, as in Pillow, so that the
    pixels are the same), which saves two copies of them; all else goes through Pillow.

    Args:
        content: the file, whole.
        least_side: decode a JPEG at a reduced scale, its sides no smaller than this; None for
            all pixels.

    Raises:
        ImageError: it is no image of a known format, or a broken one.
    """
    if (pixels := _plain_jpeg(content, least_side)) is not None:
        return pixels
    return np.array(open_rgb(content, (least_side, least_side) if least_side else None))


def _plain_jpeg(
    content: bytes, least_side: int | None
) -> UInt8[np.ndarray, "height width 3"] | None:
    """Return the pixels of an upright JPEG in grey or colour; None for Pillow to look at it."""
    if not content.startswith(_JPEG_START):
        return None
    try:
        with _opened(content, ("JPEG",)) as image:
            plain = image.format == "JPEG" and image.mode in ("L", "RGB")
            if not plain or _orientation(image) != 1:
                return None
        side = least_side or 0
        pixels: UInt8[np.ndarray, "height width 3"] = simplejpeg.decode_jpeg(
            content, "RGB", min_height=side, min_width=side
        )
        return pixels
    except Exception:  # whatever is wrong with the file, Pillow's words for it are the ones told
        return None


def to_rgb(image: Image.Image) -> Image.Image:
    """Return the image in RGB mode, from grey, palette, 16-bit, CMYK or with transparency."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _by_bands(image, partial(_grey_between, *_range(image)))
    if image.has_transparency_data:
        return _by_bands(image, _over_white)
    return image.convert("RGB")


def _by_bands(image: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Return what all bands of the image become: a large one takes much memory on its way."""
    rows = max(1, _BAND_PIXELS // image.width)
    if rows >= image.height:
        return convert(image)
    whole = Image.new("RGB", image.size)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        whole.paste(convert(image.crop((0, top, image.width, bottom))), (0, top))
    return whole


def _over_white(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def thumbnail(image: Image.Image, side: int = THUMBNAIL_SIDE) -> bytes:
    """Return the RGB image as a small JPEG file, its longer side at most `side` pixels."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.BICUBIC)
    content = io.BytesIO()
    small.save(content, "JPEG", quality=80)
    return content.getvalue()


def _range(image: Image.Image) -> tuple[float, float]:
    """The full range of 16-bit grey; of other depths, that of the values that occur."""
    values = np.asarray(image)
    found = float(np.fmin.reduce(values, None)), float(np.fmax.reduce(values, None))
    low, high = 0.0, 65535.0
    return found if image.mode == "F" or found[0] < low or found[1] > high else (low, high)


def _grey_between(low: float, high: float, image: Image.Image) -> Image.Image:
    values = np.asarray(image, dtype=np.float64)
    with np.errstate(all="ignore"):
        grey = np.nan_to_num((values - low) / (high - low or 1.0) * 255)
    return Image.fromarray(grey.round().clip(0, 255).astype(np.uint8)).convert("RGB")


def _reason(content: bytes, error: Exception) -> str:
    if not content:
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        return "not an image of a known format (JPEG, PNG, WebP, GIF, BMP, TIFF)"
    return " ".join(f"broken image: {error}".split())


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
