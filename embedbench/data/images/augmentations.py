"""Changed images: light changes, such as a person would call harmless, and corruptions."""

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, cos, radians, sin

import numpy as np
from PIL import Image, ImageEnhance

from embedbench.data.images.corruptions import CORRUPTIONS
from embedbench.data.images.decoding import JPEG_SIDE, open_rgb
from embedbench.data.images.sources import Source
from embedbench.errors import ImageError

__all__ = ["AUGMENTATIONS", "AugmentedImage", "choose_augmented"]

_VERSION = 2
"""Raised whenever a light change gives other pixels: the store must not mix old and new."""

_CORRUPTIONS_VERSION = 1
"""The same of corruptions, so that the one leaves what is stored of the others alone."""


@dataclass(frozen=True)
class AugmentedImage:
    """Where a changed image comes from.

    Attributes:
        source: the image as it is.
        change: one of `AUGMENTATIONS`, or the name of a corruption of images, such as `noise:3`.
        key: the hash of the image; it decides how much is changed, and which way.
    """

    source: Source
    change: str
    key: str

    @property
    def store_key(self) -> str:
        """The key under which the store holds its vectors."""
        version = _VERSION if self.change in AUGMENTATIONS else _CORRUPTIONS_VERSION
        text = f"change\0{version}\0{self.change}\0{self.key}"
        return hashlib.sha256(text.encode()).hexdigest()

    def open(self, content: bytes) -> Image.Image:
        """Return the changed image in RGB.

        Args:
            content: the file of the image as it is.

        Raises:
            ImageError: it cannot be opened, or not be changed so.
        """
        seed = hashlib.sha256(f"{self.change} {self.key}".encode()).digest()
        random = np.random.default_rng(int.from_bytes(seed[:8]))
        image = open_rgb(content)
        try:
            return self._apply(image, random)
        except (MemoryError, OSError, ValueError) as error:
            raise ImageError(f"cannot be changed ({self.change}): {error}") from error

    def _apply(self, image: Image.Image, random: np.random.Generator) -> Image.Image:
        if self.change in AUGMENTATIONS:
            return AUGMENTATIONS[self.change](image, random)
        kind, _, severity = self.change.partition(":")
        return CORRUPTIONS[kind](image, int(severity), random)


def _crop(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Keep 80 to 95 % of each side, anywhere."""
    share = random.uniform(0.80, 0.95)
    width, height = (max(1, round(share * side)) for side in image.size)
    left = int(random.integers(image.width - width + 1))
    top = int(random.integers(image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _tilt(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Turn by 3 to 8 degrees either way, and keep the middle, where nothing is missing."""
    angle = random.choice([-1, 1]) * random.uniform(3, 8)
    turned = image.rotate(angle, Image.Resampling.BICUBIC)
    wide, high = cos(radians(angle)), abs(sin(radians(angle)))
    longer, shorter = max(image.size), min(image.size)
    share = shorter / (longer * high + shorter * wide)
    left, top = (min(ceil((1 - share) / 2 * side) + 1, (side - 1) // 2) for side in image.size)
    return turned.crop((left, top, image.width - left, image.height - top))


def _light(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Darker or brighter by 20 to 35 %, with up to a quarter more or less contrast."""
    brightness = 1 + random.choice([-1, 1]) * random.uniform(0.20, 0.35)
    brighter = ImageEnhance.Brightness(image).enhance(float(brightness))
    return ImageEnhance.Contrast(brighter).enhance(random.uniform(0.75, 1.25))


def _colour(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Half the saturation or half as much again, under a warmer or colder light."""
    saturation = random.choice([random.uniform(0.4, 0.7), random.uniform(1.3, 1.7)])
    gains = random.uniform(0.9, 1.1, 3).tolist()
    bands = ImageEnhance.Color(image).enhance(float(saturation)).split()
    shifted = [
        band.point([min(255, round(gain * value)) for value in range(256)])
        for band, gain in zip(bands, gains, strict=True)
    ]
    return Image.merge("RGB", shifted)


def _soft(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Half the resolution, at most 112 pixels, and a JPEG of quality 30 to 50."""
    scale = min(0.5, 112 / min(image.size), JPEG_SIDE / max(image.size))
    small = image.resize(
        [max(1, round(scale * side)) for side in image.size], Image.Resampling.BICUBIC
    )
    content = io.BytesIO()
    small.save(content, "JPEG", quality=int(random.integers(30, 51)))
    return open_rgb(content.getvalue()).resize(image.size, Image.Resampling.BICUBIC)


AUGMENTATIONS: dict[str, Callable[[Image.Image, np.random.Generator], Image.Image]] = {
    "crop": _crop,
    "tilt": _tilt,
    "light": _light,
    "colour": _colour,
    "soft": _soft,
}
"""Each by name. There is no mirror image among them: of a digit or a sign it is another thing."""


def choose_augmented(hashes: Sequence[str], count: int) -> list[int]:
    """Return the rows of the images to be changed: those of the lowest hashes, each file once.

    They are as good as drawn at random, and mostly stay the same when images are added.
    """
    first: dict[str, int] = {}
    for row, key in enumerate(hashes):
        first.setdefault(key, row)
    return sorted(first[key] for key in sorted(first)[:count])
