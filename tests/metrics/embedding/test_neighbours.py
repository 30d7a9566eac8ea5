"""Promises of the neighbours, and of the predictions and hubness from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import skew
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

from embedbench.metrics.embedding.classification import knn_correct
from embedbench.metrics.embedding.geometry import hubness
from embedbench.metrics.embedding.neighbours import (
    Neighbourhood,
    neighbourhood,
    overlap,
)

RANDOM = np.random.default_rng(0)
TRUTH = RANDOM.integers(0, 4, 80)
VECTORS = (RANDOM.normal(size=(80, 6)) + np.eye(4, 6)[TRUTH]).astype(np.float32)
ALONE = np.arange(80)
WIDE = VECTORS.astype(np.float64)


def test_neighbours_are_those_of_scikit_learn() -> None:
    found = neighbourhood(VECTORS, None, ALONE, most=12)
    peer = NearestNeighbors(n_neighbors=12, metric="cosine").fit(WIDE)
    distances, nearest = peer.kneighbors()
    assert np.array_equal(found.nearest, nearest)
    assert np.allclose(found.similarity, 1 - distances, atol=1e-7)
    assert found.labelled is None and found.labelled_similarity is None


def test_a_scaled_row_is_a_duplicate() -> None:
    times = np.array([1, 3, 0.7, 0.01], dtype=np.float32)
    scaled = np.concatenate([VECTORS[:20] * time for time in times])
    found = neighbourhood(scaled, None, ALONE)
    expected = [[row + 20 * copy for copy in range(4)] for row in range(20)] * 4
    for image, (nearest, copies) in enumerate(zip(found.nearest, expected, strict=True)):
        assert nearest[:3].tolist() == [copy for copy in copies if copy != image]
    assert (found.similarity[:, :3] == 1).all()


def test_equal_rows_are_neighbours_in_the_order_of_the_rows() -> None:
    truth = np.repeat([0, 1, 2], [6, 3, 1])
    vectors = np.full((10, 5), 0.1) * np.array([[3], [1]] * 5)
    found = neighbourhood(vectors.astype(np.float32), truth, np.arange(10))
    assert found.nearest[4, :9].tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert np.isnan(knn_correct(found, truth, np.arange(10))[9])


FEW = arrays(np.float32, (9, 3), elements=st.integers(-2, 2).map(float))
CODES = arrays(np.int64, 9, elements=st.integers(-1, 2))
GROUPS = arrays(np.int64, 9, elements=st.integers(0, 4))


@given(FEW, CODES, GROUPS, st.integers(1, 12))
def test_neighbours_are_in_order_never_of_the_own_group_and_as_many_as_there_are(
    vectors: np.ndarray, truth: np.ndarray, groups: np.ndarray, most: int
) -> None:
    found = neighbourhood(vectors, truth, groups, most)
    cosines = cosine_similarity(vectors.astype(np.float64)).round(9)
    assert found.labelled is not None
    for nearest, allowed in [
        (found.nearest, np.ones(9, dtype=bool)),
        (found.labelled, truth >= 0),
    ]:
        for image, row in enumerate(nearest):
            others = np.flatnonzero((groups != groups[image]) & allowed)
            expected = sorted(others.tolist(), key=lambda other: -cosines[image, other])[:most]
            assert row.tolist() == expected + [-1] * (most - len(expected))
    assert np.array_equal(np.isnan(found.similarity), found.nearest < 0)


@given(st.permutations(range(80)))
def test_the_order_of_images_changes_no_score(order: list[int]) -> None:
    groups = ALONE // 2
    before = neighbourhood(VECTORS, TRUTH, groups)
    after = neighbourhood(VECTORS[order], TRUTH[order], groups[order])
    predicted = knn_correct(before, TRUTH, groups)[order]
    assert np.array_equal(predicted, knn_correct(after, TRUTH[order], groups[order]))
    assert hubness(before) == pytest.approx(hubness(after))


def test_the_number_of_blocks_changes_nothing() -> None:
    # A megabyte holds 16 rows of 2,000 pairs.
    vectors = RANDOM.normal(size=(2000, 5)).astype(np.float32)
    truth, groups = RANDOM.integers(-1, 4, 2000), RANDOM.integers(0, 1500, 2000)
    one = neighbourhood(vectors, truth, groups)
    many = neighbourhood(vectors, truth, groups, working_memory=1)
    assert one.asked is None and many.asked is None
    for name in vars(one).keys() - {"asked"}:
        assert np.array_equal(getattr(one, name), getattr(many, name), equal_nan=True), name


def test_close_vectors_are_distinguished() -> None:
    # Cosines of untrained networks: all above 0.99999.
    wide = RANDOM.normal(size=(50, 400)) * 1e-3 + 1
    vectors = wide.astype(np.float32)
    found = neighbourhood(vectors, None, np.arange(50), most=49)
    exact = vectors.astype(np.longdouble)
    exact /= np.sqrt((exact**2).sum(axis=1, keepdims=True))
    cosines = exact @ exact.T
    np.fill_diagonal(cosines, -np.inf)
    assert cosines[0, 1] > 0.99999
    assert np.array_equal(found.nearest, np.argsort(-cosines, axis=1)[:, :49])


def given_neighbours(*rows: list[int]) -> Neighbourhood:
    nearest = np.array(rows)
    return Neighbourhood(nearest, np.where(nearest < 0, np.nan, 0.5), None, None)


def test_hubness_and_overlap_of_a_case_by_hand() -> None:
    # Image 0 is the neighbour of three, 1 of three, 2 and 3 of one.
    one = given_neighbours([1, 2], [0, 3], [0, 1], [0, 1])
    other = given_neighbours([2, 3], [3, 0], [3, -1], [2, -1])
    assert hubness(one, 2) == pytest.approx(0)
    # First neighbours: 0 of three, 1 of one; m3 = (1 - 1 + 8) / 4 and m2 = (1 + 1 + 4) / 4.
    assert hubness(one, 1) == pytest.approx(((8 - 2) / 4) / (6 / 4) ** 1.5)
    assert overlap(one, other, 2) == pytest.approx((1 / 2 + 1 + 0 + 0) / 4)
    assert overlap(one, other, 1) == 0


def test_hubness_is_the_skewness_of_how_often_an_image_is_found() -> None:
    cosines = cosine_similarity(WIDE)
    np.fill_diagonal(cosines, -1)
    found = np.argsort(-cosines, axis=1)[:, :10]
    counts = [int((found == image).sum()) for image in range(80)]
    assert hubness(neighbourhood(VECTORS, None, ALONE)) == pytest.approx(skew(counts))


def test_an_image_near_all_others_makes_a_hub() -> None:
    # The mean has a cosine of 0.45 with all, any two others 0.2 on average.
    vectors = RANDOM.normal(0.5, size=(200, 100)).astype(np.float32)
    with_hub = vectors.copy()
    with_hub[0] = vectors.mean(axis=0)
    flat = hubness(neighbourhood(vectors, None, np.arange(200)))
    assert hubness(neighbourhood(with_hub, None, np.arange(200))) > flat + 1


def test_overlap_is_one_with_itself_and_at_chance_with_noise() -> None:
    one = neighbourhood(VECTORS, None, ALONE)
    turn = np.linalg.qr(RANDOM.normal(size=(6, 6)))[0]
    turned = neighbourhood((WIDE @ turn * 3).astype(np.float32), None, ALONE)
    noise = neighbourhood(RANDOM.normal(size=(80, 6)).astype(np.float32), None, ALONE)
    assert overlap(one, one) == 1
    assert overlap(one, turned) > 0.99
    assert overlap(one, noise) == pytest.approx(10 / 79, abs=0.04)
    assert overlap(one, noise) == overlap(noise, one)


def test_few_images_have_few_neighbours() -> None:
    truth = np.array([0, 0, 1, 1])
    found = neighbourhood(VECTORS[:4], truth, np.arange(4))
    assert found.nearest.shape == (4, 50)
    assert (found.nearest[:, :3] >= 0).all() and (found.nearest[:, 3:] == -1).all()
    assert np.isin(knn_correct(found, truth, np.arange(4)), [0, 1]).all()
    assert overlap(found, neighbourhood(VECTORS[4:8], truth, np.arange(4))) == 1
    assert np.isnan(hubness(found))


@pytest.mark.parametrize("images", [1, 5])
def test_images_of_one_group_have_no_neighbours(images: int) -> None:
    truth = TRUTH[:images]
    groups = np.zeros(images, dtype=int)
    found = neighbourhood(VECTORS[:images], truth, groups)
    assert (found.nearest == -1).all() and np.isnan(found.similarity).all()
    assert np.isnan(knn_correct(found, truth, groups)).all()
    assert np.isnan(hubness(found)) and np.isnan(overlap(found, found))


def test_rows_of_zeros_have_cosine_zero() -> None:
    vectors = np.array([[0, 0], [1, 0], [-1, 0], [0, 0]], dtype=np.float32)
    found = neighbourhood(vectors, None, np.arange(4), most=3)
    assert found.similarity.tolist() == [[0, 0, 0], [0, 0, -1], [0, 0, -1], [0, 0, 0]]


def test_invalid_arguments_are_errors() -> None:
    found = neighbourhood(VECTORS, None, ALONE, most=5)
    with pytest.raises(ValueError, match="between 1 and 5, the number found; not 10"):
        hubness(found)
    with pytest.raises(ValueError, match="give `neighbourhood` the truth"):
        knn_correct(found, TRUTH, ALONE, 5)
    with pytest.raises(ValueError, match="same images; not 80 and 79"):
        overlap(found, neighbourhood(VECTORS[1:], None, ALONE[1:], most=5), 5)
