"""K-means: many starts on few principal components, the best refined in the full space."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sklearn
from jaxtyping import Float32, Int
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from embedbench.clustering.distances import Distances

__all__ = ["Fit", "fit_kmeans"]

_STARTS = 10
"""Starts of scikit-learn's K-means, in few dimensions."""

_QUICK_STARTS = 12
_STEPS = 10
_COMPONENTS = 64
_TRIALS = 4
"""Candidates drawn for each initial centre; scikit-learn's number for k = 20."""


@dataclass(frozen=True)
class Fit:
    """A K-means partition: labels, and inertia in the full space."""

    labels: Int[np.ndarray, " images"]
    inertia: float


def fit_kmeans(
    points: Float32[np.ndarray, "images dim"], pairs: Sequence[tuple[int, int]]
) -> list[Fit]:
    """Return a K-means partition of the points for each pair of k and seed.

    With up to 128 dimensions it is scikit-learn's, the best of 10 starts (k-means++). With more,
    12 starts run on the first 64 principal components, and the best of them is refined in the
    full space, at no higher inertia on average than 10 starts there. The initial centres for k
    are the first k of those for a larger k, so each seed draws once for all k.

    Args:
        points: points to cluster, one row per image.
        pairs: k and seed of each run; k at most the number of distinct points.
    """
    if min(points.shape) <= 2 * _COMPONENTS:
        return [_plain(points, k, seed) for k, seed in pairs]
    # Initial centres need not be exact, and a full decomposition costs more than it saves.
    pca = PCA(_COMPONENTS, svd_solver="randomized", iterated_power=2, random_state=0)
    with np.errstate(invalid="ignore"):
        components = np.ascontiguousarray(pca.fit_transform(points))
    distances = Distances(components)
    most = {seed: max(k for k, run_seed in pairs if run_seed == seed) for _, seed in pairs}
    starts = {seed: _initial_centres(distances, k, seed) for seed, k in most.items()}
    return [_quick(points, components, starts[seed][:, :k], seed) for k, seed in pairs]


def _plain(points: Float32[np.ndarray, "images dim"], k: int, seed: int) -> Fit:
    kmeans = KMeans(k, n_init=_STARTS, random_state=seed).fit(points)
    return Fit(kmeans.labels_, float(kmeans.inertia_))


def _initial_centres(distances: Distances, k: int, seed: int) -> Int[np.ndarray, "starts k"]:
    """Return row numbers of the initial centres: greedy k-means++ (Arthur, Vassilvitskii 2007).

    The first centre is drawn uniformly. For each further centre, a few candidates are drawn with
    probability proportional to the squared distance to the nearest centre so far; the candidate
    that lowers the sum of these squares most is taken.
    """
    random = np.random.default_rng(seed)
    count = len(distances)
    every = slice(0, count)
    centres = np.empty((_QUICK_STARTS, k), dtype=np.int64)
    centres[:, 0] = random.integers(count, size=_QUICK_STARTS)
    nearest = distances.between(centres[:, 0], every) ** 2
    for centre in range(1, k):
        sums = np.cumsum(nearest, axis=1)
        drawn = random.random((_QUICK_STARTS, _TRIALS)) * sums[:, -1:]
        candidates = np.stack(
            [np.searchsorted(row, draws, "right") for row, draws in zip(sums, drawn, strict=True)]
        ).clip(max=count - 1)
        lowered = distances.between(candidates.ravel(), every) ** 2
        lowered = lowered.reshape(*candidates.shape, count)
        np.minimum(lowered, nearest[:, None], out=lowered)
        best = lowered.sum(axis=2).argmin(axis=1)
        nearest = lowered[np.arange(_QUICK_STARTS), best]
        centres[:, centre] = candidates[np.arange(_QUICK_STARTS), best]
    return centres


def _quick(
    points: Float32[np.ndarray, "images dim"],
    components: Float32[np.ndarray, "images components"],
    centre_rows: Int[np.ndarray, "starts k"],
    seed: int,
) -> Fit:
    k = centre_rows.shape[1]
    start = _best(components, components[centre_rows], _STEPS)
    kmeans = _best(components, start.cluster_centers_[None])
    clusters = np.unique(kmeans.labels_)
    if len(clusters) < k:
        return _plain(points, k, seed)
    centres = [points[kmeans.labels_ == cluster].mean(axis=0) for cluster in clusters]
    kmeans = _best(points, np.stack(centres)[None])
    return Fit(kmeans.labels_, float(kmeans.inertia_))


def _best(
    points: Float32[np.ndarray, "images dim"],
    starts: Float32[np.ndarray, "starts k dim"],
    steps: int = 300,
) -> KMeans:
    """Return the best K-means from these initial centres, in one call: its checks cost a start."""
    # scikit-learn takes the mean away before it asks for the centres of the next start.
    centred = iter(starts - points.mean(axis=0))
    kmeans = KMeans(
        starts.shape[1],
        n_init=len(starts),
        init=lambda *_, random_state: next(centred),
        max_iter=steps,
    )
    with (
        warnings.catch_warnings(),
        sklearn.config_context(assume_finite=True, skip_parameter_validation=True),
    ):
        # Points that differ only outside the components look like fewer than k distinct points.
        warnings.filterwarnings("ignore", "Number of distinct clusters", ConvergenceWarning)
        return kmeans.fit(points)
