"""Promises of retrieval: scores of other libraries, intervals that count the gallery."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score
from sklearn.metrics.pairwise import cosine_similarity

from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.embedding.neighbours import neighbourhood
from embedbench.metrics.embedding.retrieval import (
    KS,
    Retrieval,
    neighbours_and_retrieval,
    retrieval,
)

RANDOM = np.random.default_rng(0)
TRUTH = RANDOM.integers(0, 4, 80)
VECTORS = (RANDOM.normal(size=(80, 6)) + np.eye(4, 6)[TRUTH]).astype(np.float32)
ALONE = np.arange(80)
QUERIES, GALLERY = ALONE[:30], ALONE[30:]
NAMES = ("average_precision", "r_precision", "reciprocal_rank", "precision@1", "recall@1",
         "precision@5", "recall@5", "precision@10", "recall@10")  # fmt: skip


def of(found: Retrieval, name: str) -> np.ndarray:
    return np.asarray(found.values[found.names.index(name)])


def at_angles(*degrees: float) -> np.ndarray:
    angles = np.array(degrees) * np.pi / 180
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


# Scores


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of numba, while it compiles ranx
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("images", [80, 42])
def test_scores_are_those_of_ranx(apart: bool, images: int) -> None:
    ranx = pytest.importorskip("ranx")
    vectors, truth, groups = VECTORS[:images], TRUTH[:images], ALONE[:images] // 2
    queries = np.arange(30) if apart else np.arange(images)
    gallery = np.arange(28, images) if apart else np.arange(images)
    found = retrieval(vectors, truth, groups, *((queries, gallery) if apart else ()))
    cosines = cosine_similarity(vectors.astype(np.float64))
    run: dict[str, dict[str, float]] = {}
    right: dict[str, dict[str, int]] = {}
    for query in queries:
        others = [int(image) for image in gallery if groups[image] != groups[query]]
        run[str(query)] = {str(image): float(cosines[query, image]) for image in others}
        right[str(query)] = {str(image): 1 for image in others if truth[image] == truth[query]}
    metrics = ["map", "r-precision", "mrr", *NAMES[3:]]
    expected = ranx.evaluate(ranx.Qrels(right), ranx.Run(run), metrics, return_mean=False)
    order = np.argsort([str(query) for query in queries])
    for name, metric in zip(NAMES, metrics, strict=True):
        assert of(found, name)[queries[order]] == pytest.approx(expected[metric]), name
    assert found.names == NAMES


def test_a_case_by_hand() -> None:
    # By angle from image 0: unknown, b, a, a, b; its class holds two others.
    vectors = at_angles(0, 10, 20, 30, 40, 5)
    found = retrieval(vectors, np.array([0, 1, 0, 0, 1, -1]), np.arange(6), ks=(1, 2, 20))
    assert found.average_precision[0] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found.values[found.names.index("r_precision"), 0] == pytest.approx(1 / 2)
    assert of(found, "reciprocal_rank")[0] == 1 / 2
    assert of(found, "precision@1")[0] == of(found, "recall@1")[0] == 0
    assert of(found, "precision@2")[0] == of(found, "recall@2")[0] == 1 / 2
    # Places that no image fills are wrong.
    assert of(found, "precision@20")[0] == 2 / 20 and of(found, "recall@20")[0] == 1
    assert np.isnan(found.values[:, 5]).all() and not len(found.unanswered)


FEW = arrays(np.float32, (9, 3), elements=st.integers(-2, 2).map(float))
CODES = arrays(np.int64, 9, elements=st.integers(-1, 2))
GROUPS = arrays(np.int64, 9, elements=st.integers(0, 4))


@given(FEW, CODES, GROUPS)
def test_average_precision_is_that_of_scikit_learn_with_ties_too(
    vectors: np.ndarray, truth: np.ndarray, groups: np.ndarray
) -> None:
    found = retrieval(vectors, truth, groups)
    cosines = cosine_similarity(vectors.astype(np.float64)).round(9)
    for image in range(9):
        others = (groups != groups[image]) & (truth >= 0)
        right = truth[others] == truth[image]
        if truth[image] < 0 or not right.any():
            assert np.isnan(found.values[:, image]).all()
            assert (image in found.unanswered) == (truth[image] >= 0)
            continue
        expected = average_precision_score(right, cosines[image, others])
        assert found.average_precision[image] == pytest.approx(expected)
        assert ((found.values[:, image] >= 0) & (found.values[:, image] <= 1 + 1e-12)).all()


def test_equal_rows_score_as_chance() -> None:
    truth = np.repeat([0, 1, 2], [6, 3, 1])
    vectors = np.full((10, 5), 0.1) * np.array([[3], [1]] * 5)
    found = retrieval(vectors.astype(np.float32), truth, np.arange(10), ks=(1, 5))
    expected = [5 / 9] * 6 + [2 / 9] * 3 + [np.nan]
    for name in ("average_precision", "r_precision", "precision@1", "precision@5"):
        assert of(found, name) == pytest.approx(expected, nan_ok=True), name
    assert of(found, "recall@5")[:9] == pytest.approx([5 / 9] * 9)
    assert found.unanswered.tolist() == [9]


def test_unlabelled_images_are_in_no_ranking() -> None:
    truth = np.where(RANDOM.random(80) < 0.5, TRUTH, -1)
    known = truth >= 0
    found = retrieval(VECTORS, truth, ALONE)
    without = retrieval(VECTORS[known], truth[known], ALONE[known])
    assert np.isnan(found.values[:, ~known]).all() and not found.moves[:, ~known].any()
    assert np.array_equal(found.values[:, known], without.values)
    assert np.array_equal(found.moves[:, known], without.moves)


@given(st.permutations(range(80)))
def test_the_order_of_images_changes_no_score_and_no_influence(order: list[int]) -> None:
    groups, ties = ALONE // 2, np.sign(VECTORS)
    for vectors in (VECTORS, ties):
        before = retrieval(vectors, TRUTH, groups)
        after = retrieval(vectors[order], TRUTH[order], groups[order])
        assert np.array_equal(before.values[:, order], after.values)
        assert before.moves[:, order] == pytest.approx(after.moves, abs=1e-9)


def test_the_number_of_blocks_changes_nothing() -> None:
    # A megabyte holds 16 rows of 2,000 pairs.
    vectors = RANDOM.normal(size=(2000, 5)).astype(np.float32)
    truth, groups = RANDOM.integers(-1, 4, 2000), RANDOM.integers(0, 1500, 2000)
    one = retrieval(vectors, truth, groups)
    many = retrieval(vectors, truth, groups, working_memory=1)
    assert np.array_equal(one.values, many.values, equal_nan=True)
    assert np.array_equal(one.moves, many.moves)


def test_one_pass_gives_both_neighbours_and_scores() -> None:
    truth, groups = np.where(ALONE % 9 == 0, -1, TRUTH), ALONE // 2
    for asked in (None, ALONE[::3]):
        near, found = neighbours_and_retrieval(VECTORS, truth, groups, 12, asked)
        expected = neighbourhood(VECTORS, truth, groups, 12, asked=asked)
        assert near.labelled is not None and expected.labelled is not None
        assert np.array_equal(near.nearest, expected.nearest)
        assert np.array_equal(near.labelled, expected.labelled)
        alone = retrieval(VECTORS, truth, groups, asked)
        assert np.array_equal(found.values, alone.values, equal_nan=True)
        assert np.array_equal(found.moves, alone.moves)


# Queries apart


def test_queries_apart_have_the_scores_and_the_gallery_the_influence() -> None:
    found = retrieval(VECTORS, TRUTH, ALONE, QUERIES, GALLERY)
    assert np.isfinite(found.values[:, QUERIES]).all() and np.isnan(found.values[:, GALLERY]).all()
    assert found.moving is not None and found.moving.tolist() == [False] * 30 + [True] * 50
    assert not found.moves[:, QUERIES].any() and found.moves[:, GALLERY].any(axis=0).all()
    score = found.estimates()["precision@5"]
    assert score.n_images == 30 and score.influence.sum() == pytest.approx(0)
    assert score.mean == pytest.approx(float(of(found, "precision@5")[QUERIES].mean()))


def test_a_copy_in_the_gallery_is_found_only_where_asked_for() -> None:
    # Image 1 is a copy of the query 0; 2 is wrong, 3 right.
    vectors, truth = at_angles(0, 0, 10, 20), np.array([0, 0, 1, 0])
    groups, gallery = np.array([5, 5, 1, 2]), np.arange(1, 4)
    apart = retrieval(vectors, truth, groups, np.array([0]), gallery)
    assert of(apart, "reciprocal_rank")[0] == 1 / 2 and of(apart, "recall@1")[0] == 0
    with_copy = retrieval(vectors, truth, np.arange(4), np.array([0]), gallery)
    assert of(with_copy, "reciprocal_rank")[0] == 1 and of(with_copy, "recall@1")[0] == 1 / 2
    # The query itself is not found even then, where it is in the gallery too.
    itself = retrieval(vectors, truth, np.arange(4), np.array([0]), np.arange(4))
    assert np.array_equal(itself.values, with_copy.values, equal_nan=True)


def test_queries_without_a_right_answer_are_told_and_do_not_count() -> None:
    truth = np.array([0, 1, 2, -1, 0, 0, 1])
    vectors = at_angles(0, 1, 2, 3, 4, 5, 6)
    found = retrieval(vectors, truth, np.arange(7), np.arange(4), np.arange(4, 7))
    assert found.unanswered.tolist() == [2]
    assert np.isnan(found.values[:, [2, 3]]).all() and np.isfinite(found.values[:, :2]).all()
    assert found.estimates()["recall@1"].n_images == 2


@pytest.mark.parametrize("gallery", [[], [3], [4]], ids=["none", "unknown class", "own group"])
def test_without_a_gallery_nothing_is_defined(gallery: list[int]) -> None:
    truth, groups = np.array([0, 0, 1, -1, 0]), np.array([0, 1, 2, 3, 0])
    rows = np.array(gallery, dtype=int)
    found = retrieval(at_angles(0, 1, 2, 3, 4), truth, groups, np.array([0]), rows)
    assert np.isnan(found.values).all() and not found.moves.any()
    assert found.unanswered.tolist() == [0]
    assert all(np.isnan(score.mean) for score in found.estimates().values())


def test_one_query_has_a_score_and_an_interval() -> None:
    found = retrieval(VECTORS, TRUTH, ALONE, np.array([3]))
    scores = found.estimates()
    assert all(score.n_images == 1 for score in scores.values())
    for name, (low, high) in PairedBootstrap(ALONE, 0).intervals(scores).items():
        assert low <= of(found, name)[3] <= high


@pytest.mark.parametrize("images", [0, 1])
def test_none_or_one_image_is_enough(images: int) -> None:
    found = retrieval(VECTORS[:images], TRUTH[:images], ALONE[:images])
    assert found.values.shape == (9, images) and np.isnan(found.values).all()


def test_a_k_below_one_is_an_error() -> None:
    with pytest.raises(ValueError, match="`ks` must be at least 1; not 0"):
        retrieval(VECTORS, TRUTH, ALONE, ks=(5, 0))


# Intervals


def test_the_highest_means_are_those_of_perfect_rankings() -> None:
    truth = np.repeat([0, 1, 2], [8, 4, 1])
    perfect = (np.eye(3)[truth] + RANDOM.normal(size=(13, 3)) * 0.01).astype(np.float32)
    noise = RANDOM.normal(size=(13, 3)).astype(np.float32)
    found = retrieval(noise, truth, np.arange(13))
    best = retrieval(perfect, truth, np.arange(13)).estimates()
    assert found.highest == pytest.approx([score.mean for score in best.values()])
    # Of 7 right answers one is 1 of 7: an interval of recall does not reach far above that.
    low, high = PairedBootstrap(np.arange(13), 0).intervals(found.estimates())["recall@1"]
    assert 0 <= low <= high < 0.5


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4), st.booleans(), st.booleans())
def test_the_total_influence_is_the_jackknifes(
    seed: int, classes: int, apart: bool, with_ties: bool
) -> None:
    """Whatever the images: the sum of average and R-precision, less that without an image."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(14, 5)).astype(np.float32)
    vectors = np.sign(vectors) if with_ties else vectors
    truth = random.integers(-1, classes, 14)
    truth[:4] = truth[-4:] = [0, 0, 1, 1]
    groups = random.integers(0, 11, 14)
    rows = np.arange(14)
    queries, gallery = (rows[:6], rows[5:]) if apart else (rows, rows)
    whole = retrieval(vectors, truth, groups, queries, gallery, ks=(1, 3))
    counted = ~np.isnan(whole.values)
    means = np.nanmean(whole.values, axis=1)
    for image in gallery[truth[gallery] >= 0]:
        less = retrieval(vectors, truth, groups, queries, gallery[gallery != image], ks=(1, 3))
        # A query that loses its only right image is counted with the mean of all.
        known = np.where(np.isnan(less.values), means[:, None], less.values)
        moved = np.where(counted, whole.values - known, 0).sum(axis=1)
        assert whole.moves[:2, image] == pytest.approx(moved[:2], abs=1e-9)


def draw(seed: int, apart: bool) -> dict[str, tuple[float, tuple[float, float]]]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, 4, 80)
    vectors = (1.2 * np.eye(6)[truth] + random.normal(size=(80, 6))).astype(np.float32)
    rows = (QUERIES, GALLERY) if apart else ()
    scores = retrieval(vectors, truth, ALONE, *rows).estimates()
    intervals = PairedBootstrap(ALONE, seed).intervals(scores)
    return {name: (score.mean, intervals[name]) for name, score in scores.items()}


@pytest.mark.parametrize("apart", [False, True])
def test_the_interval_of_retrieval_contains_the_true_mean(apart: bool) -> None:
    """Of 60 samples of 80 images from one distribution, at least 53 intervals hold its mean."""
    found = [draw(seed, apart) for seed in range(60)]
    for name in NAMES:
        mean = np.mean([one[name][0] for one in found])
        held = sum(one[name][1][0] <= mean <= one[name][1][1] for one in found)
        assert held >= 53, name


def test_average_precision_alone_is_the_same_to_the_bit() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(60, 5)).astype(np.float32)
    truth, groups = random.integers(-1, 5, 60), np.arange(60) // 2
    whole, alone = (retrieval(vectors, truth, groups, ks=ks) for ks in (KS, None))
    assert alone.names == ("average_precision",)
    one, other = (found.estimates()["average_precision"] for found in (whole, alone))
    assert one.mean == other.mean and np.array_equal(one.influence, other.influence)
