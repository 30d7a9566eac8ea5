"""K-means: many starts on few principal components, the best one refined in the full space."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

__all__ = ["Fit", "fit_kmeans"]

_STARTS = 10
_COMPONENTS = 50


@dataclass(frozen=True)
class Fit:
    """One K-means partition: its labels, and its inertia in the full space."""

    labels: Int[np.ndarray, " images"]
    inertia: float


def fit_kmeans(
    points: Float32[np.ndarray, "images dim"], pairs: Sequence[tuple[int, int]]
) -> list[Fit]:
    """Return scikit-learn's K-means of the points for each pair of k and seed.

    Of 10 starts (k-means++) the one with the lowest inertia is kept. Where there are many
    dimensions the starts are run on the first 50 principal components, and the best one's
    centres moved on in the full space: 4 to 7 times faster, at no higher inertia on average.

    Args:
        points: what is clustered.
        pairs: k and seed of each run; k at most the number of different points.
    """
    with warnings.catch_warnings():
        # Points that differ only outside the components seem fewer than k there.
        warnings.filterwarnings("ignore", "Number of distinct clusters", ConvergenceWarning)
        if min(points.shape) <= 2 * _COMPONENTS:
            return [_fit(points, k, seed) for k, seed in pairs]
        # Starting places need not be exact, and the full decomposition costs more than it saves.
        pca = PCA(_COMPONENTS, svd_solver="randomized", random_state=0)
        with np.errstate(invalid="ignore"):
            components = pca.fit_transform(points)
        return [_refine(points, _fit(components, k, seed).labels, k) for k, seed in pairs]


def _fit(points: Float32[np.ndarray, "images dim"], k: int, seed: int) -> Fit:
    kmeans = KMeans(k, n_init=_STARTS, random_state=seed).fit(points)
    return Fit(kmeans.labels_, float(kmeans.inertia_))


def _refine(
    points: Float32[np.ndarray, "images dim"], labels: Int[np.ndarray, " images"], k: int
) -> Fit:
    clusters = np.unique(labels)
    if len(clusters) < k:
        return _fit(points, k, seed=0)
    centres = np.stack([points[labels == cluster].mean(axis=0) for cluster in clusters])
    kmeans = KMeans(k, n_init=1, init=centres).fit(points)
    return Fit(kmeans.labels_, float(kmeans.inertia_))
