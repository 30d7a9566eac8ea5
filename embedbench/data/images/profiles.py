"""Colour profiles: pictures of other colour spaces become sRGB."""

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

__all__ = ["through_profile"]

_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
"""The colour space that the profile of a picture must have, by its mode."""

_LEVELS = 3
"""A profile that changes no colour by more than this many levels is taken for sRGB."""

_MOST_BYTES = 10 * 2**20


def through_profile(image: Image.Image, profile: object) -> Image.Image:
    """Return a picture in sRGB by its profile.

    A picture without a profile, with one that cannot be used, or with one that is sRGB up to
    rounding is returned as it is, in its own mode.

    Args:
        image: a picture.
        profile: its ICC profile, as bytes; what is no bytes is no profile.
    """
    if not isinstance(profile, bytes) or image.mode not in _SPACES:
        return image
    if not 128 < len(profile) <= _MOST_BYTES:
        return image
    transform = _transform(profile, image.mode)
    if transform is None:
        return image
    converted = ImageCms.applyTransform(image, transform)
    return image if converted is None else converted


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the transform of a mode to sRGB; None if the profile changes nothing, or is unfit."""
    try:
        own: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if own.profile.xcolor_space.strip() != _SPACES[mode]:
            return None
        transform = ImageCms.buildTransform(own, _srgb(), mode, "RGB")
        colours = _colours(mode)
        changed = np.asarray(ImageCms.applyTransform(colours, transform), dtype=int)
    except Exception:  # littlecms raises nearly anything on broken profiles
        return None
    unchanged = np.asarray(colours.convert("RGB"), dtype=int)
    is_srgb = mode != "CMYK" and np.abs(changed - unchanged).max() <= _LEVELS
    return None if is_srgb else transform


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _colours(mode: str) -> Image.Image:
    """Return a picture of colours from all over a mode."""
    bands = len(mode) if mode != "L" else 1
    levels = np.linspace(0, 255, 256 if mode == "L" else 9 if mode == "RGB" else 5)
    grid = np.stack(np.meshgrid(*[levels.round().astype(np.uint8)] * bands), axis=-1)
    pixels = grid.reshape(1, -1, bands) if bands > 1 else grid.reshape(1, -1)
    return Image.frombytes(mode, (pixels.shape[1], 1), pixels.tobytes())
