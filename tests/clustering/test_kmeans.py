"""Promises of the quick K-means: as good as scikit-learn's, and reproducible."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, make_blobs
from sklearn.metrics import adjusted_rand_score

from embedbench.clustering.kmeans import fit_kmeans

RANDOM = np.random.default_rng(0)


def datasets() -> dict[str, np.ndarray]:
    sphere = RANDOM.normal(size=(300, 256))
    return {
        "blobs": make_blobs(400, 256, centers=12, cluster_std=4, random_state=0)[0],
        "digits": load_digits().data[:500],
        "sphere": sphere / np.linalg.norm(sphere, axis=1, keepdims=True),
        "decaying": RANDOM.normal(size=(400, 200)) * np.arange(1, 201) ** -0.5,
        "overlapping": RANDOM.normal(size=(8, 200))[RANDOM.integers(0, 8, 500)] * 0.3
        + RANDOM.normal(size=(500, 200)),
    }


@pytest.mark.parametrize("points", datasets().values(), ids=datasets())
def test_kmeans_is_as_good_as_ten_starts_in_the_full_space(points: np.ndarray) -> None:
    points = points.astype(np.float32)
    for k in (2, 8, 15):
        fits = fit_kmeans(points, [(k, seed) for seed in range(10)])
        peers = [KMeans(k, n_init=10, random_state=seed).fit(points) for seed in range(10)]
        peer_mean = np.mean([peer.inertia_ for peer in peers])
        assert np.mean([fit.inertia for fit in fits]) <= 1.001 * peer_mean


def test_in_few_dimensions_it_is_scikit_learns() -> None:
    points = RANDOM.normal(size=(150, 128)).astype(np.float32)
    (fit,) = fit_kmeans(points, [(5, 3)])
    peer = KMeans(5, n_init=10, random_state=3).fit(points)
    assert adjusted_rand_score(peer.labels_, fit.labels) == 1
    assert fit.inertia == pytest.approx(peer.inertia_)


def test_a_partition_does_not_depend_on_the_other_ks_and_seeds() -> None:
    points = RANDOM.normal(size=(200, 150)).astype(np.float32)
    pairs = [(k, seed) for k in (2, 4, 9) for seed in (0, 3)]
    together = fit_kmeans(points, pairs)[pairs.index((4, 3))]
    (alone,) = fit_kmeans(points, [(4, 3)])
    assert np.array_equal(together.labels, alone.labels)


def test_inertia_is_the_squared_distance_to_the_means_in_the_full_space() -> None:
    points = RANDOM.normal(size=(150, 130)).astype(np.float32)
    (fit,) = fit_kmeans(points, [(4, 0)])
    clusters = [points[fit.labels == cluster] for cluster in range(4)]
    by_hand = sum(((c - c.mean(axis=0)) ** 2).sum(dtype=np.float64) for c in clusters)
    assert fit.inertia == pytest.approx(by_hand, rel=1e-4)


def test_images_that_differ_outside_the_components_are_separated() -> None:
    points = np.eye(140, dtype=np.float32)
    (fit,) = fit_kmeans(points, [(139, 0)])
    assert len(np.unique(fit.labels)) == 139


def test_no_pairs_give_no_fits() -> None:
    assert fit_kmeans(RANDOM.normal(size=(20, 5)).astype(np.float32), []) == []
