"""Silhouettes of some of many images, each against all: time grows with the images, not squared."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Int
from scipy.sparse import csr_array

from embedbench.distances import Distances
from embedbench.metrics.internal import silhouettes

__all__ = ["silhouettes_of"]

_BLOCK = 256
"""How many images are held against all at once: fixed, for sums depend on it in their last bits."""


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
    partitions = [_SampledPartition.of(row) for row in distinct]
    result = np.full(distinct.shape, np.nan)
    distances = Distances(points)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        away = distances.between(slice(None), block)
        for row, partition in zip(result, partitions, strict=True):
            row[block] = partition.silhouettes(away, block)
    return np.asarray(result[runs])


@dataclass(frozen=True)
class _SampledPartition:
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
    def of(cls, labels: Int[np.ndarray, " images"]) -> "_SampledPartition":
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
        self, distances: Float[np.ndarray, "images block"], rows: Int[np.ndarray, " block"]
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
