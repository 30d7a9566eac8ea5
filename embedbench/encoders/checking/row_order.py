"""Probe an encoder with synthetic images: are its rows in the order of the images?"""

from typing import TypeVar

import numpy as np
from PIL import Image

from embedbench.encoder import Vectors
from embedbench.errors import EncoderError

__all__ = [
    "Item",
    "TOLERANCE",
    "check_row_order",
    "is_close",
    "probe_image",
    "probe_images",
    "shifted_by_one",
]

Item = TypeVar("Item")

TOLERANCE = 1e-4
"""How much a row may depend on the rest of its batch, relative to the longest row."""


def probe_images(count: int) -> list[Image.Image]:
    """Return `count` different images."""
    return [probe_image(seed) for seed in range(count)]


def probe_image(seed: int, size: tuple[int, int] = (96, 80)) -> Image.Image:
    """Return a smooth random colour image."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def shifted_by_one(items: list[Item]) -> list[Item]:
    """Return the items with the first one twice and without the last.

    Only the right order gives the same rows at the same positions for both.
    """
    return [items[0], *items[:-1]]


def check_row_order(rows: Vectors, moved: Vectors) -> None:
    """Raise EncoderError unless row i of `moved` is that of image i - 1, and row 0 that of image 0.

    The nearest row counts, so that small changes between batches are tolerated.

    Args:
        rows: rows of some images.
        moved: rows of the same images, `shifted_by_one`.
    """
    gaps = np.linalg.norm(moved[:, None].astype(np.float64) - rows[None], axis=2)
    gaps_in_order = gaps[np.arange(len(rows)), shifted_by_one(list(range(len(rows))))]
    if (gaps_in_order > gaps.min(axis=1) + TOLERANCE * _scale(rows)).any():
        raise EncoderError("its rows are not in the order of the images")


def is_close(rows: Vectors, others: Vectors) -> bool:
    """Return whether the rows are equal within the tolerance."""
    return float(np.abs(rows - others).max()) <= TOLERANCE * _scale(others)


def _scale(rows: Vectors) -> float:
    return float(np.linalg.norm(rows, axis=1).max()) or 1.0
