"""Silhouettes of many partitions in one pass over the distances, exact or of a sample."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Float64, Int
from scipy.sparse import csr_array

from embedbench.clustering.distances import Distances

__all__ = ["silhouettes", "silhouettes_of"]

_BLOCK = 256
"""Images that are compared with all at once; fixed, as it changes the last bits of the sums."""


def silhouettes_of(
    points: Float32[np.ndarray, "images dim"],
    labels: Int[np.ndarray, "runs images"],
    rows: Int[np.ndarray, " sampled"] | None,
) -> Float64[np.ndarray, "runs images"]:
    """Return the `silhouettes` of the images in `rows`, nan for the others.

    Sampled images compared with all images estimate the mean without bias. Compared with the
    sample only they would not, as the sample has few images of small clusters.

    Args:
        points: clustered points, one row per image.
        labels: cluster of each image in each run; noise, -1, is left out of its run.
        rows: images whose silhouettes to compute; all if None.
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
    """A partition with its membership matrix.

    Attributes:
        cluster: cluster of each image, -1 for noise.
        sizes: size of each cluster.
        members: 1 if the column's image is in the row's cluster.
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
        cells = (cluster[inside], inside)
        members = csr_array((np.ones(len(inside)), cells), shape=(len(sizes), len(labels)))
        return cls(cluster, sizes, members)

    def silhouettes(
        self, distances: Float[np.ndarray, "images block"], rows: Int[np.ndarray, " block"]
    ) -> Float64[np.ndarray, " block"]:
        """Return the silhouettes of a block of images, given their distances to all."""
        scores = np.full(len(rows), np.nan)
        if not 2 <= len(self.sizes) < int(self.sizes.sum()):
            return scores
        inside = np.flatnonzero(self.cluster[rows] >= 0)
        clusters = self.cluster[rows[inside]]
        sums = (self.members @ distances)[:, inside]
        within = sums[clusters, np.arange(len(clusters))] / np.maximum(self.sizes[clusters] - 1, 1)
        means = sums / self.sizes[:, None]
        means[clusters, np.arange(len(clusters))] = np.inf
        nearest = means.min(axis=0)
        larger = np.maximum(within, nearest)
        counts = (larger > 0) & (self.sizes[clusters] > 1)
        scores[inside] = np.divide(
            nearest - within, larger, out=np.zeros_like(larger), where=counts
        )
        return scores


_MEGABYTE = 2**20


def silhouettes(
    points: Float32[np.ndarray, "images dim"],
    labels: Int[np.ndarray, "runs images"],
    working_memory: int = 256,
    quick: bool = False,
) -> Float64[np.ndarray, "runs images"]:
    """Return the silhouette of each image in each run (Rousseeuw 1987), Euclidean.

    It is (b - a) / max(a, b), with a the mean distance to the others of its cluster and b the
    smallest mean distance to another cluster: -1 to 1, higher is better; 0 for an image alone in
    its cluster. nan for noise, and for all images if there is one cluster, or one cluster for
    each image. All runs share one pass over the distances (more passes for many runs of many
    images); distances between near-duplicates are exact.

    Args:
        points: clustered points, one row per image.
        labels: cluster of each image in each run; noise, -1, is left out of its run.
        working_memory: memory of a pass in MB, about, without the result.
        quick: use float32 where the error stays below 1e-5; otherwise it is below 1e-8.
    """
    distinct, runs = np.unique(labels, axis=0, return_inverse=True)
    partitions = [_Partition.of(row) for row in distinct]
    result = np.full(distinct.shape, np.nan)
    kind = np.float32 if quick else np.float64
    a_column = (np.dtype(kind).itemsize + 8) * max(1, len(points))
    most_columns = max(1, working_memory * _MEGABYTE * 3 // 4 // a_column)
    groups = list(_groups(partitions, most_columns))
    distances = Distances(points, quick) if groups else None
    for group in groups:
        assert distances is not None
        scored = [partitions[number] for number in group]
        result[group] = _one_pass(distances, scored, kind, working_memory / 4)
    return result[runs]


@dataclass(frozen=True)
class _Partition:
    """A partition, with clusters of one image separate from the larger ones.

    Attributes:
        cluster: cluster of each image among those of two or more; -1 for other images.
        sizes: size of each cluster of two or more.
        alone: images that are their own cluster.
    """

    cluster: Int[np.ndarray, " images"]
    sizes: Int[np.ndarray, " clusters"]
    alone: Int[np.ndarray, " singletons"]

    @classmethod
    def of(cls, labels: Int[np.ndarray, " images"]) -> "_Partition":
        """Return the labels in this form."""
        names, members, sizes = np.unique(labels, return_inverse=True, return_counts=True)
        sizes[names < 0] = 0
        large = sizes > 1
        cluster = np.where(large, np.cumsum(large) - 1, -1)[members]
        return cls(cluster, sizes[large], np.flatnonzero(sizes[members] == 1))

    @property
    def is_scored(self) -> bool:
        """Whether there are two clusters or more, and fewer than images."""
        return len(self.sizes) > 0 and len(self.sizes) + len(self.alone) > 1


def _groups(partitions: list[_Partition], most_columns: int) -> Iterator[list[int]]:
    """Yield groups of partitions to score, each with at most `most_columns` clusters in total."""
    group: list[int] = []
    columns = 0
    for number, partition in enumerate(partitions):
        if not partition.is_scored:
            continue
        if group and columns + len(partition.sizes) > most_columns:
            yield group
            group, columns = [], 0
        group.append(number)
        columns += len(partition.sizes)
    if group:
        yield group


def _one_pass(
    distances: Distances, partitions: list[_Partition], kind: Any, working_memory: float
) -> Float64[np.ndarray, "runs images"]:
    count = len(distances)
    firsts = np.cumsum([0, *(len(partition.sizes) for partition in partitions)])
    belongs = np.zeros((count, firsts[-1]), dtype=kind)
    for partition, first in zip(partitions, firsts, strict=False):
        inside = np.flatnonzero(partition.cluster >= 0)
        belongs[inside, first + partition.cluster[inside]] = 1
    sums = np.zeros(belongs.shape)
    nearest_alone = np.full((len(partitions), count), np.inf)
    # Each distance counts for both images of the pair.
    for rows, block in distances.upper(working_memory):
        later = block[:, len(block) :]
        sums[rows] += block @ belongs[rows.start :]
        sums[rows.stop :] += later.T @ belongs[rows]
        for partition, nearest in zip(partitions, nearest_alone, strict=True):
            _lower(nearest, partition.alone, rows, block)
    return np.stack(
        [
            _score(partition, sums[:, first : first + len(partition.sizes)], nearest)
            for partition, first, nearest in zip(partitions, firsts, nearest_alone, strict=False)
        ]
    )


def _lower(
    nearest: Float64[np.ndarray, " images"],
    alone: Int[np.ndarray, " singletons"],
    rows: slice,
    block: Float[np.ndarray, "rows columns"],
) -> None:
    """Update, in place, the smallest distance to an image alone with those of the block."""
    first, last = np.searchsorted(alone, [rows.start, rows.stop])
    if first < len(alone):
        smallest = block[:, alone[first:] - rows.start].min(axis=1)
        np.minimum(nearest[rows], smallest, out=nearest[rows])
    if first < last:
        smallest = block[alone[first:last] - rows.start, len(block) :].min(axis=0)
        np.minimum(nearest[rows.stop :], smallest, out=nearest[rows.stop :])


def _score(
    partition: _Partition,
    sums: Float64[np.ndarray, "images clusters"],
    nearest_alone: Float64[np.ndarray, " images"],
) -> Float64[np.ndarray, " images"]:
    """Return the silhouettes, given the summed distances to each cluster."""
    grouped = np.flatnonzero(partition.cluster >= 0)
    clusters = partition.cluster[grouped]
    means = sums[grouped]
    within = means[np.arange(len(grouped)), clusters] / (partition.sizes[clusters] - 1)
    means /= partition.sizes
    means[np.arange(len(grouped)), clusters] = np.inf
    nearest = np.minimum(means.min(axis=1), nearest_alone[grouped])
    larger = np.maximum(within, nearest)
    scores = np.full(len(sums), np.nan)
    # If both clusters hold only copies of one image, neither is nearer: 0.
    scores[grouped] = np.divide(
        nearest - within, larger, out=np.zeros_like(larger), where=larger > 0
    )
    scores[partition.alone] = 0
    return scores
