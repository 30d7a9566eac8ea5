"""Promises of consistency: scores of augmented views by hand, and nan without views."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score

from embedbench.metrics.base import Estimate
from embedbench.metrics.embedding.consistency import cluster_retention, consistency

ANGLES = np.array([0.0, 10, 25, 45, 70])


def kept_by_runs(
    vectors: np.ndarray, labels: np.ndarray, copies: np.ndarray, rows: np.ndarray
) -> Estimate:
    """The runs are seeds of one k."""
    return cluster_retention(vectors, labels[None], copies, rows)


def at(*degrees: float) -> np.ndarray:
    """Points on the unit circle."""
    turns = np.radians(degrees)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)


def example(seed: int, images: int = 30) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors, near copies of every third of them, and the rows of these."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(images, 8)).astype(np.float32)
    rows = np.arange(0, images, 3)
    noise = 0.8 * random.normal(size=(2, len(rows), 8))
    return vectors, (vectors[rows] + noise).astype(np.float32), rows


@pytest.mark.parametrize(
    ("angle", "found", "kept"),
    [
        (0, 1, 1),
        (4, 1, 1),  # still nearest to 0; of the others to 10 and 25
        (24, 0, 1),  # nearest to 25; of the others, 0 left out, to 25 and 10
        (44, 0, 1 / 3),  # nearest to 45 and 25, not to 10: one of three in common
        (69, 0, 0),  # nearest to 70 and 45
    ],
)
def test_a_copy_finds_its_image_and_its_neighbours(angle: int, found: int, kept: float) -> None:
    copies, rows = at(angle)[None], np.array([0])
    result = consistency(at(*ANGLES), copies, rows, np.arange(5), neighbours=2)
    assert result.found.tolist() == [[found]]
    assert result.kept[0, 0] == pytest.approx(kept)


def test_finding_a_duplicate_counts_as_finding_the_image() -> None:
    """Image 2 is a copy of image 0: it may be found, and is no neighbour."""
    copies, rows, groups = at(24)[None], np.array([0]), np.array([0, 1, 0, 2, 3])
    result = consistency(at(*ANGLES), copies, rows, groups, neighbours=2)
    assert result.found.tolist() == [[1]]
    assert result.kept.tolist() == [[1]]  # 10 and 45, for both


def test_a_missing_view_is_nan() -> None:
    vectors, copies, rows = example(0)
    holes = copies.copy()
    holes[1, 4] = np.nan
    whole, found = (consistency(vectors, made, rows, np.arange(30)) for made in (copies, holes))
    for values, expected in ((found.found, whole.found), (found.kept, whole.kept)):
        assert np.argwhere(np.isnan(values)).tolist() == [[1, 4]]
        np.testing.assert_array_equal(
            np.delete(values.ravel(), 14), np.delete(expected.ravel(), 14)
        )
    nothing = consistency(vectors, np.full_like(copies, np.nan), rows, np.arange(30))
    assert np.isnan(nothing.found).all() and np.isnan(nothing.kept).all()


def test_fewer_images_than_neighbours_keep_them_all() -> None:
    vectors, copies, rows = example(1, images=6)
    assert (consistency(vectors, copies, rows, np.arange(6)).kept == 1).all()


def test_images_of_one_duplicate_group_have_no_neighbours() -> None:
    vectors, copies, rows = example(1, images=6)
    found = consistency(vectors, copies, rows, np.zeros(6, dtype=int))
    assert (found.found == 1).all() and np.isnan(found.kept).all()


@settings(max_examples=20)
@given(seed=st.integers(0, 9999))
def test_rotating_and_scaling_the_vectors_changes_nothing(seed: int) -> None:
    vectors, copies, rows = example(seed)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(8, 8)))[0]
    labels = np.stack([np.arange(30) % 4, np.arange(30) % 7])
    turned, turned_copies = ((3 * part @ turn).astype(np.float32) for part in (vectors, copies))
    one = consistency(vectors, copies, rows, np.arange(30))
    other = consistency(turned, turned_copies, rows, np.arange(30))
    np.testing.assert_array_equal(one.found, other.found)
    np.testing.assert_allclose(one.kept, other.kept)
    scores = [
        kept_by_runs(vectors, labels, copies, rows),
        kept_by_runs(turned, labels, turned_copies, rows),
    ]
    np.testing.assert_allclose(scores[0].estimates, scores[1].estimates, atol=1e-9)
    assert ((one.found == 0) | (one.found == 1)).all()
    assert (one.kept >= 0).all() and (one.kept <= 1).all()


def test_independent_copies_find_nothing() -> None:
    """By chance one in as many images is found: 1 / 200, of 1,000 copies about 5."""
    random = np.random.default_rng(0)
    vectors = random.normal(size=(200, 16)).astype(np.float32)
    copies = random.normal(size=(5, 200, 16)).astype(np.float32)
    found = consistency(vectors, copies, np.arange(200), np.arange(200))
    assert found.found.sum() < 15  # 4 standard deviations
    assert found.kept.mean() < 0.06  # 10 of 199 common: a Jaccard index of about 0.027


def four_clusters() -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat(np.arange(4), 5)
    spread = np.tile(np.arange(-2, 3), 4)
    return at(*(90 * labels + spread)), labels


def test_views_in_the_clusters_of_their_images_score_one() -> None:
    vectors, labels = four_clusters()
    rows = np.arange(0, 20, 2)
    found = kept_by_runs(vectors, labels[None], np.stack([vectors[rows]] * 3), rows)
    assert found.mean == pytest.approx(1)
    assert found.n_images == 10 and found.smoothing_error[0] > 0


def test_cluster_retention_is_the_ami_of_where_the_copies_fall() -> None:
    vectors, labels = four_clusters()
    rows = np.arange(0, 20, 2)
    random = np.random.default_rng(3)
    falls = random.integers(4, size=(3, 10))
    copies = np.stack([at(*(90 * row)) for row in falls])
    found = kept_by_runs(vectors, labels[None], copies, rows)
    expected = [adjusted_mutual_info_score(labels[rows], row) for row in falls]
    assert found.mean == pytest.approx(np.mean(expected))
    others = np.setdiff1d(np.arange(20), rows)
    assert not found.influence[:, others].any() and found.influence[:, rows].any()
    assert found.influence.sum() == pytest.approx(0, abs=1e-9)


def test_an_image_without_one_of_its_copies_does_not_count() -> None:
    vectors, labels = four_clusters()
    rows = np.arange(0, 20, 2)
    copies = np.stack([vectors[rows], vectors[rows][::-1]])
    holes = copies.copy()
    holes[1, 3] = np.nan
    found = kept_by_runs(vectors, labels[None], holes, rows)
    left = [number for number in range(10) if number != 3]
    without = kept_by_runs(vectors, labels[None], copies[:, left], rows[left])
    assert found.n_images == 9
    np.testing.assert_allclose(found.estimates, without.estimates)


def test_noise_is_no_cluster() -> None:
    """Were noise one, the copies would fall into it, for they lie nearest to its mean."""
    vectors = at(0, 2, 90, 92, 40, 44)
    labels = np.array([[0, 0, 1, 1, -1, -1]])
    found = kept_by_runs(vectors, labels, at(42, 42, 48, 48)[None], np.arange(4))
    assert found.mean == pytest.approx(1)
    assert np.isnan(kept_by_runs(vectors, 0 * labels - 1, at(1)[None], np.array([0])).mean)


def test_one_cluster_has_no_score() -> None:
    vectors, copies, rows = example(2)
    found = kept_by_runs(vectors, np.zeros((2, 30), dtype=int), copies, rows)
    assert np.isnan(found.estimates).all() and np.isnan(found.mean)


def test_no_views_have_no_score() -> None:
    vectors, labels = four_clusters()
    copies = np.full((2, 3, 2), np.nan, dtype=np.float32)
    copies[0] = vectors[:3]  # one change worked, the other for no image
    assert np.isnan(kept_by_runs(vectors, labels[None], copies, np.arange(3)).mean)


def test_no_argument_is_changed() -> None:
    vectors, copies, rows = example(4)
    labels, groups = np.stack([np.arange(30) % 4]), np.arange(30)
    before = [part.copy() for part in (vectors, copies, rows, labels, groups)]
    consistency(vectors, copies, rows, groups)
    kept_by_runs(vectors, labels, copies, rows)
    for part, old in zip((vectors, copies, rows, labels, groups), before, strict=True):
        np.testing.assert_array_equal(part, old)
