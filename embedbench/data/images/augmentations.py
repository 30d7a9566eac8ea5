"""Augmented images: small changes, which keep the content, and corruptions."""

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
"""Increase it when an augmentation gives different pixels: the store must not mix the two."""

_CORRUPTIONS_VERSION = 1
"""The same for corruptions, whose stored vectors do not depend on the augmentations."""


@dataclass(frozen=True)
class AugmentedImage:
    """An augmented or corrupted image.

    Attributes:
        source: source of the original image.
        change: one of `AUGMENTATIONS`, or the name of a corruption of images, such as `noise:3`.
        key: hash of the original image; also the random seed of the change.
    """

    source: Source
    change: str
    key: str

    @property
    def store_key(self) -> str:
        """The key of its vectors in the store."""
        version = _VERSION if self.change in AUGMENTATIONS else _CORRUPTIONS_VERSION
        text = f"change\0{version}\0{self.change}\0{self.key}"
        return hashlib.sha256(text.encode()).hexdigest()

    def open(self, content: bytes) -> Image.Image:
        """Return the changed image in RGB mode.

        Args:
            content: bytes of the original file.

        Raises:
            ImageError: the image cannot be opened or changed.
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
    """Crop to 80 to 95 % of each side, at a random position."""
    share = random.uniform(0.80, 0.95)
    width, height = (max(1, round(share * side)) for side in image.size)
    left = int(random.integers(image.width - width + 1))
    top = int(random.integers(image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _tilt(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Rotate by 3 to 8 degrees either way, and crop to the part without empty corners."""
    angle = random.choice([-1, 1]) * random.uniform(3, 8)
    turned = image.rotate(angle, Image.Resampling.BICUBIC)
    wide, high = cos(radians(angle)), abs(sin(radians(angle)))
    longer, shorter = max(image.size), min(image.size)
    share = shorter / (longer * high + shorter * wide)
    left, top = (min(ceil((1 - share) / 2 * side) + 1, (side - 1) // 2) for side in image.size)
    return turned.crop((left, top, image.width - left, image.height - top))


def _light(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Change the brightness by 20 to 35 % and the contrast by up to 25 %, either way."""
    brightness = 1 + random.choice([-1, 1]) * random.uniform(0.20, 0.35)
    brighter = ImageEnhance.Brightness(image).enhance(float(brightness))
    return ImageEnhance.Contrast(brighter).enhance(random.uniform(0.75, 1.25))


def _colour(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Change the saturation by about half, either way, and each channel by up to 10 %."""
    saturation = random.choice([random.uniform(0.4, 0.7), random.uniform(1.3, 1.7)])
    gains = random.uniform(0.9, 1.1, 3).tolist()
    bands = ImageEnhance.Color(image).enhance(float(saturation)).split()
    shifted = [
        band.point([min(255, round(gain * value)) for value in range(256)])
        for band, gain in zip(bands, gains, strict=True)
    ]
    return Image.merge("RGB", shifted)


def _soft(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Halve the resolution, to at most 112 pixels, and compress as JPEG of quality 30 to 50."""
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
"""Augmentations by name; without mirroring, which changes the meaning of digits and signs."""


def choose_augmented(hashes: Sequence[str], count: int) -> list[int]:
    """Return the rows of `count` images to augment, those with the lowest hashes, without repeats.

    This is equivalent to a random sample, and mostly stays the same when images are added.
    """
    first: dict[str, int] = {}
    for row, key in enumerate(hashes):
        first.setdefault(key, row)
    return sorted(first[key] for key in sorted(first)[:count])
