"""Images that are pixels in memory: arrays and PIL images, as PNG files without loss."""

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from embedbench.data.images.decoding import to_rgb
from embedbench.data.images.sources import PackedImage
from embedbench.errors import ImageError, InputError

__all__ = ["PixelImage", "check_pixels", "check_stack", "png_of"]

_CHANNELS = (1, 3, 4)


@dataclass(frozen=True, eq=False)
class PixelImage(PackedImage):
    """An image in memory, which becomes a PNG file when it is read.

    Attributes:
        pixels: a PIL image, or an array of uint8: height and width, and 1, 3 or 4 channels.
    """

    pixels: Any = field(repr=False)

    def read(self, most: int) -> bytes:
        """Return the bytes of the PNG file, as in `PackedImage`."""
        try:
            return png_of(self.pixels)[:most]
        except Exception as error:  # a PIL image may be closed, or be a broken file
            raise ImageError(f"cannot be read: {' '.join(str(error).split())}") from error


def png_of(pixels: Any) -> bytes:
    """Return a PNG file with the pixels of an array or a PIL image.

    A PIL image is turned as its EXIF data says, and becomes RGB as its file would.
    """
    if isinstance(pixels, np.ndarray):
        flat = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
        image = Image.fromarray(np.ascontiguousarray(flat))
    else:
        image = to_rgb(ImageOps.exif_transpose(pixels))
    content = io.BytesIO()
    image.save(content, "PNG", compress_level=1)
    return content.getvalue()


def check_pixels(pixels: Any, name: str) -> None:
    """Raise InputError if an array is no image of uint8 with its channels last."""
    _check(pixels, name, "", "(1, 2, 0)")


def check_stack(pixels: Any, name: str) -> None:
    """Raise InputError if an array is no stack of images of uint8 with their channels last."""
    _check(pixels, name, "images x ", "(0, 2, 3, 1)")


def _check(pixels: Any, name: str, stacked: str, channels_last: str) -> None:
    """Raise InputError if an array is no image, or no stack of images.

    Args:
        pixels: the array.
        name: what it is called in messages.
        stacked: what comes before height and width in its shape; "" for one image.
        channels_last: the order of axes that puts channels last where they come first.
    """
    axes = pixels.shape[1:] if stacked else pixels.shape  # of one image
    fits = len(axes) == 2 or (len(axes) == 3 and axes[2] in _CHANNELS)
    if not fits or not pixels.size:
        hint = ""
        if len(axes) == 3 and axes[0] in _CHANNELS:
            hint = f": its channels come first, array.transpose{channels_last} puts them last"
        raise InputError(
            f"{name} must be an array of {stacked}height x width x channels (1, 3 or 4); not of "
            f"{'x'.join(map(str, pixels.shape))}{hint}"
        )
    if pixels.dtype != np.uint8:
        raise InputError(f"{name} must be of uint8, from 0 to 255; not of {pixels.dtype}")
