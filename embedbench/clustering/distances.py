"""Euclidean distances between all points by matrix product, exact between near-duplicates."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

__all__ = ["Distances", "Rows"]

Rows = slice | Int[np.ndarray, " rows"]
Columns = slice | Int[np.ndarray, " columns"]

_NEAR = {np.float64: 1e-8, np.float32: 2.0**-4}
"""A pair is near if its squared distance is below this share of the two squared lengths.

Below it, rounding is visible in the distance.
"""

_FEW = 64
"""If more than 1 pair in this number is near, the block is computed again in float64."""

_MOST_ROWS = 256
"""Rows of a block: enough for an efficient matrix product."""

_BYTES_A_PAIR = 24
_MEGABYTE = 2**20


class Distances:
    """Distances between points, block by block.

    A squared distance is a small difference of large numbers. Where cancellation is too large, as
    between near-duplicates, the distance is computed again in float64 from the differences of the
    coordinates. The relative error is at most 1e-5, 1e-6 if not quick. Distances between points
    with integer coordinates are exact, so ties stay ties.
    """

    def __init__(self, points: Float[np.ndarray, "images dim"], quick: bool = False) -> None:
        """Prepare the products.

        Args:
            points: one row per image; at least one.
            quick: multiply in float32, except in blocks with many near pairs.
        """
        wide = points.astype(np.float64)
        # Centring reduces cancellation; with one of the points as origin, differences are exact.
        wide -= wide[np.argmin(np.linalg.norm(wide - wide.mean(axis=0), axis=1))]
        longest = np.sqrt(np.einsum("ij,ij->i", wide, wide).max())
        # Scaling by a power of two is exact, and keeps squares from overflowing.
        self._scale = float(2.0 ** np.frexp(longest)[1])
        wide /= self._scale
        self._points: Float64[np.ndarray, "images dim"] = wide
        self._exact = _Product.of(wide, np.float64)
        self._quick = _Product.of(wide, np.float32) if quick else None

    def __len__(self) -> int:
        return len(self._points)

    def between(self, rows: Rows, columns: Columns) -> Float[np.ndarray, "rows columns"]:
        """Return the distances between two selections of points: float32 if quick, else float64."""
        product = self._quick or self._exact
        squares, near = product.squares(rows, columns)
        if self._quick and _FEW * np.count_nonzero(near) > near.size:
            product = self._exact
            squares, near = product.squares(rows, columns)
        np.maximum(squares, 0, out=squares)
        distances = np.sqrt(squares, out=squares)
        self._make_exact(distances, near, self._points[rows], self._points[columns])
        distances *= distances.dtype.type(self._scale)
        return np.asarray(distances, dtype=np.float32 if self._quick else np.float64)

    def upper(
        self, working_memory: float = 64
    ) -> Iterator[tuple[slice, Float[np.ndarray, "rows columns"]]]:
        """Yield blocks of rows, and their distances to themselves and to all later points.

        Args:
            working_memory: size of a block in MB, about.
        """
        count = len(self)
        most = int(working_memory * _MEGABYTE) // (_BYTES_A_PAIR * max(1, count))
        size = min(_MOST_ROWS, max(1, most))
        for start in range(0, count, size):
            rows = slice(start, min(start + size, count))
            block = self.between(rows, slice(start, count))
            lower = np.tril_indices(len(block), -1)
            block[lower] = block.T[lower]
            yield rows, block

    def square(self) -> Float[np.ndarray, "images images"]:
        """Return the symmetric matrix of all distances."""
        kind = np.float32 if self._quick else np.float64
        distances = np.empty((len(self), len(self)), dtype=kind)
        for rows, block in self.upper():
            distances[rows.start :, rows] = block.T
            distances[rows, rows.start :] = block
        return distances

    def condensed(self) -> Float[np.ndarray, " pairs"]:
        """Return the distances of each point to all later points, ordered as scipy's `pdist`."""
        kind = np.float32 if self._quick else np.float64
        distances = np.empty(len(self) * (len(self) - 1) // 2, dtype=kind)
        first = 0
        for _, block in self.upper():
            for row, line in enumerate(block):
                last = first + len(line) - row - 1
                distances[first:last] = line[row + 1 :]
                first = last
        return distances

    def _make_exact(
        self,
        distances: Float[np.ndarray, "rows columns"],
        near: Bool[np.ndarray, "rows columns"],
        points: Float64[np.ndarray, "rows dim"],
        others: Float64[np.ndarray, "columns dim"],
    ) -> None:
        rows, columns = np.nonzero(near)
        pairs = max(1, distances.size // max(1, points.shape[1]))
        for first in range(0, len(rows), pairs):
            part = slice(first, first + pairs)
            differences = points[rows[part]] - others[columns[part]]
            distances[rows[part], columns[part]] = np.linalg.norm(differences, axis=1)


@dataclass(frozen=True, eq=False)
class _Product:
    """Two factors whose matrix product is the squared distances.

    Attributes:
        left: each point, its squared length, 1.
        right: each point times -2, 1, its squared length.
        shares: threshold of each point: a pair is near if its squared distance is at most the sum
            of its two thresholds.
    """

    left: Float[np.ndarray, "images factors"]
    right: Float[np.ndarray, "images factors"]
    shares: Float[np.ndarray, " images"]

    @classmethod
    def of(cls, points: Float64[np.ndarray, "images dim"], kind: Any) -> "_Product":
        """Return the factors in the given precision."""
        squares = np.einsum("ij,ij->i", points, points)[:, None]
        ones = np.ones_like(squares)
        left, right = np.hstack([points, squares, ones]), np.hstack([-2 * points, ones, squares])
        return cls(
            left.astype(kind), right.astype(kind), (_NEAR[kind] * squares[:, 0]).astype(kind)
        )

    def squares(
        self, rows: Rows, columns: Columns
    ) -> tuple[Float[np.ndarray, "rows columns"], Bool[np.ndarray, "rows columns"]]:
        """Return the squared distances, and which pairs are near."""
        squares = self.left[rows] @ self.right[columns].T
        return squares, squares <= self.shares[rows][:, None] + self.shares[columns]
