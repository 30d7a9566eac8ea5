"""Promises of the criteria that choose k: the true one where there is one, else none."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from sklearn.cluster import KMeans as ScikitKMeans
from sklearn.datasets import make_blobs
from threadpoolctl import threadpool_limits

from embedbench.analysis.k_selection import KSelection, select_k
from embedbench.clustering.clusterers import KMeans
from embedbench.clustering.null_reference import null_references
from embedbench.metrics.clustering.silhouette import silhouettes

CRITERIA = ("elbow", "silhouette", "gap")
SEEDS = [range(6), pytest.param(range(20), marks=pytest.mark.soak)]
"""At most one in twenty may be wrong, so none of a few."""
Draw = Callable[[np.random.Generator], np.ndarray]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def choose(points: np.ndarray, ks: Sequence[int], seed: int = 0) -> KSelection:
    points = points.astype(np.float32)
    runs = KMeans().run(points, ks, range(5))
    return select_k(points, runs, silhouettes(points, runs.labels).mean(axis=1), seed)


def on_sphere(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


STRUCTURELESS: dict[str, Draw] = {
    "Gaussian": lambda random: random.normal(size=(80, 16)),
    "cube": lambda random: random.uniform(size=(60, 3)),
    "sphere": lambda random: on_sphere(random.normal(size=(60, 80))),
    "long": lambda random: random.normal(size=(60, 5)) * [10, 1, 1, 1, 1],
}


@pytest.mark.parametrize("seeds", SEEDS, ids=len)
@pytest.mark.parametrize("draw", STRUCTURELESS.values(), ids=STRUCTURELESS)
def test_data_without_clusters_has_no_clear_k(draw: Draw, seeds: range) -> None:
    choices = [choose(draw(np.random.default_rng(seed)), range(2, 6), seed) for seed in seeds]
    for criterion in CRITERIA:
        wrong = sum(getattr(choice, criterion) is not None for choice in choices)
        assert wrong <= len(seeds) // 20, criterion


@pytest.mark.parametrize("seeds", SEEDS, ids=len)
@pytest.mark.parametrize(
    ("clusters", "dim", "sizes", "apart"),
    [
        (2, 16, [30, 30], 12),
        (3, 2, [20, 10, 30], 10),
        (4, 120, [30, 10, 15, 15], 20),
    ],
)
def test_far_apart_clusters_are_counted(
    clusters: int, dim: int, sizes: list[int], apart: float, seeds: range
) -> None:
    choices = []
    for seed in seeds:
        random = np.random.default_rng(seed)
        centres = far_apart(random, clusters, dim, apart)
        points, _ = make_blobs(sizes, dim, centers=centres, random_state=seed)
        choices.append(choose(points, range(2, 7), seed))
    for criterion in CRITERIA:
        found = [getattr(choice, criterion) for choice in choices]
        wrong = [k for k in found if k is None or abs(k - clusters) > 1]
        assert len(wrong) <= len(seeds) // 20, (criterion, found)


def far_apart(random: np.random.Generator, clusters: int, dim: int, apart: float) -> np.ndarray:
    """Draw centres until all are at least `apart` standard deviations apart."""
    while True:
        centres = random.uniform(-2 * apart, 2 * apart, (clusters, dim))
        distances = np.linalg.norm(centres[:, None] - centres, axis=2)
        if (distances + np.eye(clusters) * apart >= apart).all():
            return centres


@pytest.mark.parametrize("ks", [[2], [3], [2, 3], [2, 4], [2, 3, 4], [3, 2]])
def test_a_few_ks_do(ks: list[int]) -> None:
    points = np.random.default_rng(0).normal(size=(30, 4))
    assert choose(points, ks).curve["k"].tolist() == sorted(ks)


def test_copies_of_few_images_do() -> None:
    points = np.repeat(np.eye(4), 6, axis=0)
    choice = choose(points, [2, 3, 4])
    assert choice.silhouette == 4
    assert np.isfinite(choice.curve["gap"]).all()


def test_the_curve_holds_means_over_the_seeds() -> None:
    points = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
    runs = KMeans().run(points, [2, 5], [0, 1, 2])
    silhouette = silhouettes(points, runs.labels).mean(axis=1)
    curve = select_k(points, runs, silhouette, 0).curve
    assert curve["inertia"].tolist() == [
        pytest.approx(
            np.mean(
                [ScikitKMeans(k, n_init=10, random_state=s).fit(points).inertia_ for s in range(3)]
            ),
            rel=1e-5,
        )
        for k in (2, 5)
    ]
    assert curve["silhouette"][1] == pytest.approx(silhouette[3:].mean())
    assert (curve["inertia_null_low"] <= curve["inertia_null_high"]).all()


def test_the_same_seed_gives_the_same_choice_and_curve() -> None:
    points = np.random.default_rng(0).normal(size=(60, 6))
    assert choose(points, [2, 3, 4], 7).curve.equals(choose(points, [2, 3, 4], 7).curve)
    assert not choose(points, [2, 3, 4], 7).curve.equals(choose(points, [2, 3, 4], 8).curve)


@pytest.mark.parametrize("shape", [(50, 5), (40, 100)])
def test_a_reference_has_the_mean_and_covariance_of_the_points(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    points = (random.exponential(size=shape) * np.arange(1, shape[1] + 1)).astype(np.float32)
    for reference in null_references(points, 0, 2):
        assert np.allclose(reference.mean(axis=0), points.mean(axis=0), rtol=1e-3)
        expected = np.cov(points.T.astype(np.float64))
        assert np.allclose(np.cov(reference.T), expected, atol=1e-3 * np.abs(expected).max())


def test_references_of_points_of_unit_length_have_it_and_differ() -> None:
    points = on_sphere(np.random.default_rng(0).normal(1, 1, size=(50, 20))).astype(np.float32)
    one, other = null_references(points, 0, 2)
    assert np.allclose(np.linalg.norm(one, axis=1), 1, atol=1e-6)
    assert not np.allclose(one, other)
