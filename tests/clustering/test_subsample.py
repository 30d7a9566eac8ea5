"""Promises of clustering from a sample: close to clustering all images."""

from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from embedbench.clustering.clusterers import Agglomerative, Clusterer, Hdbscan, KMeans
from embedbench.clustering.kmeans import fit_kmeans
from embedbench.clustering.limits import SampleLimit
from embedbench.clustering.subsample import (
    N_COMPONENTS,
    assign_to_nearest,
    kmeans_from_sample,
    reduce_dimensions,
    sample_points,
)
from embedbench.errors import InputError

FEW = SampleLimit(300)
POINTS, TRUTH = make_blobs(1500, 120, centers=6, cluster_std=3.0, random_state=0)
POINTS = POINTS.astype(np.float32)
SAMPLE = np.sort(np.random.default_rng(0).choice(1500, 300, replace=False, shuffle=False))
CLUSTERERS: list[Clusterer] = [
    KMeans(), Agglomerative(), Agglomerative(linkage="average"), Hdbscan()
]  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


@pytest.mark.parametrize("clusterer", CLUSTERERS, ids=lambda clusterer: clusterer.name)
def test_clusters_from_a_sample_are_those_of_all_images(clusterer: Clusterer) -> None:
    exact = clusterer.run(POINTS, [3, 6], [0, 1])
    large = clusterer.run(POINTS, [3, 6], [0, 1], FEW)
    columns = ["clusterer", "k", "seed"]
    assert large.runs[columns].equals(exact.runs[columns])
    of_six = (exact.runs["k"].isna() | (exact.runs["k"] == 6)).to_numpy()
    for one, other in zip(exact.labels[of_six], large.labels[of_six], strict=True):
        kept = (one >= 0) & (other >= 0)
        assert kept.mean() > 0.9 and adjusted_rand_score(one[kept], other[kept]) > 0.99


def test_kmeans_from_a_sample_costs_at_most_one_percent_of_inertia() -> None:
    pairs = [(4, 0), (9, 0)]
    exact = fit_kmeans(POINTS, pairs)
    large = kmeans_from_sample(POINTS, pairs, SAMPLE)
    ratios = [two.inertia / one.inertia for one, two in zip(exact, large, strict=True)]
    assert np.mean(ratios) < 1.01


def test_kmeans_with_too_few_sampled_images_per_cluster_starts_on_all_images() -> None:
    (exact,) = fit_kmeans(POINTS, [(20, 0)])
    (large,) = kmeans_from_sample(POINTS, [(20, 0)], SAMPLE)
    assert np.array_equal(exact.labels, large.labels)


def test_sampled_images_keep_the_labels_of_the_tree() -> None:
    own = Agglomerative().run(POINTS[SAMPLE], [5], [0])
    large = Agglomerative().run(POINTS, [5], [0], FEW)
    assert adjusted_rand_score(own.labels[0], large.labels[0][SAMPLE]) == 1


def test_a_tree_of_a_sample_has_at_most_as_many_clusters_as_sampled_images() -> None:
    with pytest.raises(InputError, match="`k` must be between 2 and 299 for 300 images; not 400"):
        Agglomerative().run(POINTS, [400], [0], FEW)


@pytest.mark.parametrize(("by_direction", "expected"), [(False, 0), (True, 1)])
def test_a_point_joins_the_nearest_mean_by_distance_or_by_direction(
    by_direction: bool, expected: int
) -> None:
    # (1, 1) is nearer to (0.5, 0), and has the direction of (9, 9).
    points = np.array([[0.5, 0], [9, 9], [1, 1], [4, -4]], dtype=np.float32)
    labels = assign_to_nearest(points, np.array([0, 1, 3]), np.array([0, 1, -1]), by_direction)
    assert labels.tolist() == [0, 1, expected, -1]


def test_dimensions_are_reduced_above_the_limit_only() -> None:
    assert reduce_dimensions(POINTS, SampleLimit(1500)) is POINTS
    reduced = reduce_dimensions(POINTS, FEW)
    exact = PCA(N_COMPONENTS, svd_solver="full").fit_transform(POINTS)
    assert reduced.shape == (1500, N_COMPONENTS)
    # Blobs of 6 centres: the first 5 components hold their differences.
    assert np.abs(reduced[:, :5]) == pytest.approx(np.abs(exact[:, :5]), abs=0.05)
    assert np.array_equal(sample_points(POINTS, SAMPLE), reduced[SAMPLE])
    assert sample_points(POINTS, None) is POINTS
