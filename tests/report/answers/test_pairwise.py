"""Promises of the comparison of each two encoders."""

import dataclasses

import numpy as np
import pytest

from embedbench.report.answers.pairwise import pairwise_results, visible_difference
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()


def test_each_pair_stands_once_the_better_one_first() -> None:
    found = pairwise_results(RESULTS)
    assert [(duel.better, duel.other) for duel in found] == [
        (ENCODERS[0], ENCODERS[1]),
        (ENCODERS[0], ENCODERS[2]),
        (ENCODERS[1], ENCODERS[2]),
    ]
    assert {duel.outcomes for duel in found} == {"90 / 6 / 4"}
    assert {duel.p_beats for duel in found} == {"0.93"}
    for duel in found:
        low = float(duel.interval.split(" to ")[0])
        assert duel.apart == (low > 0)
    assert [duel.apart for duel in found][1] is True


def test_two_encoders_that_are_equal_stand_once() -> None:
    equal = RESULTS.pairwise.assign(difference=0.0)
    assert len(pairwise_results(dataclasses.replace(RESULTS, pairwise=equal))) == 3


def test_what_cannot_be_seen_is_half_the_median_width_of_the_differences() -> None:
    assert visible_difference(RESULTS) == pytest.approx(0.15)
    assert visible_difference(example_results(truth=False)) is None


def test_one_encoder_makes_no_pair() -> None:
    alone = dataclasses.replace(RESULTS, pairwise=RESULTS.pairwise.iloc[:0])
    assert pairwise_results(alone) == []
    assert visible_difference(alone) is None


def test_a_share_of_resamples_is_never_told_as_certain() -> None:
    sure = RESULTS.pairwise.assign(p_beats=1.0)
    found = pairwise_results(dataclasses.replace(RESULTS, pairwise=sure))
    assert {one.p_beats for one in found} == {"> 0.99"}


def test_a_difference_without_an_interval_is_not_clear() -> None:
    ends = {"difference_low": np.nan, "difference_high": np.nan}
    unknown = dataclasses.replace(RESULTS, pairwise=RESULTS.pairwise.assign(**ends))
    found = pairwise_results(unknown)
    assert [(one.interval, one.apart) for one in found] == [("", False)] * 3
    assert visible_difference(unknown) is None
