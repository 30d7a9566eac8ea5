"""Decode an image file to upright RGB, and make thumbnails."""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from embedbench.data.images.deep.raster import MOST_PIXELS
from embedbench.data.images.deep.reading import plain_content
from embedbench.data.images.jpeg_end import with_end_marker
from embedbench.data.images.orientation import TURNS, orientation_of
from embedbench.data.images.profiles import through_profile
from embedbench.errors import ImageError
from embedbench.utils.formats import FORMATS, HEADER_BYTES, format_of

__all__ = [
    "JPEG_SIDE",
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

_BAND_PIXELS = 1 << 22

JPEG_SIDE = 65_500
"""Maximum side of a JPEG file, in pixels."""


def upright_size(content: bytes) -> tuple[int, int]:
    """Return width and height of the upright image, in pixels, without decoding it.

    Raises:
        ImageError: the content is broken or not an image of a known format.
    """
    content = plain_content(content)
    with _opened(content, _formats_of(content)) as image:
        return (image.height, image.width) if orientation_of(image) >= 5 else image.size


def open_rgb(content: bytes, draft: tuple[int, int] | None = None) -> Image.Image:
    """Decode an image file to an upright image in RGB mode.

    Uses the first frame of an animation, applies the EXIF orientation and the colour profile, puts
    transparent images over white, and scales deep values by their full range. A JPEG file that
    lacks its end marker alone is read.

    Args:
        content: bytes of the file.
        draft: decode a JPEG at a reduced scale, not smaller than this width and height.

    Raises:
        ImageError: the content is broken or not an image of a known format.
    """
    content = plain_content(content)
    try:
        return _decoded(content, draft)
    except ImageError:
        whole = with_end_marker(content)
        if whole is None:
            raise
        return _decoded(whole, draft)


def _decoded(content: bytes, draft: tuple[int, int] | None) -> Image.Image:
    with _opened(content, _formats_of(content)) as image:
        if draft:
            image.draft("RGB", draft)
        _correct_key(image, content)
        image.load()
        turn = TURNS.get(orientation_of(image))
        upright = to_rgb(image if turn is None else image.transpose(turn))
        return upright.copy() if upright is image else upright


def _correct_key(image: Image.Image, content: bytes) -> None:
    """Set the transparent grey of a PNG file of 2 or 4 bits, which Pillow does not scale."""
    bits, key = content[24:25], image.info.get("transparency")
    if image.format == "PNG" and image.mode == "L" and bits in (b"\2", b"\4"):
        if isinstance(key, int):
            image.info["transparency"] = key * (255 // (2 ** bits[0] - 1))


def _formats_of(content: bytes) -> tuple[str, ...]:
    """Return Pillow's names of the formats that a file may have; ImageError without its plug-in."""
    form = format_of(content[:HEADER_BYTES])
    if form is None or not form.module:
        return _FORMATS
    if not form.is_readable:
        raise ImageError(f"{form.name} needs pip install 'image-embedbench[{form.extra}]'")
    return _plug_in(form.name) or _FORMATS


@cache
def _plug_in(name: str) -> tuple[str, ...]:
    """Register the plug-in of Pillow for a format, and return Pillow's names of the format."""
    if name == "HEIF":
        import pillow_heif  # only where there are such files

        pillow_heif.register_heif_opener()
        return ("HEIF",)
    if name == "JPEG XL":
        import pillow_jxl  # noqa: F401  registers itself

        return ("JXL",)
    return ()


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
            if not plain or orientation_of(image) != 1 or not _is_srgb(image):
                return None
        side = least_side or 0
        pixels: UInt8[np.ndarray, "height width 3"] = simplejpeg.decode_jpeg(
            content, "RGB", min_height=side, min_width=side
        )
        return pixels
    except Exception:  # Pillow decodes the file again, for its error message
        return None


def _is_srgb(image: Image.Image) -> bool:
    """Return whether the profile of an image changes none of its colours."""
    profile = image.info.get("icc_profile")
    probe = Image.new(image.mode, (1, 1))
    return through_profile(probe, profile) is probe


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert an image of any mode to RGB: grey, palette, 16-bit, CMYK or with transparency.

    Colours that are not sRGB go through the profile of the image.
    """
    profile = image.info.get("icc_profile")
    if image.mode == "RGB" and "transparency" not in image.info:
        return through_profile(image, profile)
    if image.mode.startswith("I") or image.mode == "F":
        return _by_bands(image, partial(_grey_between, *_range(image)))
    if image.has_transparency_data:
        return through_profile(_by_bands(image, _over_white), profile)
    if image.mode in ("L", "CMYK"):
        return through_profile(image, profile).convert("RGB")
    return through_profile(image.convert("RGB"), profile)


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
    """Return the full range of 16-bit grey, and 0 to 1 of other numbers."""
    return (0.0, 1.0) if image.mode == "F" else (0.0, 65535.0)


def _grey_between(low: float, high: float, image: Image.Image) -> Image.Image:
    values = np.asarray(image, dtype=np.float64)
    with np.errstate(all="ignore"):
        grey = np.nan_to_num((values - low) / (high - low or 1.0) * 255)
    return Image.fromarray(grey.round().clip(0, 255).astype(np.uint8)).convert("RGB")


def _reason(content: bytes, error: Exception) -> str:
    if not content:
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        form = format_of(content[:HEADER_BYTES])
        if form is not None and form.module == "?":
            return f"a file of the format {form.name}, which is not read"
        known = ", ".join(one.name for one in FORMATS.values() if one.module != "?")
        return f"not an image of a known format ({known})"
    if "libjxl" in str(error):  # its text is for those who build the library
        return "broken image: the decoder of JPEG XL cannot read it"
    return " ".join(f"broken image: {error}".split())
