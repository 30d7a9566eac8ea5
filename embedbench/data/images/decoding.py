"""Decode an image file to upright RGB, and make thumbnails."""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from embedbench.data.images.orientation import TURNS, orientation_of
from embedbench.errors import ImageError

__all__ = [
    "JPEG_SIDE",
    "MOST_PIXELS",
    "THUMBNAIL_SIDE",
    "open_pixels",
    "open_rgb",
    "thumbnail",
    "to_rgb",
    "upright_size",
]

_FORMATS = (
    "JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "JPEG2000", "AVIF",
)  # fmt: skip
_JPEG_START = b"\xff\xd8\xff"
THUMBNAIL_SIDE = 128

MOST_PIXELS = 178_956_970
"""Maximum number of pixels of an image; Pillow's limit, but other libraries cannot change it."""

_BAND_PIXELS = 1 << 22

JPEG_SIDE = 65_500
"""Maximum side of a JPEG file, in pixels."""


def upright_size(content: bytes) -> tuple[int, int]:
    """Return width and height of the upright image, in pixels, without decoding it.

    Raises:
        ImageError: the content is broken or not an image of a known format.
    """
    with _opened(content, _FORMATS) as image:
        return (image.height, image.width) if orientation_of(image) >= 5 else image.size


def open_rgb(content: bytes, draft: tuple[int, int] | None = None) -> Image.Image:
    """Decode an image file to an upright image in RGB mode.

    Uses the first frame of an animation, applies the EXIF orientation, puts transparent images
    over white, and scales 16-bit grey to 8 bits.

    Args:
        content: bytes of the file.
        draft: decode a JPEG at a reduced scale, not smaller than this width and height.

    Raises:
        ImageError: the content is broken or not an image of a known format.
    """
    with _opened(content, _FORMATS) as image:
        if draft:
            image.draft("RGB", draft)
        image.load()
        turn = TURNS.get(orientation_of(image))
        upright = to_rgb(image if turn is None else image.transpose(turn))
        return upright.copy() if upright is image else upright


@contextmanager
def _opened(content: bytes, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    """Open an image, reading only its header; every exception becomes an ImageError."""
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


def open_pixels(
    content: bytes, least_side: int | None = None
) -> UInt8[np.ndarray, "height width 3"]:
    """Decode an image file to an array, with the same pixels as `open_rgb`.

    A plain JPEG is decoded directly into the array, by libjpeg-turbo as in Pillow, which saves two
    copies of the pixels. Other images are decoded by Pillow.

    Args:
        content: bytes of the file.
        least_side: decode a JPEG at a reduced scale, with sides not smaller than this; None for
            full size.

    Raises:
        ImageError: the content is broken or not an image of a known format.
    """
    if (pixels := _plain_jpeg(content, least_side)) is not None:
        return pixels
    return np.array(open_rgb(content, (least_side, least_side) if least_side else None))


def _plain_jpeg(
    content: bytes, least_side: int | None
) -> UInt8[np.ndarray, "height width 3"] | None:
    """Return the pixels of an upright grey or colour JPEG; None if Pillow must decode the file."""
    if not content.startswith(_JPEG_START):
        return None
    try:
        with _opened(content, ("JPEG",)) as image:
            plain = image.format == "JPEG" and image.mode in ("L", "RGB")
            if not plain or orientation_of(image) != 1:
                return None
        side = least_side or 0
        pixels: UInt8[np.ndarray, "height width 3"] = simplejpeg.decode_jpeg(
            content, "RGB", min_height=side, min_width=side
        )
        return pixels
    except Exception:  # Pillow decodes the file again, for its error message
        return None


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert an image of any mode to RGB: grey, palette, 16-bit, CMYK or with transparency."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _by_bands(image, partial(_grey_between, *_range(image)))
    if image.has_transparency_data:
        return _by_bands(image, _over_white)
    return image.convert("RGB")


def _by_bands(image: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Convert the image in horizontal bands, as converting a large image needs much memory."""
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
    """Return a JPEG file of the RGB image, with a longer side of at most `side` pixels."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.BICUBIC)
    content = io.BytesIO()
    small.save(content, "JPEG", quality=80)
    return content.getvalue()


def _range(image: Image.Image) -> tuple[float, float]:
    """Return the full range of 16-bit grey; for other depths, the range of the values."""
    values = np.asarray(image)
    actual = float(np.fmin.reduce(values, None)), float(np.fmax.reduce(values, None))
    low, high = 0.0, 65535.0
    return actual if image.mode == "F" or actual[0] < low or actual[1] > high else (low, high)


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
