"""Pixels as a file stores them, of any depth, and how a data set's are drawn in 8 bits."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Num, Shaped, UInt8
from PIL import Image

from embedbench.data.images.orientation import TURNS
from embedbench.data.images.profiles import through_profile
from embedbench.errors import ImageError

__all__ = ["Kind", "Limits", "MOST_PIXELS", "Raster", "Rendering", "check_size", "draw"]

MOST_PIXELS = 178_956_970
"""Maximum number of pixels of an image; Pillow's limit, but other libraries cannot change it."""

_MOST_BYTES = 3 * 10**9
_BAND_PIXELS = 1 << 20
_SHALLOW = 255
"""Depths whose largest value is at most this are known; they are never inferred or changed."""

Kind = Literal["unsigned", "signed", "float"]
"""Kinds of values; each has its own limits in a data set."""

Limits = tuple[float | int, float | int]
"""The values drawn black and white."""

Values = Num[np.ndarray, "height width bands"] | Bool[np.ndarray, "height width bands"]


@dataclass(frozen=True)
class Rendering:
    """How the images of a data set that are not stored as 8-bit RGB are drawn.

    Attributes:
        unsigned: limits of unsigned integers deeper than 8 bits; None for their full range.
        signed: limits of signed integers; None for their full range.
        floating: limits of other numbers; None for 0 to 1.
        told: kinds whose limits were asked for, which also hold where a file states its own.
        whole: kinds whose limits must hold all values of an image, as they are those of a depth
            that was inferred.
        bands: bands to draw, one or three, counted from 1; nothing for the usual ones.
        plane: plane of a stack, counted from 1.
    """

    unsigned: Limits | None = None
    signed: Limits | None = None
    floating: Limits | None = None
    told: tuple[Kind, ...] = ()
    whole: tuple[Kind, ...] = ()
    bands: tuple[int, ...] = ()
    plane: int = 1


@dataclass(frozen=True, eq=False)
class Raster:
    """The pixels of an image as its file stores them.

    Attributes:
        values: of the bands to draw: one, three, or four of CMYK.
        alpha: opacity, if there is one.
        missing: where a value is none, if that is known; values that are not finite are none, too.
        limits: those that the file itself states.
        inverted: whether low values are bright.
        associated: whether the values are already multiplied with the opacity.
        mode: mode of Pillow that the drawn bands have: `L`, `RGB`, `CMYK`, `LAB` or `YCbCr`.
        profile: ICC profile.
        orientation: EXIF orientation, 1 to 8.
    """

    values: Values
    alpha: Num[np.ndarray, "height width"] | None = None
    missing: Bool[np.ndarray, "height width bands"] | None = None
    limits: Limits | None = None
    inverted: bool = False
    associated: bool = False
    mode: str = "RGB"
    profile: bytes | None = None
    orientation: int = 1

    @property
    def kind(self) -> Kind:
        """The kind of the values."""
        if self.values.dtype.kind in "ub":
            return "unsigned"
        return "signed" if self.values.dtype.kind == "i" else "float"

    @property
    def is_shallow(self) -> bool:
        """Whether the depth is known to be at most 8 bits."""
        if self.values.dtype in (np.uint8, np.bool_):
            return True
        return self.kind == "unsigned" and self.limits is not None and self.limits[1] <= _SHALLOW

    @property
    def is_drawn_by_itself(self) -> bool:
        """Whether the file states how it is drawn, unless it is asked otherwise."""
        return self.is_shallow or self.limits is not None

    def present(self) -> Shaped[np.ndarray, " values"]:
        """Return the values that are some: finite, and not marked as missing."""
        wanted = np.isfinite(self.values)
        if self.missing is not None:
            wanted &= ~self.missing
        return self.values[wanted]


def check_size(height: int, width: int, size: int = 0) -> None:
    """Raise ImageError if an image has too many pixels, or needs too many bytes.

    Args:
        height: in pixels.
        width: in pixels.
        size: what must be decoded for it, in bytes.
    """
    if height * width > MOST_PIXELS:
        raise ImageError(f"too many pixels, more than {MOST_PIXELS:,}: {width} x {height}")
    if height * width == 0:
        raise ImageError("broken image: it has no pixels")
    if size > _MOST_BYTES:
        raise ImageError("too large for the memory")


def draw(raster: Raster, rendering: Rendering) -> Image.Image:
    """Draw an image in 8-bit RGB: upright, in sRGB, over white where it is transparent.

    Missing values are drawn black.

    Args:
        raster: the image.
        rendering: limits of the data set.

    Raises:
        ImageError: a value is beyond the depth that was inferred for the data set.
    """
    limits = _limits_of(raster, rendering)
    height, width, bands = raster.values.shape
    pixels = np.empty((height, width, bands), dtype=np.uint8)
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        part = slice(top, top + rows)
        pixels[part] = _drawn(raster, part, limits)
    image = _coloured(pixels, raster)
    if raster.alpha is not None:
        image = _over_white(image, raster, limits)
    turn = TURNS.get(raster.orientation)
    return image if turn is None else image.transpose(turn)


def _limits_of(raster: Raster, rendering: Rendering) -> Limits:
    """Return the limits by which an image is drawn."""
    dtype, kind = raster.values.dtype, raster.kind
    if raster.is_shallow:
        return raster.limits or (0, 1 if dtype == np.bool_ else _SHALLOW)
    limits = {
        "unsigned": rendering.unsigned, "signed": rendering.signed, "float": rendering.floating
    }[kind]  # fmt: skip
    if raster.limits is not None and kind not in rendering.told:
        return raster.limits
    if limits is not None:
        if kind in rendering.whole and (found := _beyond(raster, limits)) is not None:
            raise ImageError(
                f"has the value {found:,}, which is not within the {limits[0]:,} to "
                f"{limits[1]:,} that were found for the data set; say a depth or a range"
            )
        return limits
    if kind == "float":
        return 0, 1
    whole = np.iinfo(dtype)
    return int(whole.min), int(whole.max)


def _beyond(raster: Raster, limits: Limits) -> int | None:
    """Return a value beyond the limits; None if there is none."""
    present = raster.present()
    if not present.size:
        return None
    low, high = present.min(), present.max()
    return int(high) if high > limits[1] else int(low) if low < limits[0] else None


def _drawn(raster: Raster, part: slice, limits: Limits) -> UInt8[np.ndarray, "rows width bands"]:
    """Return rows of an image in 8 bits, black where values are missing."""
    values = raster.values[part]
    if values.dtype == np.uint8 and limits == (0, _SHALLOW):
        pixels = 255 - values if raster.inverted else values.copy()
    else:
        low, high = limits
        with np.errstate(all="ignore"):
            scaled = (values.astype(np.float64) - low) * (255 / ((high - low) or 1))
        pixels = np.nan_to_num(scaled.clip(0, 255)).round().astype(np.uint8)
        if raster.inverted:
            pixels = 255 - pixels
        if raster.kind == "float":
            pixels[~np.isfinite(values)] = 0
    if raster.missing is not None:
        pixels[raster.missing[part]] = 0
    return pixels


def _coloured(pixels: UInt8[np.ndarray, "height width bands"], raster: Raster) -> Image.Image:
    """Return 8-bit bands of any mode as RGB, by their profile."""
    height, width, bands = pixels.shape
    mode = "L" if bands == 1 else raster.mode
    image = Image.frombytes(mode, (width, height), np.ascontiguousarray(pixels).tobytes())
    return through_profile(image, raster.profile).convert("RGB")


def _over_white(image: Image.Image, raster: Raster, limits: Limits) -> Image.Image:
    """Return an RGB image over white, by its opacity."""
    assert raster.alpha is not None
    opaque = _opaque(raster.alpha, limits)
    pixels = np.array(image)
    rows = max(1, _BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        part = slice(top, top + rows)
        share = (np.nan_to_num(raster.alpha[part].astype(np.float64)) / opaque).clip(0, 1)
        share = share[..., None]
        colour = pixels[part] * (1 if raster.associated else share)
        pixels[part] = (colour + 255 * (1 - share)).round().clip(0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def _opaque(alpha: Num[np.ndarray, "height width"], limits: Limits) -> float:
    """Return the value of full opacity: that of the colours, or that of the type."""
    if alpha.dtype.kind == "f":
        most = float(np.nanmax(alpha, initial=0))
        return 1.0 if most <= 1 else 255.0 if most <= 255 else 65_535.0
    full = float(np.iinfo(alpha.dtype).max)
    return float(limits[1]) if 1 < limits[1] < full and alpha.max() <= limits[1] else full
