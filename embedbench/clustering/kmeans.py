"""K-means: many starts on few principal components, the best one refined in the full space."""

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
"""Of scikit-learn, in few dimensions."""

_COMPONENTS = 64
_QUICK_STARTS = 20
_STEPS = 6
_ENDS = 3
_TRIALS = 4
"""Points drawn for each starting place, of which the best is taken; scikit-learn's for k = 20."""


@dataclass(frozen=True)
class Fit:
    """One K-means partition: its labels, and its inertia in the full space."""

    labels: Int[np.ndarray, " images"]
    inertia: float


def fit_kmeans(
    points: Float32[np.ndarray, "images dim"], pairs: Sequence[tuple[int, int]]
) -> list[Fit]:
    """Return scikit-learn's K-means of the points for each pair of k and seed.

    In up to 128 dimensions it is scikit-learn's, the best of 10 starts (k-means++). Where there
    are more, 20 starts are run for 6 steps on the first 64 principal components, the best three
    of them to the end, and the centres of the best one moved on in the full space. The starting
    places for k are the first k of those for more, so that a seed's are drawn once for all k.
    This is 6 to 15 times faster than 10 starts in the full space, at no higher inertia on average.

    Args:
        points: what is clustered.
        pairs: k and seed of each run; k at most the number of different points.
    """
    if min(points.shape) <= 2 * _COMPONENTS:
        return [_plain(points, k, seed) for k, seed in pairs]
    # Starting places need not be exact, and the full decomposition costs more than it saves.
    pca = PCA(_COMPONENTS, svd_solver="randomized", iterated_power=2, random_state=0)
    with np.errstate(invalid="ignore"):
        components = np.ascontiguousarray(pca.fit_transform(points))
    distances = Distances(components)
    most = {seed: max(k for k, other in pairs if other == seed) for _, seed in pairs}
    places = {seed: _starting_places(distances, k, seed) for seed, k in most.items()}
    return [_quick(points, components, places[seed][:, :k], seed) for k, seed in pairs]


def _plain(points: Float32[np.ndarray, "images dim"], k: int, seed: int) -> Fit:
    kmeans = KMeans(k, n_init=_STARTS, random_state=seed).fit(points)
    return Fit(kmeans.labels_, float(kmeans.inertia_))


def _starting_places(distances: Distances, k: int, seed: int) -> Int[np.ndarray, "starts k"]:
    """Return the points where the centres start: greedy k-means++ (Arthur, Vassilvitskii 2007).

    The first one is any point; a point is drawn as the next with the square of its distance to
    the nearest place so far, a few are drawn, and the one that lowers the sum of these most taken.
    """
    random = np.random.default_rng(seed)
    count = len(distances)
    every = slice(0, count)
    places = np.empty((_QUICK_STARTS, k), dtype=np.int64)
    places[:, 0] = random.integers(count, size=_QUICK_STARTS)
    nearest = distances.between(places[:, 0], every) ** 2
    for place in range(1, k):
        sums = np.cumsum(nearest, axis=1)
        drawn = random.random((_QUICK_STARTS, _TRIALS)) * sums[:, -1:]
        tried = np.stack(
            [np.searchsorted(one, at, "right") for one, at in zip(sums, drawn, strict=True)]
        ).clip(max=count - 1)
        lowered = (distances.between(tried.ravel(), every) ** 2).reshape(*tried.shape, count)
        np.minimum(lowered, nearest[:, None], out=lowered)
        best = lowered.sum(axis=2).argmin(axis=1)
        nearest = lowered[np.arange(_QUICK_STARTS), best]
        places[:, place] = tried[np.arange(_QUICK_STARTS), best]
    return places


def _quick(
    points: Float32[np.ndarray, "images dim"],
    components: Float32[np.ndarray, "images components"],
    places: Int[np.ndarray, "starts k"],
    seed: int,
) -> Fit:
    k = places.shape[1]
    starts = [_lloyd(components, components[place], _STEPS, 0.0) for place in places]
    leading = sorted(starts, key=_inertia)[:_ENDS]
    ends = [_lloyd(components, start.cluster_centers_) for start in leading]
    kmeans = min(ends, key=_inertia)
    clusters = np.unique(kmeans.labels_)
    if len(clusters) < k:
        return _plain(points, k, seed)
    centres = [points[kmeans.labels_ == cluster].mean(axis=0) for cluster in clusters]
    kmeans = _lloyd(points, np.stack(centres))
    return Fit(kmeans.labels_, float(kmeans.inertia_))


def _inertia(kmeans: KMeans) -> float:
    return float(kmeans.inertia_)


def _lloyd(
    points: Float32[np.ndarray, "images dim"],
    centres: Float32[np.ndarray, "k dim"],
    steps: int = 300,
    tolerance: float = 1e-4,
) -> KMeans:
    kmeans = KMeans(len(centres), n_init=1, init=centres, max_iter=steps, tol=tolerance)
    with (
        warnings.catch_warnings(),
        sklearn.config_context(assume_finite=True, skip_parameter_validation=True),
    ):
        # Points that differ only outside the components seem fewer than k there.
        warnings.filterwarnings("ignore", "Number of distinct clusters", ConvergenceWarning)
        return kmeans.fit(points)
