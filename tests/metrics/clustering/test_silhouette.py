"""Promises of the silhouettes: scikit-learn's values, also for near-duplicates and samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist
from sklearn.metrics import silhouette_samples

from embedbench.metrics.clustering.silhouette import silhouettes, silhouettes_of

RANDOM = np.random.default_rng(0)
POINTS = (RANDOM.normal(size=(90, 8)) + RANDOM.integers(0, 3, (90, 1)) * 2).astype(np.float32)
LABELS = np.stack([RANDOM.integers(0, k, 90) for k in (2, 3, 5, 9, 20)])
NEAR = st.one_of(
    st.integers(0, 2).map(float), st.floats(-(2.0**-20), 2.0**-20, width=32).map(lambda x: 1 + x)
)


def scikit(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """scikit-learn's silhouettes from distances that no rounding has touched."""
    wide = points.astype(np.float64)
    return np.asarray(silhouette_samples(cdist(wide, wide), labels, metric="precomputed"))


@pytest.mark.parametrize("quick", [False, True])
def test_silhouettes_are_those_of_scikit_learn(quick: bool) -> None:
    for row, labels in zip(silhouettes(POINTS, LABELS, quick=quick), LABELS, strict=True):
        assert np.allclose(row, silhouette_samples(POINTS, labels), atol=1e-5)


def test_a_silhouette_by_hand() -> None:
    # Of 0: a = 1, b = (10 + 12) / 2; of 1: a = 1, b = 10; of 10: a = 2, b = 9.5.
    points = np.array([[0], [1], [10], [12]], dtype=np.float32)
    found = silhouettes(points, np.array([[0, 0, 1, 1]]))[0]
    assert found == pytest.approx([10 / 11, 9 / 10, 7.5 / 9.5, 9.5 / 11.5])


@given(
    arrays(np.float32, (9, 3), elements=NEAR),
    arrays(np.int64, (3, 9), elements=st.integers(0, 3)),
    st.floats(0, 1e4, width=32),
    st.booleans(),
)
def test_duplicates_and_near_duplicates_far_from_the_origin_lose_nothing(
    points: np.ndarray, labels: np.ndarray, offset: float, quick: bool
) -> None:
    points = (points + np.float32(offset)).astype(np.float32)
    for row, found in zip(labels, silhouettes(points, labels, quick=quick), strict=True):
        if 2 <= len(np.unique(row)) < 9:
            assert np.allclose(found, scikit(points, row), atol=1e-5)
        else:
            assert np.isnan(found).all()


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("apart", [0, 1e-7, 1e-4, 0.1, 0.5])
def test_near_duplicates_in_many_dimensions_lose_nothing(apart: float, quick: bool) -> None:
    base = RANDOM.normal(size=(20, 512))
    copies = np.repeat(base, 4, axis=0) + RANDOM.normal(size=(80, 512)) * apart
    points = np.concatenate([copies, base]).astype(np.float32)
    of_copies = np.append(np.arange(80) // 2, np.arange(20))
    labels = np.stack([of_copies, *RANDOM.integers(0, 30, (4, 100))])
    for row, found in zip(labels, silhouettes(points, labels, quick=quick), strict=True):
        assert np.allclose(found, scikit(points, row), atol=1e-5)


def test_little_memory_changes_nothing_but_rounding() -> None:
    points = RANDOM.normal(size=(500, 6)).astype(np.float32)
    labels = RANDOM.integers(0, 200, (12, 500))
    assert np.allclose(silhouettes(points, labels), silhouettes(points, labels, 1), atol=1e-9)


def test_an_image_alone_in_its_cluster_has_silhouette_zero_and_is_a_neighbour() -> None:
    labels = LABELS[1:2].copy()
    labels[0, :4] = [50, 51, 52, 53]
    found = silhouettes(POINTS, labels)[0]
    assert (found[:4] == 0).all()
    assert np.allclose(found, scikit(POINTS, labels[0]), atol=1e-5)


def test_noise_images_are_nan_and_do_not_count() -> None:
    labels = LABELS.copy()
    labels[:, 60:] = -1
    found = silhouettes(POINTS, labels)
    assert np.isnan(found[:, 60:]).all()
    assert np.allclose(found[:, :60], silhouettes(POINTS[:60], LABELS[:, :60]), atol=1e-9)


@pytest.mark.parametrize(
    "labels",
    [[0, 0, 0, 0], [0, 1, 2, 3], [-1, -1, -1, -1], [0, -1, -1, -1], [0, 1, -1, -1]],
    ids=["one cluster", "n clusters", "all noise", "one image", "two images alone"],
)
def test_silhouettes_are_nan_where_they_are_not_defined(labels: list[int]) -> None:
    rows = np.arange(4)
    assert np.isnan(silhouettes(POINTS[:4], np.array([labels]))).all()
    assert np.isnan(silhouettes_of(POINTS[:4], np.array([labels]), rows)).all()


def test_silhouettes_of_a_sample_are_those_among_all_images() -> None:
    sample = np.array([0, 3, 4, 20, 55, 89])
    noisy = np.where(RANDOM.random(90) < 0.3, -1, LABELS[2])
    alone = np.where(noisy < 0, 100 + np.arange(90), noisy)
    labels = np.stack([*LABELS, noisy, alone, np.zeros(90, dtype=np.int64), np.arange(90)])
    exact, sampled = silhouettes(POINTS, labels), silhouettes_of(POINTS, labels, sample)
    assert sampled[:, sample] == pytest.approx(exact[:, sample], abs=1e-9, nan_ok=True)
    assert np.isnan(np.delete(sampled, sample, axis=1)).all()
    assert np.array_equal(silhouettes_of(POINTS, labels, None), exact, equal_nan=True)


def test_no_runs_give_no_rows() -> None:
    assert silhouettes(POINTS, np.zeros((0, 90), dtype=int)).shape == (0, 90)
