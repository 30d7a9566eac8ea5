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
    shape = "x".join(map(str, pixels.shape))
    fits = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in _CHANNELS)
    if not fits or not pixels.size:
        hint = ""
        if pixels.ndim == 3 and pixels.shape[0] in _CHANNELS:
            hint = ": its channels come first, array.transpose(1, 2, 0) puts them last"
        raise InputError(
            f"{name} must be an array of height x width x channels (1, 3 or 4); not of "
            f"{shape}{hint}"
        )
    _check_bytes(pixels, name)


def check_stack(pixels: Any, name: str) -> None:
    """Raise InputError if an array is no stack of images of uint8 with their channels last."""
    shape = "x".join(map(str, pixels.shape))
    fits = pixels.ndim == 3 or (pixels.ndim == 4 and pixels.shape[3] in _CHANNELS)
    if not fits or not pixels.size:
        hint = ""
        if pixels.ndim == 4 and pixels.shape[1] in _CHANNELS:
            hint = ": its channels come first, array.transpose(0, 2, 3, 1) puts them last"
        raise InputError(
            f"{name} must be an array of images x height x width x channels (1, 3 or 4); not of "
            f"{shape}{hint}"
        )
    _check_bytes(pixels, name)


def _check_bytes(pixels: Any, name: str) -> None:
    if pixels.dtype != np.uint8:
        raise InputError(f"{name} must be of uint8, from 0 to 255; not of {pixels.dtype}")
