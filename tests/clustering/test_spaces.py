"""Promises of the spaces: the stated geometry, and errors that name the limits."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

from embedbench.clustering.spaces import check_lengths, check_space, to_space
from embedbench.errors import InputError

VECTORS = np.random.default_rng(0).normal(3, 2, size=(60, 12)).astype(np.float32)
SPACES = ("l2", "raw", "center-l2", "pca:5", "whiten", "tsne:2")


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 8), st.integers(1, 5)),
        elements=st.floats(-(2.0**100), 2.0**100, width=32),
    )
)
def test_l2_rows_have_length_one_and_zeros_stay_zeros(vectors: np.ndarray) -> None:
    rows = to_space(vectors, "l2", 0)
    zeros = ~vectors.any(axis=1)
    assert np.allclose(np.linalg.norm(rows[~zeros].astype(np.float64), axis=1), 1, atol=1e-5)
    assert not rows[zeros].any()


def test_raw_is_the_vectors_themselves() -> None:
    assert np.array_equal(to_space(VECTORS, "raw", 0), VECTORS)


def test_center_l2_removes_the_common_offset() -> None:
    moved = VECTORS + np.float32(7)
    rows = to_space(VECTORS, "center-l2", 0)
    assert np.allclose(rows, to_space(moved, "center-l2", 0), atol=1e-5)
    assert np.allclose(rows, normalize(VECTORS - VECTORS.mean(axis=0)), atol=1e-6)


def test_all_components_keep_every_distance() -> None:
    rows = to_space(VECTORS, "pca:12", 0)
    assert np.allclose(pdist(rows), pdist(normalize(VECTORS)), atol=1e-5)


@pytest.mark.parametrize("images", [8, 60])
def test_pca_is_that_of_scikit_learn_on_unit_rows(images: int) -> None:
    expected = PCA(3, svd_solver="full").fit_transform(normalize(VECTORS[:images]))
    found = to_space(VECTORS[:images], "pca:3", 0)
    assert found.dtype == np.float32
    assert np.allclose(np.abs(found), np.abs(expected), atol=1e-5)


def test_whitened_components_are_uncorrelated_with_variance_one() -> None:
    rows = to_space(VECTORS, "whiten", 0)
    assert np.allclose(np.cov(rows.T, ddof=0), np.eye(rows.shape[1]), atol=1e-4)


def test_whitening_keeps_the_fewest_components_with_half_of_the_variance() -> None:
    variance = PCA().fit(normalize(VECTORS)).explained_variance_ratio_
    kept = to_space(VECTORS, "whiten", 0).shape[1]
    assert variance[: kept - 1].sum() < 0.5 <= variance[:kept].sum()


@pytest.mark.parametrize("space", SPACES)
def test_the_same_seed_gives_the_same_bytes(space: str) -> None:
    assert to_space(VECTORS, space, 3).tobytes() == to_space(VECTORS, space, 3).tobytes()


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("images", [4, 5, 9])
def test_identical_images_get_finite_rows(space: str, images: int) -> None:
    if space == "pca:5" and images < 5:
        space = "pca:2"
    rows = to_space(np.repeat(VECTORS[:1], images, axis=0), space, 0)
    assert rows.shape[0] == images
    assert np.isfinite(rows).all()


def test_tsne_keeps_two_far_groups_apart() -> None:
    vectors = np.abs(VECTORS) * 0.1
    vectors[:30, 0] += 10
    vectors[30:, 1] += 10
    plane = to_space(vectors, "tsne:2", 0)
    first, second = plane[:30], plane[30:]
    gap = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert plane.shape == (60, 2)
    assert gap > 2 * max(first.std(), second.std())


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("umap") is None, reason="umap-learn is not installed")
def test_umap_is_seeded_and_survives_an_installed_tensorflow() -> None:
    one, other = to_space(VECTORS, "umap:3", 0), to_space(VECTORS, "umap:3", 0)
    assert one.shape == (60, 3)
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("space", ["l3", "pca", "pca:0", "pca:x", "tsne:3", "whiten:3", "", "L2"])
def test_the_error_for_an_unknown_space_lists_the_spaces(space: str) -> None:
    with pytest.raises(InputError, match=rf"unknown space '{space}'; spaces: l2, raw, center-l2"):
        check_space(space)
    with pytest.raises(InputError, match="unknown space"):
        to_space(VECTORS, space, 0)


@pytest.mark.parametrize("space", [*SPACES, "umap:50"])
def test_a_known_space_passes(space: str) -> None:
    check_space(space)


@pytest.mark.parametrize(("space", "highest"), [("pca:13", 12), ("umap:59", 58)])
def test_the_error_for_too_many_components_names_the_maximum(space: str, highest: int) -> None:
    with pytest.raises(InputError, match=f"'{space}' has too many .* at most {highest} fit"):
        to_space(VECTORS, space, 0)


@pytest.mark.parametrize("length", [1e30, 3e38, 1e-30])
def test_lengths_whose_squares_float32_cannot_hold_are_an_error(length: float) -> None:
    points = np.full((4, 1), 1e-3, np.float32) * np.float32(min(length, 1))
    points[2] = length
    with np.errstate(over="ignore", under="ignore"):
        assert points[2] ** 2 in (0, np.inf)
    with pytest.raises(InputError, match="space 'raw' the longest vector has the length"):
        check_lengths(points, "raw")


@pytest.mark.parametrize("length", [0, 1, 1e-12, 1e12])
def test_other_lengths_and_zeros_pass(length: float) -> None:
    check_lengths(np.full((4, 1), length, np.float32), "raw")


def test_tsne_of_three_images_is_an_error() -> None:
    with pytest.raises(InputError, match="needs at least 4 images; there are 3"):
        to_space(VECTORS[:3], "tsne:2", 0)
