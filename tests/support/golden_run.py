"""A small comparison with all features, whose tables must not change in a refactoring.

    python -m tests.support.golden_run OUT

60 images of two domains and three classes, three encoders, labels, a corruption, mixed-in digits,
names for clusters. Compare the tables of two checkouts with `diff -r`; times stand in
`timings.csv`, and may differ.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import embedbench
from embedbench.encoder import Encoder, TextEncoder

__all__ = ["Colours", "Grid", "compare_golden", "write_images"]

COLOURS = {"red": (200, 40, 40), "green": (40, 170, 50), "blue": (50, 60, 190)}
DOMAINS = {"bright": 30, "dark": -40}


@dataclass(frozen=True)
class Colours(TextEncoder):
    """The mean colour; a text is encoded as the colour that its last word names."""

    def encode_batch(self, images: Any) -> np.ndarray:
        small = [np.asarray(image.resize((1, 1), Image.Resampling.BOX)) for image in images]
        return np.stack([one.ravel() / np.float32(255) for one in small]).astype(np.float32)

    def encode_texts(self, texts: Any) -> np.ndarray:
        colours = [COLOURS.get(text.rstrip(".").split()[-1], (90, 90, 90)) for text in texts]
        return np.asarray(colours, dtype=np.float32) / 255


@dataclass(frozen=True)
class Grid(Encoder):
    """Brightness on a grid."""

    side: int = 4

    def encode_batch(self, images: Any) -> np.ndarray:
        small = [image.convert("L").resize((self.side, self.side)) for image in images]
        return np.stack([np.asarray(one, dtype=np.float32).ravel() for one in small])


def write_images(folder: Path) -> Path:
    """Write 60 images: `bright/red/00.png` and so on, ten of each class in each domain."""
    random = np.random.default_rng(7)
    for domain, shift in DOMAINS.items():
        for name, colour in COLOURS.items():
            (folder / domain / name).mkdir(parents=True, exist_ok=True)
            for number in range(10):
                pixels = random.normal(np.array(colour) + shift, 45, (32, 40, 3))
                pixels[: 2 + number, :8] = 255 - np.array(colour)
                image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
                image.save(folder / domain / name / f"{number:02d}.png")
    return folder


def compare_golden(images: Path, out: Path, store: Path) -> None:
    """Write the tables of the comparison, without figures and report."""
    embedbench.compare(
        str(images),
        {"colours": Colours(), "grid": Grid(), "fine": Grid(side=8)},
        domain="folder",
        k="2..5",
        seeds=2,
        names=["red", "green", "blue"],
        corrupt=["noise:1", "plane-noise:2"],
        corrupted=20,
        mix="digits:0.1",
        copies=12,
        store=store,
    ).write(out)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    compare_golden(write_images(place / "images"), place / "run", place / "store")
