"""Silhouettes of some of many images, each against all: time grows with the images, not squared."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int
from scipy.sparse import csr_array

from embedbench.metrics.internal import silhouettes

__all__ = ["silhouettes_of"]

_BLOCK = 256
"""How many images are held against all at once: fixed, for sums depend on it in their last bits."""

_NEAR = 1e-8
"""Below this share of their squared lengths two points' squared distance is lost in rounding."""

Wide = Float64[np.ndarray, "images dim"]


def silhouettes_of(
    points: Float32[np.ndarray, "images dim"],
    labels: Int[np.ndarray, "runs images"],
    rows: Int[np.ndarray, " sampled"] | None,
) -> Float64[np.ndarray, "runs images"]:
    """Return the silhouettes of the images in `rows`, as `silhouettes` does, nan for the others.

    A sample held against all images tells of their mean without bias. Held against itself it
    would not: of small clusters it has hardly an image.

    Args:
        points: the space that was clustered.
        labels: the cluster of each image in each run; noise, -1, is left out of its run.
        rows: of which images; None for all.
    """
    if rows is None:
        return silhouettes(points, labels)
    distinct, runs = np.unique(labels, axis=0, return_inverse=True)
    partitions = [_Partition.of(row) for row in distinct]
    result = np.full(distinct.shape, np.nan)
    wide = points.astype(np.float64)
    wide -= wide.mean(axis=0)
    lengths = np.einsum("ij,ij->i", wide, wide)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        distances = _distances(wide, lengths, block)
        for row, partition in zip(result, partitions, strict=True):
            row[block] = partition.silhouettes(distances, block)
    return np.asarray(result[runs])


@dataclass(frozen=True)
class _Partition:
    """One labelling.

    Attributes:
        cluster: the number of each image's cluster, -1 for noise.
        sizes: of the clusters.
        members: 1 where the image of the column is in the cluster of the row.
    """

    cluster: Int[np.ndarray, " images"]
    sizes: Int[np.ndarray, " clusters"]
    members: csr_array

    @classmethod
    def of(cls, labels: Int[np.ndarray, " images"]) -> "_Partition":
        """Return the labels in this form."""
        inside = np.flatnonzero(labels >= 0)
        cluster = np.full(len(labels), -1)
        _, cluster[inside], sizes = np.unique(
            labels[inside], return_inverse=True, return_counts=True
        )
        places = (cluster[inside], inside)
        members = csr_array((np.ones(len(inside)), places), shape=(len(sizes), len(labels)))
        return cls(cluster, sizes, members)

    def silhouettes(
        self, distances: Float64[np.ndarray, "images block"], rows: Int[np.ndarray, " block"]
    ) -> Float64[np.ndarray, " block"]:
        """Return those of a block of images from their distances to all."""
        scores = np.full(len(rows), np.nan)
        if not 2 <= len(self.sizes) < int(self.sizes.sum()):
            return scores
        inside = np.flatnonzero(self.cluster[rows] >= 0)
        own = self.cluster[rows[inside]]
        sums = (self.members @ distances)[:, inside]
        within = sums[own, np.arange(len(own))] / np.maximum(self.sizes[own] - 1, 1)
        means = sums / self.sizes[:, None]
        means[own, np.arange(len(own))] = np.inf
        nearest = means.min(axis=0)
        larger = np.maximum(within, nearest)
        counts = (larger > 0) & (self.sizes[own] > 1)
        scores[inside] = np.divide(
            nearest - within, larger, out=np.zeros_like(larger), where=counts
        )
        return scores


def _distances(
    wide: Wide, lengths: Float64[np.ndarray, " images"], rows: Int[np.ndarray, " block"]
) -> Float64[np.ndarray, "images block"]:
    """Return the distances of all images to those of a block; between copies by differences."""
    squares = wide @ wide[rows].T
    squares *= -2
    squares += lengths[:, None]
    squares += lengths[rows]
    images, columns = np.nonzero(squares < _NEAR * (lengths[:, None] + lengths[rows]))
    distances: Float64[np.ndarray, "images block"]
    distances = np.sqrt(np.maximum(squares, 0, out=squares), out=squares)
    for start in range(0, len(images), len(wide)):
        one, column = images[start : start + len(wide)], columns[start : start + len(wide)]
        distances[one, column] = np.linalg.norm(wide[one] - wide[rows[column]], axis=1)
    return distances
