"""Promises of the metrics of geometry: known shapes, and invariance."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import ortho_group
from sklearn.metrics.pairwise import cosine_similarity

from embedbench.metrics.embedding.geometry import (
    anisotropy,
    centred_directions,
    effective_rank,
    intrinsic_dimension,
)

RANDOM = np.random.default_rng(0)
CLOUD = (RANDOM.normal(size=(80, 12)) * np.linspace(0.1, 1, 12) + 0.3).astype(np.float32)
ROTATION = ortho_group.rvs(12, random_state=0)
METRICS = [effective_rank, intrinsic_dimension, anisotropy]
metrics = pytest.mark.parametrize("metric", METRICS)
Metric = Callable[[np.ndarray], float]


def sphere(dimension: int, images: int = 2000, dim: int = 12) -> np.ndarray:
    """Return points on a sphere of `dimension` dimensions, rotated into `dim` dimensions."""
    points = np.zeros((images, dim))
    points[:, : dimension + 1] = RANDOM.normal(size=(images, dimension + 1))
    return np.asarray(points @ ROTATION, dtype=np.float32)


@metrics
def test_lengths_rotations_and_the_order_of_images_change_nothing(metric: Metric) -> None:
    lengths = RANDOM.uniform(0.5, 900, (80, 1))
    moved = (CLOUD.astype(np.float64) @ ROTATION * lengths)[RANDOM.permutation(80)]
    assert metric(moved.astype(np.float32)) == pytest.approx(metric(CLOUD), rel=1e-4)


@metrics
def test_the_input_is_unchanged_and_the_result_reproducible(metric: Metric) -> None:
    before = CLOUD.copy()
    assert metric(CLOUD) == metric(CLOUD)
    assert np.array_equal(CLOUD, before)


@metrics
@pytest.mark.parametrize("shape", [(0, 5), (1, 5), (3, 0)])
def test_it_is_nan_where_there_is_nothing_to_compare(
    metric: Metric, shape: tuple[int, int]
) -> None:
    assert np.isnan(metric(np.ones(shape, dtype=np.float32)))


@pytest.mark.parametrize("dim", [1, 3, 20])
def test_axes_and_their_opposites_spread_over_all_dimensions(dim: int) -> None:
    axes = np.eye(dim, dtype=np.float32)
    assert effective_rank(np.concatenate([axes, -5 * axes])) == pytest.approx(dim)


def test_orthogonal_images_have_rank_one_less_than_their_number() -> None:
    assert effective_rank(np.eye(7, 40, dtype=np.float32)) == pytest.approx(6)


@pytest.mark.parametrize("shape", [(60, 9), (9, 60), (30, 30)])
def test_effective_rank_is_that_of_a_full_decomposition(shape: tuple[int, int]) -> None:
    vectors = RANDOM.normal(1, 1, shape).astype(np.float32)
    rows = vectors.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    shares = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
    # The mean that is taken off leaves one direction fewer than images.
    shares = shares[: min(shape[0] - 1, shape[1])] / shares.sum()
    assert effective_rank(vectors) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))


def test_linearly_dependent_columns_add_no_rank() -> None:
    repeated = np.tile(CLOUD, (1, 20))
    assert effective_rank(repeated) == pytest.approx(effective_rank(CLOUD), rel=1e-6)


def test_copies_of_one_image_have_no_spread() -> None:
    copies = np.tile(CLOUD[:1], (50, 1)) * np.arange(1, 51, dtype=np.float32)[:, None]
    assert centred_directions(copies) is None
    assert np.isnan(effective_rank(copies))
    assert anisotropy(copies) == pytest.approx(1)


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_points_of_a_sphere_have_its_dimension(dimension: int) -> None:
    assert intrinsic_dimension(sphere(dimension)) == pytest.approx(dimension, rel=0.1)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_the_dimension_is_the_slope_of_the_fit_through_the_origin(share: float) -> None:
    rows = CLOUD.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    nearest = np.sort(cdist(rows, rows), axis=1)[:, 1:3]
    kept = min(79, round(80 * (1 - share)))
    ratios = np.log(np.sort(nearest[:, 1] / nearest[:, 0]))[:kept, None]
    ranks = -np.log(1 - np.arange(1, kept + 1) / 80)
    slope = np.linalg.lstsq(ratios, ranks)[0][0]
    assert intrinsic_dimension(CLOUD, share) == pytest.approx(slope)


def test_copies_of_images_change_no_dimension() -> None:
    doubled = np.concatenate([CLOUD, CLOUD[:50], 2 * CLOUD[:30]])
    assert intrinsic_dimension(doubled) == pytest.approx(intrinsic_dimension(CLOUD))


def test_near_copies_are_measured_by_their_differences() -> None:
    # On a circle: angles of pairs that are 1e-6 apart, next to angles far from them.
    angles = np.repeat(np.linspace(0, 6, 40), 2)
    angles[1::2] += 1e-6
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    rows = circle.astype(np.float64) / np.linalg.norm(circle.astype(np.float64), axis=1)[:, None]
    rows = np.unique(rows, axis=0)
    nearest = np.sort(cdist(rows, rows), axis=1)[:, 1:3]
    kept = len(rows) - round(0.1 * len(rows))
    ratios = np.sort(np.log(nearest[:, 1] / nearest[:, 0]))[:kept]
    ranks = -np.log(1 - np.arange(1, kept + 1) / len(rows))
    slope = np.linalg.lstsq(ratios[:, None], ranks)[0][0]
    assert intrinsic_dimension(circle) == pytest.approx(slope)


def test_the_dimension_is_nan_for_few_images_and_for_equal_distances() -> None:
    assert np.isnan(intrinsic_dimension(CLOUD[:10]))
    assert np.isfinite(intrinsic_dimension(CLOUD[:11]))
    assert np.isnan(intrinsic_dimension(np.repeat(CLOUD[:9], 20, axis=0)))
    assert np.isnan(intrinsic_dimension(np.eye(30, dtype=np.float32)))


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_that_leaves_nothing_is_an_error(share: float) -> None:
    with pytest.raises(ValueError, match=f"at least 0 and below 1; not {share}"):
        intrinsic_dimension(CLOUD, share)


def test_anisotropy_is_the_mean_cosine_of_scikit_learn() -> None:
    cosines = cosine_similarity(CLOUD.astype(np.float64))
    assert anisotropy(CLOUD) == pytest.approx(cosines[~np.eye(80, dtype=bool)].mean())


def test_anisotropy_of_cases_by_hand() -> None:
    assert anisotropy(np.array([[2, 0], [-3, 0]], dtype=np.float32)) == -1
    assert anisotropy(np.eye(5, dtype=np.float32)) == 0
    # Three at 120 degrees: each pair has the cosine -1/2, the least that three can have.
    third = np.arange(3) * 2 * np.pi / 3
    corners = np.stack([np.cos(third), np.sin(third)], axis=1).astype(np.float32)
    assert anisotropy(corners) == pytest.approx(-1 / 2)
    # One pair of three has a cosine of 1; those with the zeros have 0.
    assert anisotropy(np.array([[1, 1], [2, 2], [0, 0]], dtype=np.float32)) == pytest.approx(1 / 3)


def test_rows_of_zeros_bring_no_nan() -> None:
    holed = CLOUD.copy()
    holed[:3] = 0
    assert all(np.isfinite(metric(holed)) for metric in METRICS)
