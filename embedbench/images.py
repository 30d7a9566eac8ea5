"""One image: from the bytes of a file to RGB, and to a thumbnail."""

import io
import warnings

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from embedbench.errors import ImageError

__all__ = [
    "JPEG_SIDE",
    "SUFFIXES",
    "THUMBNAIL_SIDE",
    "open_pixels",
    "open_rgb",
    "thumbnail",
    "to_rgb",
    "upright_size",
]

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF")
_JPEG_START = b"\xff\xd8\xff"
THUMBNAIL_SIDE = 128

JPEG_SIDE = 65_500
"""The longest side, in pixels, that a JPEG file can have."""


def upright_size(content: bytes) -> tuple[int, int]:
    """Return width and height in pixels of an image that `open_rgb` can open, turned upright."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
            return (image.height, image.width) if turned else image.size


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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd EXIF and of large images
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                if draft:
                    image.draft("RGB", draft)
                image.load()
                return to_rgb(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        raise ImageError(f"too many pixels: {error}") from error
    except MemoryError as error:
        raise ImageError("too large for the memory") from error
    except Exception as error:  # Pillow's decoders raise nearly anything on broken files
        raise ImageError(_reason(content, error)) from error


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
                plain = image.format == "JPEG" and image.mode in ("L", "RGB")
                if not plain or image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
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
        return _from_deep_grey(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def thumbnail(image: Image.Image, side: int = THUMBNAIL_SIDE) -> bytes:
    """Return the RGB image as a small JPEG file, its longer side at most `side` pixels."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.BICUBIC)
    content = io.BytesIO()
    small.save(content, "JPEG", quality=80)
    return content.getvalue()


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """16-bit grey is scaled from its full range; other depths from the values that occur."""
    values = np.asarray(image, dtype=np.float64)
    low, high = 0.0, 65535.0
    if image.mode == "F" or values.min() < low or values.max() > high:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
    grey = np.nan_to_num((values - low) / (high - low or 1.0) * 255)
    return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")


def _reason(content: bytes, error: Exception) -> str:
    if not content:
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        return "not an image of a known format (JPEG, PNG, WebP, GIF, BMP, TIFF)"
    return " ".join(f"broken image: {error}".split())
