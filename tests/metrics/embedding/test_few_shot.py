"""Promises of the few-shot accuracy: draws without leaks, intervals that hold the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from embedbench.metrics.base import Estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.embedding.few_shot import FewShot, few_shot

RANDOM = np.random.default_rng(0)
TRUTH = np.repeat(np.arange(4), 30)
ALONE = np.arange(120)
CENTRES = RANDOM.normal(size=(4, 50))
NOISE = RANDOM.normal(size=(120, 50)).astype(np.float32)
VECTORS = (NOISE * 2.5 + CENTRES[TRUTH]).astype(np.float32)


def means(found: FewShot) -> list[float]:
    return [score.mean for score in found.estimates.values()]


# Scores


def test_classes_that_are_apart_are_predicted_and_noise_is_at_chance() -> None:
    apart = (CENTRES[TRUTH] + NOISE * 0.1).astype(np.float32)
    found = few_shot(apart, TRUTH, ALONE)
    assert list(found.estimates) == [1, 2, 5, 10, 20] and means(found) == [1] * 5
    assert found.reasons == {} and found.classes == dict.fromkeys(found.estimates, 4)
    # Chance is 1 in 4.
    assert means(few_shot(NOISE, TRUTH, ALONE)) == pytest.approx([0.25] * 5, abs=0.12)


def test_more_labels_predict_better() -> None:
    found = means(few_shot(VECTORS, TRUTH, ALONE))
    assert found == sorted(found) and found[0] + 0.15 < found[-1]


def test_one_image_a_class_of_two_is_the_prediction_of_the_nearest() -> None:
    # Between two known rows logistic regression draws the perpendicular bisector.
    truth = np.array([0, 0, 1, 1])
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.8, 0.6]], dtype=np.float32)
    # Of known 0 and 2, or 1 and 2, all or one of the others are right; with 3 known, 2 is right,
    # and 0 and 1 are nearer to each other than to 3.
    cosines = normalize(vectors.astype(np.float64)) @ normalize(vectors.astype(np.float64)).T
    expected = []
    for zero in (0, 1):
        for one in (2, 3):
            asked = [image for image in range(4) if image not in (zero, one)]
            guess = [int(cosines[image, one] > cosines[image, zero]) for image in asked]
            expected.append(np.mean(np.array(guess) == truth[asked]))
    score = few_shot(vectors, truth, np.arange(4), (1,), draws=400).estimates[1]
    assert score.mean == pytest.approx(float(np.mean(expected)), abs=0.05)


def test_with_all_but_one_known_the_rest_is_predicted_as_by_scikit_learn() -> None:
    truth = np.repeat([0, 1], 6)
    vectors = (RANDOM.normal(size=(12, 5)) + truth[:, None] * 0.8).astype(np.float32)
    rows = normalize(vectors.astype(np.float64))
    right = np.zeros((6, 6))
    for pair in np.ndindex(6, 6):
        asked = np.array(pair) + [0, 6]
        known = np.delete(np.arange(12), asked)
        mean = rows[known].mean(axis=0)
        scale = np.sqrt(rows[known].var(axis=0).sum())
        model = LogisticRegression(C=10, max_iter=1000)
        model.fit((rows[known] - mean) / scale, truth[known])
        right[pair] = np.mean(model.predict((rows[asked] - mean) / scale) == truth[asked])
    score = few_shot(vectors, truth, np.arange(12), (5,), draws=300).estimates[5]
    assert score.mean == pytest.approx(right.mean(), abs=4 * right.std() / np.sqrt(300))


def test_copies_of_known_images_are_not_asked() -> None:
    # Noise with a copy of each image: a copy would be predicted.
    twice, truth = np.repeat(NOISE, 2, axis=0), np.repeat(RANDOM.integers(0, 4, 120), 2)
    leak = few_shot(twice, truth, np.arange(240), (20,)).estimates[20].mean
    assert leak > 0.35
    assert few_shot(twice, truth, np.arange(240) // 2, (20,)).estimates[20].mean < 0.33


def test_equal_rows_predict_nothing() -> None:
    rows = np.full((120, 50), 0.1) * (1 + TRUTH[:, None])
    for vectors in (rows, rows * 0):
        found = few_shot(vectors.astype(np.float32), TRUTH, ALONE, (1, 5))
        assert means(found) == pytest.approx([0.25, 0.25])


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
def test_rotating_and_scaling_the_vectors_changes_nothing(seed: int, scale: float) -> None:
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(50, 50)))[0]
    turned = (VECTORS.astype(np.float64) @ turn * scale).astype(np.float32)
    before = few_shot(VECTORS, TRUTH, ALONE, (1, 5), draws=3)
    # A row between two classes may fall to either side by rounding.
    assert means(few_shot(turned, TRUTH, ALONE, (1, 5), draws=3)) == pytest.approx(
        means(before), abs=0.005
    )


# Draws


def test_draws_are_the_same_for_every_encoder_and_depend_on_the_seed() -> None:
    first = few_shot(NOISE, TRUTH, ALONE, (1,), seed=1)
    assert means(first) == means(few_shot(NOISE, TRUTH, ALONE, (1,), seed=1))
    assert means(first) != means(few_shot(NOISE, TRUTH, ALONE, (1,), seed=2))
    # Whichever images are known, a scaled encoder is right in the same draws.
    again = few_shot(NOISE * 2, TRUTH, ALONE, (1,), seed=1)
    assert np.array_equal(first.estimates[1].estimates, again.estimates[1].estimates)


def test_other_numbers_of_shots_change_no_estimate() -> None:
    some = few_shot(VECTORS, TRUTH, ALONE, (5, 20))
    every = few_shot(VECTORS, TRUTH, ALONE)
    assert [some.estimates[5].mean, some.estimates[20].mean] == means(every)[2::2]


def test_images_that_take_no_part_change_no_number() -> None:
    truth = np.concatenate([TRUTH, [-1] * 10])
    vectors = np.concatenate([VECTORS, RANDOM.normal(size=(10, 50)).astype(np.float32)])
    score = few_shot(vectors, truth, np.arange(130), (2,)).estimates[2]
    assert score.n_images == 120 and not score.influence[:, 120:].any()
    assert score.influence.sum(axis=1) == pytest.approx(np.zeros(10), abs=1e-9)


# Few images


def test_small_classes_are_left_out_and_told() -> None:
    # Class 0 has 12 pictures, 1 has 12 in 3 groups, 2 has 6, 3 has one.
    truth = np.repeat([0, 1, 2, 3], [12, 12, 6, 1])
    groups = np.arange(31)
    groups[12:24] = 12 + groups[12:24] % 3
    found = few_shot(NOISE[:31], truth, groups, (1, 2, 3, 5, 10, 20))
    assert found.classes == {1: 3, 2: 3, 3: 2, 5: 2, 10: 1, 20: 0}
    assert found.left_out[2] == (3,) and found.left_out[3] == (1, 3)
    assert found.left_out[20] == (0, 1, 2, 3)
    assert list(found.estimates) == [1, 2, 3, 5] and list(found.reasons) == [10, 20]
    assert found.reasons[10] == (
        "10 labelled pictures a class need two classes of 11 pictures or more, near-duplicates "
        "counted once; one has"
    )
    assert found.reasons[20].endswith(
        "of 21 pictures or more, near-duplicates counted once; none has"
    )
    assert found.estimates[3].n_images == 18


@pytest.mark.parametrize(
    "truth", [[], [0], [0, 0, 0], [-1, -1, -1], [0, 1], [0, 0, 1]],
    ids=["no image", "one image", "one class", "no label", "one each", "one class and one image"],
)  # fmt: skip
def test_without_two_classes_there_are_reasons(truth: list[int]) -> None:
    labels = np.array(truth, dtype=int)
    found = few_shot(NOISE[: len(truth)], labels, np.arange(len(truth)), (1, 2))
    assert found.estimates == {} and list(found.reasons) == [1, 2]
    assert found.reasons[1].startswith("1 labelled picture a class need")


def test_draws_that_leave_nothing_to_ask_do_not_count() -> None:
    # The two groups have both classes: of half of the draws both groups are known.
    truth, groups = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], dtype=np.float32)
    score = few_shot(vectors, truth, groups, (1,), draws=40).estimates[1]
    assert 10 < len(score.estimates) < 30 and score.mean == 1
    found = few_shot(vectors, truth, groups, (1,), draws=1, seed=0)
    seeds = [few_shot(vectors, truth, groups, (1,), draws=1, seed=seed) for seed in range(9)]
    assert found.classes == {1: 2}
    assert {one.reasons.get(1) for one in seeds} == {
        None,
        "each picture is a near-duplicate of one with a known label",
    }


def test_numbers_below_one_are_errors() -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        few_shot(VECTORS, TRUTH, ALONE, (0, 1))
    with pytest.raises(ValueError, match="must be at least 1"):
        few_shot(VECTORS, TRUTH, ALONE, draws=0)


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.int64, 9, elements=st.integers(-1, 2)),
    arrays(np.int64, 9, elements=st.integers(0, 5)),
    st.integers(1, 3),
)
def test_any_labels_and_groups_give_an_accuracy_or_a_reason(
    truth: np.ndarray, groups: np.ndarray, draws: int
) -> None:
    found = few_shot(VECTORS[:9], truth, groups, (1, 2), draws)
    assert sorted([*found.estimates, *found.reasons]) == [1, 2]
    for score in found.estimates.values():
        assert 0 <= score.mean <= 1 and np.isfinite(score.influence).all()


# Intervals


def drawn(seed: int, shift: float = 0.0) -> dict[int, Estimate]:
    """Return the estimates of 100 images of four classes from one distribution."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 4, 100)
    vectors = 1.5 * np.eye(4, 6)[truth] + random.normal(size=(100, 6)) + shift
    return few_shot(vectors.astype(np.float32), truth, np.arange(100), (1, 5), seed=seed).estimates


@pytest.mark.slow
def test_the_interval_contains_the_true_mean_also_where_draws_share_their_images() -> None:
    """Of 100 samples from one distribution, at least 90 intervals hold its mean."""
    found = [drawn(seed) for seed in range(100)]
    for shots in (1, 5):
        mean = np.mean([one[shots].mean for one in found])
        held = 0
        for seed, one in enumerate(found):
            low, high = PairedBootstrap(np.arange(100), seed).intervals({"it": one[shots]})["it"]
            held += int(low <= mean <= high)
        assert held >= 90, shots


def test_the_mean_is_that_of_the_draws_and_right_everywhere_still_has_a_width() -> None:
    apart = (CENTRES[TRUTH] + NOISE * 0.1).astype(np.float32)
    score = few_shot(apart, TRUTH, ALONE, (1,)).estimates[1]
    assert score.mean == 1 and len(score.estimates) == 10
    low, high = PairedBootstrap(ALONE, 0).intervals({"it": score})["it"]
    assert 0.9 < low < high == 1
