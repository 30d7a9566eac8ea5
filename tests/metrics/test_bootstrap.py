"""Promises of the paired bootstrap: common resamples, intervals that contain the true value."""

import json
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap, interval
from embedbench.metrics.clustering.agreement import LEVEL, accuracy_score, ami_score, ari_score
from embedbench.metrics.ranking import tied_with_best


def resamples(images: int, seed: int = 0, count: int = 400) -> PairedBootstrap:
    return PairedBootstrap(np.arange(images), seed, count)


def bare(estimates: list[float], influence: np.ndarray) -> Estimate:
    """A score without doubt, so that resamples hold nothing but draws."""
    counted = influence.shape[1]
    return Estimate(
        np.array(estimates, float), influence.astype(float), np.zeros(len(estimates)), counted
    )


def moves(images: int, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(1, images))
    return np.asarray(values - values.mean())


def four_encoders(seed: int) -> np.ndarray:
    """Resamples of four encoders, in steps of a tenth, so that there are ties."""
    means = np.array([[0.0], [0.5], [0.5], [3.0]])
    return np.asarray((means + np.random.default_rng(seed).normal(size=(4, 60))).round(1))


replicates = st.integers(0, 9999).map(four_encoders)


# The draws


def test_every_encoder_has_the_same_draws() -> None:
    """One score twice moves as one; twice as much influence moves twice as far."""
    score, double = bare([0.0], moves(50)), bare([0.0], 2 * moves(50))
    found = resamples(50).of([score, double, score])
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_allclose(found[1], 2 * found[0], atol=1e-12)
    assert found[0].std() > 0


def test_common_influence_cancels_in_the_difference() -> None:
    """Both are 0.1 apart on each image, whatever images there are."""
    influence = moves(50)
    found = resamples(50).of([bare([0.5], influence), bare([0.4], influence)])
    assert found[0].std() > 0.05
    np.testing.assert_allclose(found[0] - found[1], 0.1)


def test_draws_of_seeds_are_the_same_for_every_encoder() -> None:
    still = np.zeros((3, 20))
    found = resamples(20).of([bare([0, 0, 3], still), bare([3, 3, 0], still)])
    np.testing.assert_allclose(found.sum(axis=0), 3)


def test_a_resample_of_images_is_that_of_the_bootstrap() -> None:
    """Its spread is that of the mean of 400 values (Efron 1979)."""
    influence = moves(400)
    found = resamples(400, count=4000).of([bare([0.3], influence)])[0]
    assert found.mean() == pytest.approx(0.3, abs=4 * influence.std() / 20 / 63)
    assert found.std() == pytest.approx(influence.std() / 20, rel=0.05)


def test_groups_are_drawn_together() -> None:
    """What one image adds its copy takes away, so that whole groups change nothing."""
    influence = np.tile([1.0, -1.0], 20)[None]
    pairs = PairedBootstrap(np.repeat(np.arange(20), 2), 0, 100)
    np.testing.assert_allclose(pairs.of([bare([0.5], influence)]), 0.5)
    assert resamples(40).of([bare([0.5], influence)]).std() > 0.1


def test_near_duplicates_widen_the_interval() -> None:
    """100 images four times over: the spread is that of 100, twice that of 400."""
    influence = np.repeat(moves(100), 4, axis=1)
    alone = resamples(400, count=2000).of([bare([0.5], influence)]).std()
    together = (
        PairedBootstrap(np.repeat(np.arange(100), 4), 0, 2000).of([bare([0.5], influence)]).std()
    )
    assert together == pytest.approx(2 * alone, rel=0.1)


@pytest.mark.parametrize("seeds", [2, 3, 10])
def test_drawing_one_seed_fewer_gives_the_standard_error_of_the_mean(seeds: int) -> None:
    """Rao and Wu 1988: without the one fewer it would be too small by (seeds - 1) / seeds."""
    values = np.random.default_rng(1).normal(size=seeds)
    found = resamples(5, count=20_000).of([bare(list(values), np.zeros((seeds, 5)))])[0]
    assert found.mean() == pytest.approx(values.mean(), abs=0.03)
    assert found.std() == pytest.approx(values.std(ddof=1) / np.sqrt(seeds), rel=0.03)


def test_one_seed_has_no_spread_of_seeds() -> None:
    np.testing.assert_array_equal(resamples(5).of([bare([0.7], np.zeros((1, 5)))]), 0.7)


def test_images_that_are_all_right_leave_a_width() -> None:
    """Agresti and Coull's interval of 100 of 100 reaches down to 0.96."""
    low, high = resamples(100).intervals({"right": mean_estimate(np.ones((1, 100)))})["right"]
    assert high == 1 and 0.94 < low < 0.98


def test_more_resamples_begin_with_the_same_ones() -> None:
    score = mean_estimate(np.random.default_rng(0).random((2, 30)))
    few, many = (resamples(30, count=count).of([score]) for count in (100, 300))
    np.testing.assert_array_equal(few, many[:, :100])
    assert not np.array_equal(few, resamples(30, seed=1, count=100).of([score]))


def test_resamples_of_a_score_do_not_depend_on_other_scores() -> None:
    scores = [mean_estimate(np.random.default_rng(seed).random((2, 30))) for seed in range(3)]
    found = resamples(30).of(scores)
    np.testing.assert_array_equal(found, resamples(30).of(scores[::-1])[::-1])


def test_a_score_without_a_number_has_none_in_any_resample() -> None:
    nothing = mean_estimate(np.full((2, 10), np.nan))
    found = resamples(10).of([nothing, mean_estimate(np.ones((2, 10)))])
    assert np.isnan(found[0]).all() and np.isfinite(found[1]).all()
    low, high = resamples(10).intervals({"nothing": nothing})["nothing"]
    assert np.isnan([low, high]).all()
    assert resamples(10).of([]).shape == (0, 400) and resamples(10).intervals({}) == {}


@pytest.mark.parametrize("images", [1, 2, 3, 20])
def test_few_images_have_intervals(images: int) -> None:
    truth = np.arange(images, dtype=np.int32) % 2
    labels = np.zeros((2, images), dtype=np.int32)
    known = {"share": mean_estimate(np.ones((2, images)))}
    if images > 2:
        known |= {"ami": ami_score(labels, truth), "ari": ari_score(labels, truth)}
    for low, high in resamples(images).intervals(known).values():
        assert low <= high <= 1


def test_labels_for_two_images_have_intervals() -> None:
    truth = np.array([0, 1, -1, -1], dtype=np.int32)
    labels = np.array([[0, 1, 1, 0]], dtype=np.int32)
    low, high = resamples(4).intervals({"ari": ari_score(labels, truth)})["ari"]
    assert low <= high <= 1


def test_labels_for_some_images_have_the_interval_of_those() -> None:
    """A wider one than labels for all, and only labelled images move it."""
    random = np.random.default_rng(0)
    truth = random.integers(4, size=200).astype(np.int32)
    labels = np.where(random.random((2, 200)) < 0.3, 0, truth).astype(np.int32)
    partly = np.where(np.arange(200) < 50, truth, -1).astype(np.int32)
    for score in (ami_score, ari_score, accuracy_score):
        whole, some = (score(labels, known) for known in (truth, partly))
        ends = resamples(200).intervals({"whole": whole, "some": some})
        width = {name: high - low for name, (low, high) in ends.items()}
        assert 1.5 < width["some"] / width["whole"] < 3  # about sqrt(200 / 50)


def test_the_interval_of_a_share_stays_above_0() -> None:
    low, high = resamples(100).intervals({"none right": mean_estimate(np.zeros((1, 100)))})[
        "none right"
    ]
    assert 0 <= low <= high


# The interval


def test_an_interval_is_that_of_the_percentiles() -> None:
    low, high = interval(500.0, np.arange(1001.0))
    assert (low, high) == pytest.approx((25, 975)) and LEVEL == 0.95


@settings(max_examples=50)
@given(moved=replicates, estimate=st.floats(-3, 1))
def test_an_interval_holds_the_estimate_and_stays_in_its_range(
    moved: np.ndarray, estimate: float
) -> None:
    low, high = interval(estimate, moved[3], low=-3.0, high=1.0)
    assert -3 <= low <= estimate <= high <= 1


def test_a_resample_without_a_number_leaves_no_interval() -> None:
    assert np.isnan(interval(0.5, np.array([0.1, np.nan, 0.2]))).all()


# The known answer


def law(key: tuple[int, int], shares: tuple[float, ...]) -> tuple[np.ndarray, list[np.ndarray]]:
    """A truth of 200 images, and 3 seeds of encoders that get about these shares right."""
    random = np.random.default_rng(key)
    truth = random.integers(5, size=200).astype(np.int32)
    labels = []
    for share in shares:
        wrong = random.random(200) + 0.15 * random.normal(size=(3, 200)) > share
        labels.append(np.where(wrong, random.integers(5, size=200), truth).astype(np.int32))
    return truth, labels


def share_right(labels: np.ndarray, truth: np.ndarray) -> Estimate:
    return mean_estimate((labels == truth).astype(np.float64))


def simulate(score: Callable[[np.ndarray, np.ndarray], Estimate], sets: int) -> dict[str, float]:
    """Return shares: intervals with the mean over 600 other sets, correct ties, correct leads."""
    laws = (law((1, number), (0.7,)) for number in range(600))
    answer = np.mean([score(labels[0], truth).mean for truth, labels in laws])
    found = []
    for number in range(sets):
        truth, labels = law((2, number), (0.7, 0.7, 0.9))
        scores = [score(rows, truth) for rows in labels]
        scores.append(scores[0])
        estimates = np.array([one.mean for one in scores])
        moved = resamples(200, number).of(scores)
        ends = [interval(estimates[row], moved[row], high=1.0) for row in (0, 1)]
        ties = {
            name: tied_with_best(estimates[rows], moved[rows]).tolist()
            for name, rows in {"law": [0, 1], "copy": [0, 3], "better": [0, 2]}.items()
        }
        found.append(
            [
                np.mean([low <= answer <= high for low, high in ends]),
                ties["law"] == [True, True],
                ties["copy"] == [True, True],
                ties["better"] == [False, True],
            ]
        )
    names = ("interval holds", "one law tied", "copy tied", "better one named")
    return dict(zip(names, np.mean(found, axis=0).tolist(), strict=True))


SIMULATED = {"ami": ami_score, "share right": share_right}


@pytest.mark.parametrize("name", SIMULATED)
def test_intervals_contain_the_true_value_and_leads_are_distinguished_from_ties(name: str) -> None:
    """400 sets of pictures of a known law; `benchmarks/intervals.py` has more laws and metrics.

    Of 800 intervals at 95 %, 93 to 97 % is 2.6 standard errors. In a process of its own, where no
    shapes are checked: that takes twenty times as long.
    """
    done = subprocess.run(
        [sys.executable, __file__, name], capture_output=True, text=True, check=True
    )
    shares = json.loads(done.stdout)
    assert 0.93 <= shares["interval holds"] <= 0.97
    assert shares["one law tied"] >= 0.95 and shares["copy tied"] >= 0.95
    assert shares["better one named"] >= 0.95


if __name__ == "__main__":
    print(json.dumps(simulate(SIMULATED[sys.argv[1]], 400)))
