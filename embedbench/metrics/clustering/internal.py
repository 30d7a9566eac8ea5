"""Metrics without truth: compactness and separation of the clusters in their own space."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float32, Float64, Int
from scipy.sparse import csr_array

from embedbench.clustering.distances import Distances
from embedbench.metrics.clustering.silhouette import silhouettes

__all__ = ["internal"]

_BLOCK = 256
"""Number of images at once, so that they stay in the processor's cache."""


def internal(
    points: Float32[np.ndarray, "images dim"],
    labels: Int[np.ndarray, "runs images"],
    profiles: Float64[np.ndarray, "runs images"] | None = None,
) -> pd.DataFrame:
    """Return compactness and separation of the clusters, one row per run.

    Columns: `clusters`, `coverage` and the metrics that need no truth, as `METRICS` of
    `embedbench.metrics.clustering.catalogue` describes them. nan if there is one cluster, or one
    cluster for each image. They do not compare spaces.

    Args:
        points: clustered points, one row per image.
        labels: cluster of each image in each run; noise, -1, is left out of its run.
        profiles: `silhouettes` of these partitions, if already computed; if they are of a sample,
            nan elsewhere, the means are estimated from it.
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
    """Clusters of one run, and the quantities that its scores share.

    Attributes:
        points: points without noise.
        members: cluster of each point.
        silhouettes: silhouette of each point.
        sizes: size of each cluster.
        centres: mean of each cluster.
        away: distance of each point from its centre.
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
        """Return the clusters, given the points, their labels and their silhouettes."""
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
        """Which points have a silhouette: those of the sample, or all."""
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
    scored = clusters.known
    if scored.all():
        return float(clusters.means(clusters.silhouettes).mean())
    members, values = clusters.members[scored], clusters.silhouettes[scored]
    counts = np.bincount(members, minlength=len(clusters.sizes))
    sums = np.bincount(members, values, len(clusters.sizes))
    # A sample misses most clusters of one image; their silhouette is 0.
    several = clusters.sizes > 1
    seen = several & (counts > 0)
    return float((sums[seen] / counts[seen]).mean() * several.mean()) if seen.any() else 0.0


def _calinski_harabasz(clusters: _Clusters) -> float:
    """Return the score; 1 if all points equal their centre, as in scikit-learn."""
    within = (clusters.away**2).sum()
    spread = clusters.centres - clusters.points.mean(axis=0)
    between = clusters.sizes @ (spread**2).sum(axis=1)
    count, number = len(clusters.points), len(clusters.sizes)
    return float(between * (count - number) / (within * (number - 1))) if within > 0 else 1.0


def _davies_bouldin(clusters: _Clusters) -> float:
    """Return the score; 0 if all points equal their centre, or all centres are equal."""
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
"""Scores of the clusters of one run."""
