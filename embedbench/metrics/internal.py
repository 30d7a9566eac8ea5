"""Metrics without truth: how tight and how far apart the clusters are in their own space."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Float32, Float64, Int
from scipy.sparse import csr_array

from embedbench.distances import Distances

__all__ = ["internal", "silhouettes"]

_MEGABYTE = 2**20

_BLOCK = 256
"""So many images at once stay in the processor's cache."""


def internal(
    points: Float32[np.ndarray, "images dim"],
    labels: Int[np.ndarray, "runs images"],
    profiles: Float64[np.ndarray, "runs images"] | None = None,
) -> pd.DataFrame:
    """Return how tight and how far apart the clusters are, a row a run.

    Columns: `clusters`, how many there are; `coverage`, the share of images in them;
    `silhouette`, the mean over the images, and `silhouette_macro`, the mean of the clusters'
    means (arXiv 2401.05831), higher is better, at most 1; `calinski_harabasz`, higher is better;
    `davies_bouldin`, lower is better, 0 is best. nan where there is one cluster, or where each
    image is one. None of them compares spaces: see `embedbench.metrics.METRICS`.

    Args:
        points: the space that was clustered.
        labels: the cluster of each image in each run; noise, -1, is left out of its run.
        profiles: the `silhouettes` of the same, if they are there already; where they are those
            of a sample, nan elsewhere, the means are estimated from it.
    """
    profiles = silhouettes(points, labels) if profiles is None else profiles
    distinct, first, runs = np.unique(labels, axis=0, return_index=True, return_inverse=True)
    wide = points.astype(np.float64)
    rows = [
        _row(wide, row, profile) for row, profile in zip(distinct, profiles[first], strict=True)
    ]
    columns = ["clusters", "coverage", *_SCORES]
    return pd.DataFrame(rows, columns=columns).iloc[runs].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class _Clusters:
    """The clustered points of one run, and what its scores are made from.

    Attributes:
        points: without noise.
        members: the cluster of each.
        silhouettes: of each.
        sizes: of the clusters.
        centres: the mean of each cluster.
        away: the distance of each point from its centre.
    """

    points: Float64[np.ndarray, "clustered dim"]
    members: Int[np.ndarray, " clustered"]
    silhouettes: Float64[np.ndarray, " clustered"]
    sizes: Int[np.ndarray, " clusters"]
    centres: Float64[np.ndarray, "clusters dim"]
    away: Float64[np.ndarray, " clustered"]

    @classmethod
    def of(
        cls,
        points: Float64[np.ndarray, "clustered dim"],
        members: Int[np.ndarray, " clustered"],
        silhouettes: Float64[np.ndarray, " clustered"],
    ) -> "_Clusters":
        """Return them from the points, their clusters and their silhouettes."""
        sizes = np.bincount(members)
        count = len(points)
        belongs = csr_array(
            (np.ones(count), members, np.arange(count + 1)), shape=(count, len(sizes))
        )
        centres = (belongs.T @ points) / sizes[:, None]
        away = np.empty(count)
        for start in range(0, count, _BLOCK):
            block = slice(start, start + _BLOCK)
            away[block] = np.linalg.norm(points[block] - centres[members[block]], axis=1)
        return cls(points, members, silhouettes, sizes, centres, away)

    @property
    def known(self) -> Bool[np.ndarray, " clustered"]:
        """Which points have a silhouette: those of a sample, or all."""
        return np.asarray(~np.isnan(self.silhouettes))

    def means(self, values: Float64[np.ndarray, " clustered"]) -> Float64[np.ndarray, " clusters"]:
        """Return the mean of the values in each cluster."""
        return np.asarray(np.bincount(self.members, values) / self.sizes)


def _row(
    points: Float64[np.ndarray, "images dim"],
    labels: Int[np.ndarray, " images"],
    profile: Float64[np.ndarray, " images"],
) -> dict[str, float]:
    clustered = labels >= 0
    names, members = np.unique(labels[clustered], return_inverse=True)
    row = {"clusters": float(len(names)), "coverage": float(clustered.mean())}
    if not 2 <= len(names) < len(members):
        return row | dict.fromkeys(_SCORES, np.nan)
    inside = points if clustered.all() else points[clustered]
    clusters = _Clusters.of(inside, members, profile[clustered])
    return row | {name: float(score(clusters)) for name, score in _SCORES.items()}


def _silhouette(clusters: _Clusters) -> float:
    return float(clusters.silhouettes[clusters.known].mean())


def _silhouette_macro(clusters: _Clusters) -> float:
    known = clusters.known
    if known.all():
        return float(clusters.means(clusters.silhouettes).mean())
    members, values = clusters.members[known], clusters.silhouettes[known]
    counts = np.bincount(members, minlength=len(clusters.sizes))
    sums = np.bincount(members, values, len(clusters.sizes))
    # A sample holds too few of the clusters of one image, all of which have 0.
    several = clusters.sizes > 1
    seen = several & (counts > 0)
    return float((sums[seen] / counts[seen]).mean() * several.mean()) if seen.any() else 0.0


def _calinski_harabasz(clusters: _Clusters) -> float:
    """1 where all are copies of their centre, as scikit-learn has it."""
    within = (clusters.away**2).sum()
    spread = clusters.centres - clusters.points.mean(axis=0)
    between = clusters.sizes @ (spread**2).sum(axis=1)
    count, number = len(clusters.points), len(clusters.sizes)
    return float(between * (count - number) / (within * (number - 1))) if within > 0 else 1.0


def _davies_bouldin(clusters: _Clusters) -> float:
    """0 where all are copies of their centre, or all centres the same, as scikit-learn has it."""
    widths = clusters.means(clusters.away)
    distances = Distances(clusters.centres)
    worst, farthest = np.empty(len(widths)), 0.0
    for start in range(0, len(widths), _BLOCK):
        rows = slice(start, start + _BLOCK)
        apart = distances.between(rows, slice(None))
        farthest = max(farthest, float(apart.max()))
        apart[apart == 0] = np.inf
        worst[rows] = ((widths[rows, None] + widths) / apart).max(axis=1)
    if np.allclose(widths, 0) or np.isclose(farthest, 0):
        return 0.0
    return float(worst.mean())


_SCORES: dict[str, Callable[[_Clusters], float]] = {
    "silhouette": _silhouette,
    "silhouette_macro": _silhouette_macro,
    "calinski_harabasz": _calinski_harabasz,
    "davies_bouldin": _davies_bouldin,
}
"""Each from the clusters of one run."""


def silhouettes(
    points: Float32[np.ndarray, "images dim"],
    labels: Int[np.ndarray, "runs images"],
    working_memory: int = 256,
    quick: bool = False,
) -> Float64[np.ndarray, "runs images"]:
    """Return the silhouette of each image in each run (Rousseeuw 1987), Euclidean.

    It is (b - a) / max(a, b), with a the mean distance to the others of its cluster and b the
    least mean distance to another cluster: -1 to 1, higher is better; 0 for an image alone in
    its cluster. nan for noise, and for all images where there is one cluster, or where each
    image is one. All runs share one pass over the distances (more passes where the runs are
    many and the images too), and those between near-duplicates are exact.

    Args:
        points: the space that was clustered.
        labels: the cluster of each image in each run; noise, -1, is left out of its run.
        working_memory: about how many MB a pass may take, the result aside.
        quick: in float32 where that leaves it within 1e-5; else within 1e-8.
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
    """One labelling, its clusters told apart by whether they hold one image or more.

    Attributes:
        cluster: the number of each image's cluster among those of two and more; -1 elsewhere.
        sizes: of those clusters.
        alone: the images that are clusters of their own.
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
        """Whether there are two clusters, and not as many as images."""
        return len(self.sizes) > 0 and len(self.sizes) + len(self.alone) > 1


def _groups(partitions: list[_Partition], most_columns: int) -> Iterator[list[int]]:
    """Yield the numbers of the partitions to score, together of so many clusters at most."""
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
    # Each distance counts for both of its images.
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
    """Lower the least distance to an image alone, in place, to what there is in the block."""
    first, last = np.searchsorted(alone, [rows.start, rows.stop])
    if first < len(alone):
        found = block[:, alone[first:] - rows.start].min(axis=1)
        np.minimum(nearest[rows], found, out=nearest[rows])
    if first < last:
        found = block[alone[first:last] - rows.start, len(block) :].min(axis=0)
        np.minimum(nearest[rows.stop :], found, out=nearest[rows.stop :])


def _score(
    partition: _Partition,
    sums: Float64[np.ndarray, "images clusters"],
    nearest_alone: Float64[np.ndarray, " images"],
) -> Float64[np.ndarray, " images"]:
    """Return the silhouettes from the summed distances to each cluster."""
    grouped = np.flatnonzero(partition.cluster >= 0)
    own = partition.cluster[grouped]
    means = sums[grouped]
    within = means[np.arange(len(grouped)), own] / (partition.sizes[own] - 1)
    means /= partition.sizes
    means[np.arange(len(grouped)), own] = np.inf
    nearest = np.minimum(means.min(axis=1), nearest_alone[grouped])
    larger = np.maximum(within, nearest)
    scores = np.full(len(sums), np.nan)
    # Where all of both clusters are copies of one image, neither is nearer.
    scores[grouped] = np.divide(
        nearest - within, larger, out=np.zeros_like(larger), where=larger > 0
    )
    scores[partition.alone] = 0
    return scores
