"""Sets of the benchmark of the verdict, as `verdict_bank.py` writes them, and degraded copies."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

NOISES = {"noised": 1.0, "noised more": 2.5, "noised most": 5.0}
"""Lengths of the noise that is added to vectors of length 1."""

Vectors = np.ndarray


def directions(vectors: Vectors) -> Vectors:
    """Return the rows at unit length."""
    return np.asarray(normalize(vectors.astype(np.float64)), dtype=np.float32)


@dataclass(frozen=True)
class Views:
    """Vectors of images by one encoder, and of changed copies of some of them.

    Attributes:
        images: (images, dim).
        copies: (changes, copied images, dim).
    """

    images: Vectors
    copies: Vectors

    def through(self, change: Callable[[Vectors], Vectors]) -> "Views":
        """Return both, each row changed."""
        flat = self.copies.reshape(-1, self.copies.shape[-1])
        return Views(change(self.images), change(flat).reshape(*self.copies.shape[:2], -1))


@dataclass(frozen=True)
class Bank:
    """A set as `verdict_bank.py` writes it.

    Attributes:
        views: of each encoder.
        rows: of the images that have copies.
        truth: the class of each image.
    """

    views: dict[str, Views]
    rows: np.ndarray
    truth: np.ndarray

    @classmethod
    def read(cls, file: Path) -> "Bank":
        """Return the set of a file."""
        arrays = {name: values.astype(np.float32) for name, values in load_file(file).items()}
        rows, truth = (arrays.pop(name).astype(np.int64) for name in ("rows", "truth"))
        names = [name for name in arrays if not name.endswith("/changed")]
        return cls(
            {one: Views(arrays[one], arrays[f"{one}/changed"]) for one in names}, rows, truth
        )

    def take(self, rows: np.ndarray) -> "Bank":
        """Return these images, in this order of increasing rows, and the copies of them."""
        drawn = np.isin(self.rows, rows)
        views = {
            name: Views(one.images[rows], one.copies[:, drawn]) for name, one in self.views.items()
        }
        return Bank(views, np.searchsorted(rows, self.rows[drawn]), self.truth[rows])

    def with_degraded(self) -> "Bank":
        """Return the set with degraded copies of Lite0.

        The more noise, the worse; PCA to 4 dimensions is worse than to 16, which is often as good
        as all.
        """
        lite = self.views["lite0"].through(directions)
        found = dict(self.views)
        for name, spread in NOISES.items():
            random = np.random.default_rng(0)
            found[name] = lite.through(partial(noised, random=random, spread=spread))
        for dim in (16, 4):
            pca = PCA(dim, random_state=0).fit(lite.images)
            found[f"PCA {dim}"] = lite.through(pca.transform)
        return Bank(found, self.rows, self.truth)


def noised(vectors: Vectors, random: np.random.Generator, spread: float) -> Vectors:
    """Return vectors with noise of this length added, about."""
    noise = random.normal(size=vectors.shape) * spread / np.sqrt(vectors.shape[-1])
    return np.asarray(vectors + noise, dtype=np.float32)
