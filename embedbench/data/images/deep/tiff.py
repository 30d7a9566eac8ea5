"""TIFF files that Pillow does not read rightly: deep, planar, of many bands, stacks."""

import io
import math
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Any

import numpy as np
from jaxtyping import Shaped

from embedbench.data.images.deep.raster import Limits, Raster, Rendering, check_size
from embedbench.data.images.deep.tiff_stack import COLOURS, NO_DATA, Photometric, Stack, open_tiff
from embedbench.errors import ImageError

__all__ = ["TiffHeader", "choose_bands", "read_tiff", "tiff_header"]

_PLAIN = {
    (Photometric.WHITE_IS_ZERO, 1, 1),
    (Photometric.BLACK_IS_ZERO, 1, 1),
    (Photometric.WHITE_IS_ZERO, 1, 8),
    (Photometric.BLACK_IS_ZERO, 1, 8),
    (Photometric.RGB, 3, 8),
    (Photometric.PALETTE, 1, 8),
    (Photometric.CMYK, 4, 8),
}
"""Photometric interpretation, samples and bits that Pillow reads rightly."""

_PLAIN_COMPRESSIONS = (1, 2, 3, 4, 5, 7, 8, 32773, 32946)
_JPEG = (6, 7, 33007, 34892)
_TO_RGB = (*_JPEG, 34712, 50001, 50002, 52546)
"""Compressions whose decoders return RGB for YCbCr."""

_ORIENTATION = 274


@dataclass(frozen=True)
class TiffHeader:
    """What the header of a TIFF file says.

    Attributes:
        is_plain: whether Pillow reads its first plane rightly.
        planes: number of planes of the stack; 1 for a single image.
        bands: number of bands, without opacity; 0 for colours by a palette.
    """

    is_plain: bool
    planes: int
    bands: int


def tiff_header(file: BufferedIOBase) -> TiffHeader:
    """Return what the header of a TIFF file says.

    Raises:
        Exception: nearly any, if the file is broken.
    """
    with open_tiff(file) as opened:
        stack = Stack.of(opened)
        bands = 0 if stack.photometric == Photometric.PALETTE else len(stack.colours)
        return TiffHeader(_is_plain(stack), stack.planes, bands)


def read_tiff(content: bytes, rendering: Rendering) -> Raster | None:
    """Return the pixels of a TIFF file; None if Pillow reads them rightly.

    Args:
        content: bytes of the file.
        rendering: the bands and the plane to read.

    Raises:
        ImageError: there is no such band or plane, or the file is too large.
        Exception: nearly any other, if the file is broken.
    """
    with open_tiff(io.BytesIO(content)) as file:
        stack = Stack.of(file)
        if rendering.plane == 1 and not rendering.bands and _is_plain(stack):
            return None
        if rendering.plane > stack.planes and stack.planes > 1:
            raise ImageError(f"has {stack.planes} planes; there is no plane {rendering.plane}")
        page = stack.page
        check_size(page.imagelength, page.imagewidth, page.nbytes)
        plane = rendering.plane - 1 if stack.planes > 1 else 0
        return _raster(stack, stack.read(plane, len(content)), rendering.bands)


def choose_bands(bands: tuple[int, ...], samples: int, usual: tuple[int, ...]) -> tuple[int, ...]:
    """Return the positions of the bands to draw, from 0.

    Args:
        bands: numbers of the bands that were asked for, from 1; nothing for the usual ones.
        samples: number of bands that there are.
        usual: positions of the usual ones.

    Raises:
        ImageError: there is no such band.
    """
    if not bands:
        return usual
    if max(bands) > samples:
        raise ImageError(f"has {samples} bands; there is no band {max(bands)}")
    return tuple(number - 1 for number in bands)


def _is_plain(stack: Stack) -> bool:
    """Return whether Pillow reads the first plane rightly."""
    page = stack.page
    form = (stack.photometric, page.samplesperpixel, stack.bits)
    is_jpeg_ycbcr = form == (Photometric.YCBCR, 3, 8) and page.compression == 7
    return (
        page.index == 0
        and (form in _PLAIN or is_jpeg_ycbcr)
        and not page.extrasamples
        and int(page.sampleformat or 1) == 1
        and (page.samplesperpixel == 1 or int(page.planarconfig) == 1)
        and int(page.compression) in _PLAIN_COMPRESSIONS
        and stack.channels == 1
        and page.imagedepth == 1
        and NO_DATA not in page.tags
        and not stack.is_big  # Pillow reads those of one order of bytes alone
    )


def _raster(
    stack: Stack, samples: Shaped[np.ndarray, "height width samples"], bands: tuple[int, ...]
) -> Raster:
    """Return the pixels of a plane as they are to be drawn."""
    page, photometric = stack.page, stack.photometric
    if photometric not in COLOURS:
        kind = getattr(page.photometric, "name", page.photometric)
        raise ImageError(f"pixels of the kind {kind} cannot be read")
    if samples.dtype.kind == "c":
        raise ImageError("complex numbers cannot be drawn")
    chosen = choose_bands(bands, stack.samples, stack.usual)
    values = samples[..., list(chosen)]
    mode, limits = "RGB", _stated_limits(stack)
    if photometric == Photometric.PALETTE and not bands:
        values, limits = _by_palette(values[..., 0], page.colormap), None
    elif not bands:
        values, mode = _colours_of(values, stack)
    orientation = page.tags.get(_ORIENTATION)
    alpha = None if stack.alpha is None else samples[..., stack.alpha]
    return Raster(
        values=values,
        alpha=alpha,
        missing=_missing(values, page) if photometric != Photometric.PALETTE else None,
        limits=limits,
        inverted=photometric == Photometric.WHITE_IS_ZERO,
        associated=stack.is_associated,
        mode=mode,
        profile=page.iccprofile,
        orientation=int(orientation.value) if orientation else 1,
    )


def _stated_limits(stack: Stack) -> Limits | None:
    """Return the limits of a number of bits that only pictures of this depth have."""
    bits = stack.bits
    if not isinstance(bits, int) or int(stack.page.sampleformat or 1) != 1:
        return None
    return None if bits in (8, 16, 32, 64) else (0, 2**bits - 1)


def _by_palette(
    numbers: Shaped[np.ndarray, "height width"], palette: Any
) -> Shaped[np.ndarray, "height width bands"]:
    """Return the colours of a palette, which has 16 bits, or 8 by a common mistake."""
    colours = np.asarray(palette)
    colours = (colours if colours.max() < 256 else colours >> 8).astype(np.uint8)
    return colours.T[np.asarray(numbers, dtype=np.int64)]


def _colours_of(
    values: Shaped[np.ndarray, "height width bands"], stack: Stack
) -> tuple[Shaped[np.ndarray, "height width bands"], str]:
    """Return colours of any space as Pillow has them, and its name of the space."""
    photometric = stack.photometric
    if photometric == Photometric.CMYK and values.shape[-1] == 4:
        return values, "CMYK"
    if photometric == Photometric.YCBCR and int(stack.page.compression) not in _TO_RGB:
        return values, "YCbCr"
    if photometric in (Photometric.LAB, Photometric.ICC_LAB) and values.shape[-1] == 3:
        if values.dtype == np.uint16:  # the second kind has 100 % at 0xFF00
            most = 65535 if photometric == Photometric.LAB else 65280
            light = (values[..., :1] * (255 / most)).clip(0, 255).round()
            values = np.concatenate([light, values[..., 1:] >> 8], axis=-1).astype(np.uint8)
        elif values.dtype != np.uint8:
            raise ImageError(f"Lab colours of the type {values.dtype} cannot be drawn")
        if photometric == Photometric.LAB:  # signed, whatever the type says
            values = values ^ np.array([0, 128, 128], dtype=np.uint8)
        return values, "LAB"
    return values, "RGB"


def _missing(values: Shaped[np.ndarray, "height width bands"], page: Any) -> Any:
    """Return where values are missing by the tag of GDAL; None if it is not there.

    Of unsigned integers, a pixel is missing if all its bands are: the number may be a colour.
    """
    tag = page.tags.get(NO_DATA)
    try:
        number = float(str(tag.value).strip("\0 ")) if tag else math.nan
    except ValueError:
        return None
    if math.isnan(number):
        return None
    with np.errstate(all="ignore"):
        as_stored = np.array(number).astype(values.dtype) if values.dtype.kind == "f" else number
        same = values == as_stored
    if values.dtype.kind == "u":
        same = np.broadcast_to(same.all(axis=-1, keepdims=True), same.shape).copy()
    return np.asarray(same)
