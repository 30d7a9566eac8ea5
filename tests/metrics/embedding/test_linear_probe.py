"""Promises of the linear probe."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import normalize

from embedbench.metrics.embedding.linear_probe import probe_correct, probe_score

RANDOM = np.random.default_rng(0)
TRUTH = np.repeat(np.arange(4), 30)
ALONE = np.arange(120)
CENTRES = RANDOM.normal(size=(4, 200))
VECTORS = (RANDOM.normal(size=(120, 200)) * 5 + CENTRES[TRUTH]).astype(np.float32)
NOISE = RANDOM.normal(size=(120, 200)).astype(np.float32)


def test_the_prediction_is_that_of_logistic_regression_on_the_other_folds() -> None:
    rows = normalize(VECTORS.astype(np.float64))
    expected = np.zeros(120)
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=3)
    for train, test in folds.split(rows, TRUTH, ALONE):
        centre = rows[train].mean(axis=0)
        scale = np.sqrt(rows[train].var(axis=0).sum())
        classifier = LogisticRegression(C=10, max_iter=1000)
        classifier.fit((rows[train] - centre) / scale, TRUTH[train])
        expected[test] = classifier.predict((rows[test] - centre) / scale) == TRUTH[test]
    assert probe_correct(VECTORS, TRUTH, ALONE, seed=3).tolist() == expected.tolist()
    assert 0.5 < expected.mean() < 1


def test_separated_classes_are_all_predicted_and_noise_is_at_chance() -> None:
    apart = (CENTRES[TRUTH] + NOISE * 0.1).astype(np.float32)
    assert (probe_correct(apart, TRUTH, ALONE, seed=0) == 1).all()
    # Chance is 1 in 4: a standard error is 0.04.
    assert probe_correct(NOISE, TRUTH, ALONE, seed=0).mean() == pytest.approx(0.25, abs=0.12)


def test_close_classes_are_predicted_as_well_as_distant_ones() -> None:
    # As of an untrained network: all cosines above 0.9999. A penalty that knew nothing of their
    # spread would leave only the largest class.
    truth = np.where(ALONE < 75, 0, TRUTH)
    close = (100 + CENTRES[truth] * 0.5 + NOISE * 0.1).astype(np.float32)
    unit = normalize(close.astype(np.float64))
    assert (unit @ unit.T).min() > 0.9999
    assert (probe_correct(close, truth, ALONE, seed=0) == 1).all()


def test_duplicates_do_not_leak_between_folds() -> None:
    twice = np.repeat(NOISE, 2, axis=0)
    truth = np.repeat(RANDOM.integers(0, 4, 120), 2)
    assert probe_correct(twice, truth, np.arange(240), seed=0).mean() > 0.6
    correct = probe_correct(twice, truth, np.arange(240) // 2, seed=0)
    assert correct.mean() == pytest.approx(0.25, abs=0.12)
    assert np.array_equal(correct[::2], correct[1::2])


@settings(max_examples=5)
@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
def test_rotating_and_scaling_the_vectors_changes_no_prediction(seed: int, scale: float) -> None:
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(200, 200)))[0]
    turned = (VECTORS.astype(np.float64) @ turn * scale).astype(np.float32)
    before = probe_correct(VECTORS, TRUTH, ALONE, seed=0)
    # A row between two classes may fall to either side by rounding.
    assert (probe_correct(turned, TRUTH, ALONE, seed=0) != before).sum() <= 1


def test_images_that_cannot_be_predicted_are_nan_and_change_no_other() -> None:
    truth, groups = TRUTH.copy(), ALONE.copy()
    truth[:10] = -1
    truth[10] = 7  # Alone in its class.
    truth[11:14] = 8  # Three copies of one image.
    groups[11:14] = 11
    correct = probe_correct(VECTORS, truth, groups, seed=0)
    assert np.isnan(correct[:14]).all()
    assert np.array_equal(
        correct[14:], probe_correct(VECTORS[14:], truth[14:], groups[14:], seed=0)
    )
    assert np.isin(correct[14:], [0, 1]).all()


@pytest.mark.parametrize(
    "truth",
    [[], [0], [0, 0, 0, 0], [-1, -1, -1, -1], [0, 0, 0, 1], [0, 0, 1, 1]],
    ids=["no image", "one image", "one class", "no label", "one class and one image", "one group"],
)
def test_all_are_nan_with_fewer_than_two_usable_labels(truth: list[int]) -> None:
    count = len(truth)
    groups = np.zeros(count, dtype=int) if truth == [0, 0, 1, 1] else np.arange(count)
    labels = np.array(truth, dtype=int)
    assert np.isnan(probe_correct(VECTORS[:count], labels, groups, seed=0)).all()


def test_two_images_a_class_are_enough() -> None:
    # scikit-learn takes 30 labels of 30 images for measurements, and warns.
    truth = np.arange(60) // 2
    vectors = np.random.default_rng(1).normal(size=(30, 200))[truth] + NOISE[:60] * 0.1
    assert (probe_correct(vectors.astype(np.float32), truth, np.arange(60), seed=0) == 1).all()


def test_a_label_that_is_in_no_other_fold_is_nan() -> None:
    # Groups of several labels leave no way to spread them all.
    truth, groups = np.array([2, 1, 0, 0, 2, 1, 1, 1]), np.array([3, 1, 1, 4, 1, 1, 3, 3])
    unseen = np.zeros(8, dtype=bool)
    for train, test in StratifiedGroupKFold(2, shuffle=True, random_state=0).split(
        truth, truth, groups
    ):
        unseen[test] = ~np.isin(truth[test], truth[train])
    correct = probe_correct(VECTORS[:8], truth, groups, seed=0)
    assert unseen.any()
    assert np.array_equal(np.isnan(correct), unseen)


def test_the_folds_depend_on_the_seed() -> None:
    first = probe_correct(NOISE, TRUTH, ALONE, seed=0)
    assert np.array_equal(first, probe_correct(NOISE, TRUTH, ALONE, seed=0))
    assert not np.array_equal(first, probe_correct(NOISE, TRUTH, ALONE, seed=1))


def test_equal_rows_predict_nothing() -> None:
    # Scaled copies differ by rounding, of which nothing is to be read.
    rows = np.full((120, 200), 0.1) * (1 + TRUTH[:, None])
    truth = np.where(TRUTH == 3, 0, TRUTH)
    correct = probe_correct(rows.astype(np.float32), truth, ALONE, seed=0)
    assert np.array_equal(correct, truth == 0)
    nothing = np.zeros((120, 200), dtype=np.float32)
    assert np.array_equal(probe_correct(nothing, truth, ALONE, seed=0), truth == 0)


@settings(max_examples=50)
@given(
    arrays(np.int64, 9, elements=st.integers(-1, 2)),
    arrays(np.int64, 9, elements=st.integers(0, 5)),
    st.integers(0, 9),
)
def test_any_labels_and_groups_give_a_prediction_or_nan(
    truth: np.ndarray, groups: np.ndarray, seed: int
) -> None:
    correct = probe_correct(VECTORS[:9], truth, groups, seed)
    assert np.isin(correct[~np.isnan(correct)], [0, 1]).all()
    assert np.isnan(correct[truth < 0]).all()


@pytest.mark.parametrize("classes", [2, 3])
def test_the_influence_in_training_is_that_of_a_little_more_weight(classes: int) -> None:
    random = np.random.default_rng(classes)
    truth = np.arange(60) % classes
    vectors = (0.7 * np.eye(4)[truth] + random.normal(size=(60, 4))).astype(np.float32)
    score = probe_score(vectors, truth, np.arange(60), seed=0, folds=2)
    correct = probe_correct(vectors, truth, np.arange(60), seed=0, folds=2)
    assert score.mean == correct.mean()
    moved = score.influence[0] - (correct - correct.mean())

    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True).astype(np.float64)
    expected = np.zeros(60)
    splitter = StratifiedGroupKFold(2, shuffle=True, random_state=0)
    for train, test in splitter.split(unit, truth, np.arange(60)):
        rows = unit - unit[train].mean(axis=0)
        rows /= np.sqrt((rows[train] ** 2).sum(axis=1).mean())
        width = None
        for image in [None, *range(len(train))]:
            weights = np.ones(len(train))
            if image is not None:
                weights[image] += 0.01
            model = LogisticRegression(C=10, max_iter=5000, tol=1e-9)
            model.fit(rows[train], truth[train], sample_weight=weights)
            chances = model.predict_log_proba(rows[test])
            own = chances[np.arange(30), truth[test]]
            others = np.where(np.arange(classes) == truth[test][:, None], -np.inf, chances)
            margins = own - others.max(axis=1)
            width = margins.std() * 2.12 * 30**-0.2 if width is None else width
            right = norm.cdf(margins / width).sum()
            if image is None:
                before = right
            else:
                expected[train[image]] = (right - before) / 0.01
    assert moved == pytest.approx(expected - expected.mean(), abs=0.02)
    assert np.abs(moved).max() > 0.2


@pytest.mark.parametrize("noise", [60, 5, 0.5])
def test_margins_of_any_width_give_an_interval(noise: float) -> None:
    """With noise of 5, the slopes are so small that their squares underflow."""
    random, truth = np.random.default_rng(1), np.repeat(np.arange(3), 12)
    colours = np.array([[200, 40, 40], [40, 170, 50], [50, 60, 190]])
    rows = np.tile(colours[truth], 25) + random.normal(size=(36, 75)) * noise
    score = probe_score(rows.astype(np.float32), truth, np.arange(36), seed=0)
    assert score.mean == 1 and np.isfinite(score.influence).all()
