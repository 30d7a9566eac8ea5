"""Metrics without truth: how tight and how far apart the clusters are in their own space."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float32, Float64, Int
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    pairwise_distances_chunked,
)

__all__ = ["internal", "silhouettes"]

Points = Float64[np.ndarray, "images dim"]
Members = Int[np.ndarray, " images"]
Profile = Float64[np.ndarray, " images"]

_NEAR = 1e-4
"""Nearer than this share of their length, two points' distance is lost in rounding."""

_MEGABYTE = 2**20


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


def _row(points: Points, labels: Int[np.ndarray, " images"], profile: Profile) -> dict[str, float]:
    clustered = labels >= 0
    clusters, members = np.unique(labels[clustered], return_inverse=True)
    row = {"clusters": float(len(clusters)), "coverage": float(clustered.mean())}
    if not 2 <= len(clusters) < len(members):
        return row | dict.fromkeys(_SCORES, np.nan)
    inside, shape = points[clustered], profile[clustered]
    return row | {name: float(score(inside, members, shape)) for name, score in _SCORES.items()}


def _silhouette(points: Points, members: Members, profile: Profile) -> float:
    return float(profile[~np.isnan(profile)].mean())


def _silhouette_macro(points: Points, members: Members, profile: Profile) -> float:
    known, sizes = ~np.isnan(profile), np.bincount(members)
    counts = np.bincount(members[known], minlength=len(sizes))
    sums = np.bincount(members[known], profile[known], len(sizes))
    if known.all():
        return float((sums / sizes).mean())
    # A sample holds too few of the clusters of one image, all of which have 0.
    seen = (counts > 0) & (sizes > 1)
    return float((sums[seen] / counts[seen]).mean() * (sizes > 1).mean()) if seen.any() else 0.0


def _calinski_harabasz(points: Points, members: Members, profile: Profile) -> float:
    return float(calinski_harabasz_score(points, members))


def _davies_bouldin(points: Points, members: Members, profile: Profile) -> float:
    return float(davies_bouldin_score(points, members))


_SCORES: dict[str, Callable[[Points, Members, Profile], float]] = {
    "silhouette": _silhouette,
    "silhouette_macro": _silhouette_macro,
    "calinski_harabasz": _calinski_harabasz,
    "davies_bouldin": _davies_bouldin,
}
"""Each from the clustered points, the cluster of each, and the silhouette of each."""


def silhouettes(
    points: Float32[np.ndarray, "images dim"],
    labels: Int[np.ndarray, "runs images"],
    working_memory: int = 256,
) -> Float64[np.ndarray, "runs images"]:
    """Return the silhouette of each image in each run (Rousseeuw 1987), Euclidean.

    It is (b - a) / max(a, b), with a the mean distance to the others of its cluster and b the
    least mean distance to another cluster: -1 to 1, higher is better; 0 for an image alone in
    its cluster. nan for noise, and for all images where there is one cluster, or where each
    image is one. All runs share one pass over the distances in float64 (more passes where the
    runs are many and the images too), and those between near-duplicates are exact.

    Args:
        points: the space that was clustered.
        labels: the cluster of each image in each run; noise, -1, is left out of its run.
        working_memory: about how many MB a pass may take, the result aside.
    """
    distinct, runs = np.unique(labels, axis=0, return_inverse=True)
    # Distances stay the same, and lose less to rounding around the mean.
    centred = points.astype(np.float64)
    centred -= centred.mean(axis=0)
    partitions = [_Partition.of(row) for row in distinct]
    result = np.full(distinct.shape, np.nan)
    most_columns = max(1, working_memory * _MEGABYTE // 2 // (8 * max(1, len(points))))
    for group in _groups(partitions, most_columns):
        scored = [partitions[number] for number in group]
        result[group] = _one_pass(centred, scored, working_memory / 2)
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
    points: Float64[np.ndarray, "images dim"], partitions: list[_Partition], working_memory: float
) -> Float64[np.ndarray, "runs images"]:
    columns = sum(len(partition.sizes) for partition in partitions)
    belongs = np.zeros((len(points), columns))
    first = 0
    for partition in partitions:
        inside = np.flatnonzero(partition.cluster >= 0)
        belongs[inside, first + partition.cluster[inside]] = 1
        first += len(partition.sizes)

    def of_block(
        distances: Float64[np.ndarray, "block images"], start: int
    ) -> Float64[np.ndarray, "block runs"]:
        _make_near_exact(distances, start, points)
        sums = distances @ belongs
        scores = np.empty((len(distances), len(partitions)))
        first = 0
        for number, partition in enumerate(partitions):
            last = first + len(partition.sizes)
            scores[:, number] = _score(partition, distances, sums[:, first:last], start)
            first = last
        return scores

    blocks = pairwise_distances_chunked(points, reduce_func=of_block, working_memory=working_memory)
    return np.concatenate(list(blocks)).T


def _score(
    partition: _Partition,
    distances: Float64[np.ndarray, "block images"],
    sums: Float64[np.ndarray, "block clusters"],
    start: int,
) -> Float64[np.ndarray, " block"]:
    """Return the silhouettes of a block of images from their summed distances to each cluster."""
    rows = slice(start, start + len(distances))
    own = partition.cluster[rows]
    grouped = np.flatnonzero(own >= 0)
    within = sums[grouped, own[grouped]] / (partition.sizes[own[grouped]] - 1)
    means = sums[grouped] / partition.sizes
    means[np.arange(len(grouped)), own[grouped]] = np.inf
    nearest = means.min(axis=1)
    if len(partition.alone):
        nearest = np.minimum(nearest, distances[np.ix_(grouped, partition.alone)].min(axis=1))
    larger = np.maximum(within, nearest)
    scores = np.full(len(distances), np.nan)
    # Where all of both clusters are copies of one image, neither is nearer.
    scores[grouped] = np.divide(
        nearest - within, larger, out=np.zeros_like(larger), where=larger > 0
    )
    alone: Bool[np.ndarray, " singletons"] = (partition.alone >= rows.start) & (
        partition.alone < rows.stop
    )
    scores[partition.alone[alone] - start] = 0
    return scores


def _make_near_exact(
    distances: Float64[np.ndarray, "block images"],
    start: int,
    points: Float64[np.ndarray, "images dim"],
) -> None:
    """Compute the distances between near-duplicates again, in place, by their differences.

    They come as the root of a difference of large squares, which leaves 1e-8 between copies.
    """
    block = points[start : start + len(distances)]
    near = distances < _NEAR * np.linalg.norm(block, axis=1, keepdims=True)
    rows, columns = np.nonzero(near)
    pairs = max(1, distances.size // points.shape[1])
    for first in range(0, len(rows), pairs):
        part = slice(first, first + pairs)
        differences = block[rows[part]] - points[columns[part]]
        distances[rows[part], columns[part]] = np.linalg.norm(differences, axis=1)
