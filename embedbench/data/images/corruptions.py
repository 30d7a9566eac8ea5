"""Corruptions of images in five severities, and the parser of their names.

Constants are those of ImageNet-C (Hendrycks, Dietterich 2019, arXiv 1903.12261) if it has the
kind. They are meant for pictures whose shorter side is 224 pixels, about the input size of
encoders. For larger pictures, lengths in pixels are scaled, so that a large photograph is changed
as much as a small one. Occlusion, rotation and greyscale are our own.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageStat

from embedbench.data.images.decoding import JPEG_SIDE, open_rgb
from embedbench.errors import InputError

__all__ = ["CORRUPTIONS", "Corruption", "SEVERITIES", "VECTOR_KINDS", "read_corruptions"]

SEVERITIES = (1, 2, 3, 4, 5)

VECTOR_KINDS = ("plane-noise", "vector-noise")
"""Kinds that corrupt vectors, not images."""

_SIDE = 224
"""The shorter side, in pixels, for which the constants are meant."""

_GREY = (128, 128, 128)

_Corrupt = Callable[[Image.Image, int, np.random.Generator], Image.Image]


@dataclass(frozen=True, order=True)
class Corruption:
    """A kind of corruption at a severity from 1 to 5."""

    kind: str
    severity: int

    @property
    def name(self) -> str:
        """Its name in tables and in the store, such as `noise:3`."""
        return f"{self.kind}:{self.severity}"


def read_corruptions(texts: Sequence[str]) -> tuple[Corruption, ...]:
    """Parse texts of the form `KIND[,KIND ...][:SEVERITIES]`.

    `all` is every kind that corrupts images. SEVERITIES are a number, a range such as `1..3` or
    numbers such as `1,3,5`; the default is all five. Corruptions are returned without repeats, in
    the order of the kinds in the texts and in ascending severity.

    Raises:
        InputError: a kind is unknown, or a severity is not from 1 to 5.
    """
    severities_of: dict[str, set[int]] = {}
    for text in texts:
        names, colon, severities = text.partition(":")
        wanted = _severities(text, severities) if colon else set(SEVERITIES)
        for name in (part.strip() for part in names.split(",")):
            for kind in CORRUPTIONS if name == "all" else [name]:
                if kind not in CORRUPTIONS and kind not in VECTOR_KINDS:
                    kinds = ", ".join(["all", *CORRUPTIONS, *VECTOR_KINDS])
                    raise InputError(f"unknown corruption '{kind}'; corruptions: {kinds}")
                severities_of.setdefault(kind, set()).update(wanted)
    return tuple(
        Corruption(kind, level)
        for kind, levels in severities_of.items()
        for level in sorted(levels)
    )


def _severities(text: str, severities: str) -> set[int]:
    """Parse severities such as `3`, `1..5` or `1,3,5`."""
    form = re.compile(r"\s*([1-5])\s*(?:\.\.\s*([1-5])\s*)?")
    numbers: set[int] = set()
    for part in severities.split(","):
        match = form.fullmatch(part)
        levels = match and range(int(match[1]), int(match[2] or match[1]) + 1)
        if not levels:
            raise InputError(
                f"in '{text}', the severities must be from 1 to 5, such as 3, 1..5 or 1,3,5; "
                f"not '{severities}'"
            )
        numbers |= set(levels)
    return numbers


def _noise(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """Add Gaussian noise to every channel, with a deviation of 8 to 38 % of the full range."""
    from skimage.util import random_noise  # slow to import

    deviation = (0.08, 0.12, 0.18, 0.26, 0.38)[severity - 1]

    def noisy(small: Image.Image) -> Image.Image:
        values = random_noise(np.asarray(small), "gaussian", random, var=deviation**2)  # type: ignore[no-untyped-call]
        return Image.fromarray((255 * values).round().astype(np.uint8))

    return _as_if_small(image, noisy)


def _blur(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """Apply a Gaussian blur with a deviation of 1 to 6 pixels."""
    radius = (1, 2, 3, 4, 6)[severity - 1] * min(image.size) / _SIDE
    return image.filter(ImageFilter.GaussianBlur(radius))


def _jpeg(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """Compress as JPEG of quality 25 to 7."""
    quality = (25, 18, 15, 10, 7)[severity - 1]

    def compressed(small: Image.Image) -> Image.Image:
        content = io.BytesIO()
        small.save(content, "JPEG", quality=quality)
        return open_rgb(content.getvalue())

    return _as_if_small(image, compressed)


def _contrast(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """Reduce the contrast to 40 to 5 %, around the mean colour."""
    share = (0.4, 0.3, 0.2, 0.1, 0.05)[severity - 1]
    bands = [
        band.point([round(mean + share * (value - mean)) for value in range(256)])
        for band, mean in zip(image.split(), ImageStat.Stat(image).mean, strict=True)
    ]
    return Image.merge("RGB", bands)


def _brightness(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """Raise the value in HSV by 10 to 50 % of the full range; keep hue and saturation."""
    more = round(255 * (0.1, 0.2, 0.3, 0.4, 0.5)[severity - 1])
    hue, saturation, value = image.convert("HSV").split()
    brighter = value.point([min(255, level + more) for level in range(256)])
    return Image.merge("HSV", (hue, saturation, brighter)).convert("RGB")


def _occlusion(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """Hide 10 to 50 % of the area behind a grey rectangle at a random position."""
    share = severity / 10
    shape = 2 ** random.uniform(-0.5, 0.5)  # so that half of the area still fits
    width = max(1, round(image.width * np.sqrt(share) * shape))
    height = max(1, round(image.height * np.sqrt(share) / shape))
    left = int(random.integers(image.width - width + 1))
    top = int(random.integers(image.height - height + 1))
    hidden = image.copy()
    box = (left, top, left + width - 1, top + height - 1)
    ImageDraw.Draw(hidden).rectangle(box, fill=_GREY)
    return hidden


def _rotation(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """Rotate by 10, 20, 40, 60 or 90 degrees either way; mirrored pixels fill the corners."""
    from skimage.transform import rotate  # slow to import

    angle = (10, 20, 40, 60, 90)[severity - 1] * int(random.choice([-1, 1]))
    bands = []
    for band in image.split():  # one by one, to save memory
        pixels = np.asarray(band, dtype=np.float32)
        turned = rotate(pixels, angle, mode="symmetric", preserve_range=True)  # type: ignore[no-untyped-call]
        bands.append(Image.fromarray(turned.round().clip(0, 255).astype(np.uint8)))
    return Image.merge("RGB", bands)


def _greyscale(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """Remove 20 to 100 % of the colour."""
    return ImageEnhance.Color(image).enhance(1 - severity / 5)


def _low_resolution(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """Reduce the resolution to 60 to 25 %, and enlarge to the original size."""
    share = (0.6, 0.5, 0.4, 0.3, 0.25)[severity - 1]
    small = _smaller(image, share * min(1.0, _SIDE / min(image.size)), Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.BICUBIC)


CORRUPTIONS: dict[str, _Corrupt] = {
    "noise": _noise,
    "blur": _blur,
    "jpeg": _jpeg,
    "contrast": _contrast,
    "brightness": _brightness,
    "occlusion": _occlusion,
    "rotation": _rotation,
    "greyscale": _greyscale,
    "low-resolution": _low_resolution,
}
"""Corruptions of images by kind: functions of an RGB image, a severity from 1 to 5 and a random
generator that return an RGB image of the same size."""


def _as_if_small(image: Image.Image, corrupt: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Corrupt a small version of the image, and add the difference to the full image.

    So grains and blocks have the relative size that they have at a shorter side of 224 pixels,
    and finer detail is kept. Smaller images are corrupted directly.
    """
    share = min(1.0, _SIDE / min(image.size), JPEG_SIDE / max(image.size))
    small = _smaller(image, share, Image.Resampling.BOX)
    corrupted = corrupt(small)
    if small.size == image.size:
        return corrupted
    across = np.arange(image.width) * small.width // image.width
    down = np.arange(image.height) * small.height // image.height
    bands = []
    for band, before, after in zip(image.split(), small.split(), corrupted.split(), strict=True):
        added = np.asarray(after).astype(np.int16) - np.asarray(before)
        whole = np.asarray(band) + added[np.ix_(down, across)]
        bands.append(Image.fromarray(whole.clip(0, 255).astype(np.uint8)))
    return Image.merge("RGB", bands)


def _smaller(image: Image.Image, share: float, filter: Image.Resampling) -> Image.Image:
    if share == 1:
        return image
    return image.resize([max(1, round(share * side)) for side in image.size], filter)
