"""Promises of the clusterers: correct, reproducible partitions, and clear errors."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import AgglomerativeClustering
from sklearn.datasets import load_digits, make_blobs
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from embedbench.clustering.clusterers import (
    Agglomerative,
    Clusterer,
    Hdbscan,
    KMeans,
    max_k,
    parse_clusterer,
    run_clusterers,
)
from embedbench.errors import InputError

RANDOM = np.random.default_rng(0)
POINTS, TRUTH = make_blobs(90, 10, centers=3, cluster_std=0.5, random_state=0)
POINTS = POINTS.astype(np.float32)
ALL: list[Clusterer] = [
    KMeans(),
    Agglomerative(),
    Agglomerative(linkage="average"),
    Hdbscan(),
    Hdbscan(min_cluster_size=10, min_samples=3),
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


@pytest.mark.parametrize("clusterer", ALL, ids=lambda clusterer: clusterer.name)
def test_far_apart_blobs_are_found(clusterer: Clusterer) -> None:
    found = clusterer.run(POINTS, [3], [0])
    assert adjusted_rand_score(TRUTH, found.labels[0]) == 1
    assert found.labels.dtype == np.int32


@pytest.mark.parametrize("clusterer", ALL, ids=lambda clusterer: clusterer.name)
def test_a_clusterer_is_parsed_from_its_name(clusterer: Clusterer) -> None:
    assert parse_clusterer(clusterer.name) == clusterer


@pytest.mark.parametrize("clusterer", ALL, ids=lambda clusterer: clusterer.name)
def test_the_same_seed_gives_the_same_bytes(clusterer: Clusterer) -> None:
    points = RANDOM.normal(size=(150, 120)).astype(np.float32)
    one, other = (clusterer.run(points, [2, 7], [0, 1]) for _ in range(2))
    assert one.labels.tobytes() == other.labels.tobytes()
    assert one.runs.equals(other.runs)


@pytest.mark.parametrize(("linkage", "metric"), [("ward", "euclidean"), ("average", "cosine")])
def test_one_tree_cut_at_every_k_is_scikit_learn_at_every_k(linkage: str, metric: str) -> None:
    points = RANDOM.normal(size=(80, 20)).astype(np.float32)
    ks = list(range(2, 80))
    found = Agglomerative(linkage).run(points, ks, [0]).labels
    for k, labels in zip(ks, found, strict=True):
        peer = AgglomerativeClustering(k, linkage=linkage, metric=metric).fit_predict(points)
        assert adjusted_rand_score(peer, labels) == 1


def test_one_tree_is_scikit_learn_at_every_k_where_distances_are_tied() -> None:
    digits = load_digits().data[:150].astype(np.float32)
    for points in (np.concatenate([digits, digits[:50]]), digits > 7):
        points = points.astype(np.float32)
        ks = list(range(2, max_k(points) + 1, 5))
        for k, labels in zip(ks, Agglomerative().run(points, ks, [0]).labels, strict=True):
            peer = AgglomerativeClustering(k).fit_predict(points.astype(np.float64))
            assert adjusted_rand_score(peer, labels) == 1


@given(arrays(np.float32, (9, 2), elements=st.integers(0, 2)), st.sampled_from(["ward", "average"]))
def test_ties_and_duplicates_leave_the_number_of_clusters_exact(
    points: np.ndarray, linkage: str
) -> None:
    ks = list(range(2, max_k(points) + 1))
    found = Agglomerative(linkage).run(points, ks, [0])
    assert [len(np.unique(labels)) for labels in found.labels] == ks


@given(arrays(np.float32, (9, 2), elements=st.integers(0, 2)))
@settings(max_examples=25)
def test_kmeans_of_duplicates_has_at_most_k_clusters_and_no_warning(points: np.ndarray) -> None:
    ks = list(range(2, max_k(points) + 1))
    found = KMeans().run(points, ks, [0])
    assert all(len(np.unique(row)) == k for row, k in zip(found.labels, ks, strict=True))


def test_hdbscan_calls_scattered_images_noise() -> None:
    points = np.concatenate([POINTS, RANDOM.uniform(-100, 100, (10, 10)).astype(np.float32)])
    labels = Hdbscan().run(points, [], [0]).labels[0]
    assert (labels[-10:] == -1).all()
    assert (labels[:90] >= 0).mean() > 0.9


@pytest.mark.parametrize("images", [2, 3, 6])
def test_hdbscan_of_few_images_is_all_noise(images: int) -> None:
    assert (Hdbscan().run(POINTS[:images], [], [0]).labels == -1).all()


def test_run_clusterers_stacks_all_runs_with_their_settings() -> None:
    clusterers: list[Clusterer] = [KMeans(), Agglomerative(), Hdbscan()]
    found = run_clusterers(POINTS, clusterers, [2, 3], [5, 6])
    names = ["kmeans"] * 4 + ["agglomerative"] * 2 + ["hdbscan"]
    assert found.labels.shape == (7, 90)
    assert found.runs["clusterer"].tolist() == names
    assert found.runs["seed"].tolist() == [5, 6, 5, 6, 5, 5, 5]
    assert found.runs["k"].dtype == "Int64"
    assert found.runs["k"].dropna().tolist() == [2, 2, 3, 3, 2, 3]
    assert found.runs["inertia"].notna().tolist() == [True] * 4 + [False] * 3


def test_clusters_are_numbered_in_order_of_appearance() -> None:
    for labels in run_clusterers(POINTS, ALL, [2, 3, 5], [0, 1]).labels:
        _, first = np.unique(labels[labels >= 0], return_index=True)
        assert (np.diff(first) > 0).all()


@pytest.mark.parametrize("clusterer", [KMeans(), Agglomerative()])
@pytest.mark.parametrize("k", [0, 1, 90])
def test_the_error_for_a_k_out_of_range_names_the_range(clusterer: Clusterer, k: int) -> None:
    with pytest.raises(InputError, match=f"`k` must be between 2 and 89 for 90 images; not {k}"):
        clusterer.run(POINTS, [3, k], [0])


def test_the_error_for_a_k_above_the_distinct_images_names_their_number() -> None:
    points = np.repeat(POINTS[:4], 5, axis=0)
    with pytest.raises(InputError, match="between 2 and 4 for 20 images, 4 of them different; not"):
        KMeans().run(points, [5], [0])
    with pytest.raises(InputError, match="2 images are too few to cluster"):
        KMeans().run(POINTS[:2], [2], [0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dbscan", "unknown clusterer 'dbscan'; clusterers: agglomerative, hdbscan, kmeans"),
        ("hdbscan,size=3", "has no field 'size'; its fields: min_cluster_size, min_samples"),
        ("kmeans,k=3", "'kmeans' has no field 'k'; its fields: none"),
        ("hdbscan,min_cluster_size=a", "`min_cluster_size` must be a whole number; not 'a'"),
        ("hdbscan,min_cluster_size=1", "`min_cluster_size` must be at least 2; not 1"),
        ("hdbscan,min_samples=-1", "`min_samples` must be at least 0; not -1"),
        ("agglomerative,linkage=single", "must be one of average, ward; not 'single'"),
        ("agglomerative,linkage", "'linkage' must be field=value"),
    ],
)
def test_an_invalid_clusterer_is_an_error(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_clusterer(text)


def test_run_clusterers_needs_a_clusterer_and_a_seed() -> None:
    with pytest.raises(InputError, match="at least one clusterer and one seed"):
        run_clusterers(POINTS, [], [2], [0])
    with pytest.raises(InputError, match="at least one clusterer and one seed"):
        run_clusterers(POINTS, [KMeans()], [2], [])
