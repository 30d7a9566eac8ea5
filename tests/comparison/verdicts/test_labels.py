"""Promises of the verdict by labels: what chance explains is a tie, and chance wins nothing."""

import numpy as np
import pandas as pd
import pytest

from embedbench.comparison.verdicts.labels import verdict_from_labels
from embedbench.metrics.base import mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.ranking import rank_by
from embedbench.results.schema import CANNOT_TELL, NONE_BETTER, TOO_FEW


def ranks(shares: dict[str, float], images: int = 60) -> pd.DataFrame:
    """The ranks of encoders that get these shares of the images right."""
    random = np.random.default_rng(0)
    scores = [
        mean_estimate((random.permutation(images) < share * images).astype(np.float64)[None])
        for share in shares.values()
    ]
    moved = PairedBootstrap(np.arange(images), 0, 300).of(scores)
    return rank_by(list(shares), [score.mean for score in scores], moved)


def test_one_that_is_ahead_by_more_than_chance_is_the_best() -> None:
    found = verdict_from_labels(ranks({"a": 0.3, "b": 0.9, "c": 0.4}), "AMI")
    assert (found.basis, found.answer, found.group) == ("labels", "best", ("b",))
    assert "AMI" in found.reasons[0]


def test_those_that_chance_may_have_put_apart_are_tied_the_best_first() -> None:
    found = verdict_from_labels(ranks({"a": 0.8, "b": 0.1, "c": 0.85}), "AMI")
    assert (found.answer, found.group) == ("tied", ("c", "a"))
    whole = verdict_from_labels(ranks({"a": 0.5, "b": 0.55}), "AMI")
    assert (whole.answer, whole.group) == ("tied", ("b", "a"))


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": np.nan, "b": 0.5}])
def test_of_fewer_than_two_numbers_there_is_no_verdict(shares: dict[str, float]) -> None:
    known = {name: share for name, share in shares.items() if not np.isnan(share)}
    found = verdict_from_labels(ranks(known) if known else rank_by([], [], np.zeros((0, 2))), "AMI")
    assert (found.basis, found.answer, found.group) == ("nothing", CANNOT_TELL, ())


def test_one_that_may_be_the_best_but_is_not_above_chance_is_not_named() -> None:
    table = ranks({"a": 0.5, "b": 0.55, "c": 0.52, "d": 0.1})
    found = verdict_from_labels(table, "AMI", above={"a", "c", "d"})
    assert (found.answer, found.group) == ("tied", ("c", "a"))
    assert found.reasons[0].endswith("only c and a have an AMI higher than chance gives.")


def test_one_that_is_above_chance_but_ahead_of_none_is_not_the_best() -> None:
    table = ranks({"a": 0.5, "b": 0.55, "c": 0.1})
    found = verdict_from_labels(table, "AMI", above={"a", "c"})
    assert (found.answer, found.group) == (CANNOT_TELL, ("b", "a"))
    assert "only a has an AMI higher than chance gives; b may still be as good" in found.reasons[0]


def test_where_none_is_above_chance_none_is_named() -> None:
    found = verdict_from_labels(ranks({"a": 0.5, "b": 0.9}), "AMI", above=())
    assert (found.basis, found.answer, found.group) == ("labels", NONE_BETTER, ())


def test_too_few_labels_are_an_answer_whatever_the_ranks() -> None:
    table = ranks({"a": 0.5, "b": 0.9})
    found = verdict_from_labels(table, "AMI", above={"b"}, is_enough=False)
    assert (found.basis, found.answer, found.group) == ("labels", TOO_FEW, ())
