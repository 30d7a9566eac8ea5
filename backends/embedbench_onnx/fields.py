"""Preparation of images as the fields of the encoder say it."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from embedbench.encoder import InputError
from embedbench_onnx.inputs import ImageInput
from embedbench_onnx.processors import Processor

__all__ = ["FIELDS", "processor_of_fields"]

FIELDS = ("size", "resize", "interpolation", "mean", "std")
"""Fields of the encoder that say how images are prepared; all are needed, or none."""

_EXAMPLES = {
    "size": "size=224",
    "resize": "resize=256",
    "interpolation": "interpolation=bilinear",
    "mean": "mean=0.485;0.456;0.406",
    "std": "std=0.229;0.224;0.225",
}
_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
}


def processor_of_fields(encoder: Any, image: ImageInput) -> Processor:
    """Return what prepares an image as the encoder's fields say.

    Args:
        encoder: an OnnxEncoder.
        image: what its network takes.

    Raises:
        InputError: a field is missing, or cannot be what it is.
    """
    height, width = _size(encoder, image)
    takes_bytes = image.dtype == np.uint8
    needed = {"resize": encoder.resize, "interpolation": encoder.interpolation}
    colours = {"mean": encoder.mean, "std": encoder.std}
    if takes_bytes and (given := [field for field, text in colours.items() if text]):
        raise InputError(f"'{encoder.model}' takes bytes, which no `{given[0]}` changes; leave it")
    needed |= {} if takes_bytes else colours
    missing = [] if height and width else ["size"]
    missing += [field for field, text in needed.items() if not text]
    if missing:
        fields = ", ".join(f"`{field}`" for field in missing)
        raise InputError(
            f"how images come into '{encoder.model}' is not known: give {fields}, such as "
            f"{','.join(_EXAMPLES[field] for field in missing)}, or put the model's "
            "preprocessor_config.json, preprocess_cfg.json or config.json (timm) into "
            f"'{Path(encoder.model).parent}'"
        )
    shorter = _shorter(encoder.resize, height, width)
    if encoder.interpolation not in _FILTERS:
        raise InputError(
            f"`interpolation` must be one of {', '.join(_FILTERS)}; not '{encoder.interpolation}'"
        )
    resampling = _FILTERS[encoder.interpolation]
    mean, std = (None, None) if takes_bytes else (_colours(*one) for one in colours.items())

    def prepare(image: Image.Image) -> np.ndarray:
        pixels = np.asarray(_fitted(image, (width, height), shorter, resampling))
        if mean is not None and std is not None:
            pixels = (pixels.astype(np.float32) / 255 - mean) / std
        return pixels.transpose(2, 0, 1)

    return prepare


def _fitted(
    image: Image.Image, size: tuple[int, int], shorter: int | None, resampling: Image.Resampling
) -> Image.Image:
    """Return the image resized to the size, or its middle where the shorter side is given.

    Sizes and the middle are rounded as torchvision rounds them.
    """
    if shorter is None:
        return image.resize(size, resampling)
    short = min(image.size)
    width, height = (int(shorter * side / short) for side in image.size)
    left, top = round((width - size[0]) / 2), round((height - size[1]) / 2)
    small = image.resize((width, height), resampling)
    return small.crop((left, top, left + size[0], top + size[1]))


def _size(encoder: Any, image: ImageInput) -> tuple[int, int]:
    """Return height and width of what the network sees; 0 where they are not known."""
    asked = _sides("size", encoder.size) if encoder.size else (0, 0)
    known = (image.height or asked[0], image.width or asked[1])
    if encoder.size and known != asked:
        fixed = f"{known[0]}x{known[1]}"
        raise InputError(
            f"`size` must be {fixed}, as '{encoder.model}' has it; not '{encoder.size}'"
        )
    return known


def _sides(field: str, text: str) -> tuple[int, int]:
    """Read `224` or `HEIGHTxWIDTH`."""
    try:
        height, _, width = text.partition("x")
        sides = int(height), int(width or height)
    except ValueError:
        sides = 0, 0
    if min(sides) < 1:
        raise InputError(f"`{field}` must be a number of pixels or HEIGHTxWIDTH; not '{text}'")
    return sides


def _shorter(resize: str, height: int, width: int) -> int | None:
    """Return the shorter side before the middle is cropped; None to squash."""
    if resize == "squash":
        return None
    least = max(height, width)
    if not resize.isdecimal() or int(resize) < least:
        raise InputError(
            f"`resize` must be squash or at least {least}, which the network sees; not '{resize}'"
        )
    return int(resize)


def _colours(field: str, text: str) -> np.ndarray:
    """Read `0.5` or three numbers with semicolons between."""
    try:
        values = [float(part) for part in text.split(";")]
    except ValueError:
        values = []
    if (
        len(values) not in (1, 3)
        or not np.isfinite(values).all()
        or (field == "std" and min(values) <= 0)
    ):
        example = _EXAMPLES[field].partition("=")[2]
        raise InputError(f"`{field}` must be like {example}, from 0 to 1; not '{text}'")
    return np.array(values, np.float32)
