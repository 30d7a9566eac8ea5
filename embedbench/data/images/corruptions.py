"""Corruptions: what spoils pictures, in five severities; and the text that asks for them.

Constants are those of ImageNet-C (Hendrycks, Dietterich 2019, arXiv 1903.12261) where it has the
kind. They are meant for pictures whose shorter side is 224 pixels, about what encoders see: in
larger ones everything that is measured in pixels grows along, so that a large photograph is
changed as much as a small one. Occlusion, rotation, greyscale are our own.
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
"""These change what the encoder made, not the images."""

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
        """What the tables and the store call it, such as `noise:3`."""
        return f"{self.kind}:{self.severity}"


def read_corruptions(texts: Sequence[str]) -> tuple[Corruption, ...]:
    """Return the corruptions that texts of the form `KIND[,KIND ...][:SEVERITIES]` ask for.

    `all` is every kind that changes images. SEVERITIES are a number, a range such as `1..3` or
    numbers such as `1,3,5`; without any they are all five. Each corruption is there once, in the
    order in which the kinds were named, the severities rising.

    Raises:
        InputError: there is no such kind, or a severity is not from 1 to 5.
    """
    found: dict[str, set[int]] = {}
    for text in texts:
        names, colon, severities = text.partition(":")
        wanted = _severities(text, severities) if colon else set(SEVERITIES)
        for name in (part.strip() for part in names.split(",")):
            for kind in CORRUPTIONS if name == "all" else [name]:
                if kind not in CORRUPTIONS and kind not in VECTOR_KINDS:
                    known = ", ".join(["all", *CORRUPTIONS, *VECTOR_KINDS])
                    raise InputError(f"unknown corruption '{kind}'; corruptions: {known}")
                found.setdefault(kind, set()).update(wanted)
    return tuple(
        Corruption(kind, level) for kind, levels in found.items() for level in sorted(levels)
    )


def _severities(text: str, severities: str) -> set[int]:
    """Return the numbers in `3`, `1..5` or `1,3,5`."""
    form = re.compile(r"\s*([1-5])\s*(?:\.\.\s*([1-5])\s*)?")
    found: set[int] = set()
    for part in severities.split(","):
        match = form.fullmatch(part)
        levels = match and range(int(match[1]), int(match[2] or match[1]) + 1)
        if not levels:
            raise InputError(
                f"in '{text}', the severities must be from 1 to 5, such as 3, 1..5 or 1,3,5; "
                f"not '{severities}'"
            )
        found |= set(levels)
    return found


def _noise(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """Gaussian noise in every channel, its deviation 8 to 38 % of the full range."""
    from skimage.util import random_noise  # takes a while to import

    deviation = (0.08, 0.12, 0.18, 0.26, 0.38)[severity - 1]

    def noisy(small: Image.Image) -> Image.Image:
        values = random_noise(np.asarray(small), "gaussian", random, var=deviation**2)  # type: ignore[no-untyped-call]
        return Image.fromarray((255 * values).round().astype(np.uint8))

    return _as_if_small(image, noisy)


def _blur(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """Gaussian blur, its deviation 1 to 6 pixels."""
    radius = (1, 2, 3, 4, 6)[severity - 1] * min(image.size) / _SIDE
    return image.filter(ImageFilter.GaussianBlur(radius))


def _jpeg(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """What a JPEG of quality 25 to 7 leaves."""
    quality = (25, 18, 15, 10, 7)[severity - 1]

    def compressed(small: Image.Image) -> Image.Image:
        content = io.BytesIO()
        small.save(content, "JPEG", quality=quality)
        return open_rgb(content.getvalue())

    return _as_if_small(image, compressed)


def _contrast(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """40 to 5 % of the contrast, around the mean colour."""
    share = (0.4, 0.3, 0.2, 0.1, 0.05)[severity - 1]
    bands = [
        band.point([round(mean + share * (value - mean)) for value in range(256)])
        for band, mean in zip(image.split(), ImageStat.Stat(image).mean, strict=True)
    ]
    return Image.merge("RGB", bands)


def _brightness(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """Brighter by 10 to 50 % of the full range: the value of HSV, hue and saturation kept."""
    more = round(255 * (0.1, 0.2, 0.3, 0.4, 0.5)[severity - 1])
    hue, saturation, value = image.convert("HSV").split()
    brighter = value.point([min(255, level + more) for level in range(256)])
    return Image.merge("HSV", (hue, saturation, brighter)).convert("RGB")


def _occlusion(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """A grey rectangle, anywhere inside, hides 10 to 50 % of the area."""
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
    """Turned by 10, 20, 40, 60 or 90 degrees either way; mirror images fill the corners."""
    from skimage.transform import rotate  # takes a while to import

    angle = (10, 20, 40, 60, 90)[severity - 1] * int(random.choice([-1, 1]))
    bands = []
    for band in image.split():  # one after the other, for the memory
        pixels = np.asarray(band, dtype=np.float32)
        turned = rotate(pixels, angle, mode="symmetric", preserve_range=True)  # type: ignore[no-untyped-call]
        bands.append(Image.fromarray(turned.round().clip(0, 255).astype(np.uint8)))
    return Image.merge("RGB", bands)


def _greyscale(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """20 to 100 % of the colour is taken."""
    return ImageEnhance.Color(image).enhance(1 - severity / 5)


def _low_resolution(image: Image.Image, severity: int, random: np.random.Generator) -> Image.Image:
    """60 to 25 % of the resolution, as enlarged again by an encoder."""
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
"""Each by its kind: from an RGB image, a severity from 1 to 5 and random draws to another RGB
image of the same size."""


def _as_if_small(image: Image.Image, corrupt: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Return the image with what corrupting a small copy of it adds to each pixel of the copy.

    So grains and blocks are as large for the picture as they are at a shorter side of 224
    pixels, and detail finer than that is left alone. Smaller images are corrupted as they are.
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
