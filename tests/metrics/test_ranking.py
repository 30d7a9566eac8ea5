"""Promises of the ranking: order, shared ties, pairs, and encoders without an estimate."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.ranking import compare_pairs, pairs_table, rank, rank_by, tied_with_best

RANKS = ["rank", "rank_low", "rank_high", "tied_with_best"]
PAIRS = ["encoder", "other", "difference", "difference_low", "difference_high"]
PAIRS += ["win", "tie", "loss", "p_beats"]
SHARES = ["win", "tie", "loss"]
RESAMPLES = PairedBootstrap(np.arange(40), seed=0, count=200)


def score(share: float, seed: int = 0) -> Estimate:
    """A score of 40 images, of which this share is right."""
    right = np.random.default_rng(seed).permutation(40) < share * 40
    return mean_estimate(right[None].astype(np.float64))


def nothing() -> Estimate:
    return mean_estimate(np.full((1, 40), np.nan))


def ranked(*shares: float) -> pd.DataFrame:
    scores = [
        nothing() if np.isnan(share) else score(share, row) for row, share in enumerate(shares)
    ]
    names = [f"e{row}" for row in range(len(shares))]
    return rank_by(names, [one.mean for one in scores], RESAMPLES.of(scores))


def test_ranks_are_the_order_of_the_numbers() -> None:
    table = ranked(0.5, 1.0, 0.1)
    assert table.columns.tolist() == RANKS and table.index.name == "encoder"
    assert table["rank"].to_dict() == {"e0": 2, "e1": 1, "e2": 3}
    # 40, 20 and 4 of 40 right lie more than four standard errors apart.
    assert table["tied_with_best"].tolist() == [False, True, False]
    assert (table["rank_low"] == table["rank"]).all() and (
        table["rank_high"] == table["rank"]
    ).all()


def test_the_same_number_shares_a_rank_and_keeps_the_order_given() -> None:
    table = rank_by(["a", "b", "c"], [0.4, 0.6, 0.6], np.array([[0.4], [0.6], [0.6]]))
    assert table["rank"].tolist() == [3, 1, 1]


def test_an_encoder_without_a_number_is_left_out() -> None:
    table = ranked(0.2, np.nan, 0.9)
    assert table.index.tolist() == ["e0", "e2"]
    assert table["rank"].tolist() == [2, 1]


@pytest.mark.parametrize("shares", [(), (0.5,), (np.nan, 0.5), (np.nan, np.nan)])
def test_of_one_encoder_there_is_nothing_to_rank(shares: tuple[float, ...]) -> None:
    table = ranked(*shares) if shares else rank_by([], [], np.zeros((0, 5)))
    assert table.empty and table.columns.tolist() == RANKS and table.index.name == "encoder"


@settings(max_examples=25)
@given(shares=st.lists(st.floats(0, 1), min_size=2, max_size=5))
def test_the_range_of_ranks_holds_the_rank(shares: list[float]) -> None:
    table = ranked(*shares)
    assert (table["rank_low"] <= table["rank"]).all() and (
        table["rank"] <= table["rank_high"]
    ).all()
    assert table["rank_low"].min() >= 1 and table["rank_high"].max() <= len(shares)
    assert table.loc[table["rank"] == 1, "tied_with_best"].all()
    tied = table["tied_with_best"]
    assert ((table["rank_low"] == 1) == tied).all()
    assert tied.sum() == 1 or (table.loc[tied, "rank_high"] >= 2).all()


def test_pairs_stand_both_ways_for_each_clusterer_and_metric() -> None:
    scores = {
        name: {
            clusterer: {metric: score(share, row) for metric in ("silhouette", "ami", "ari")}
            for clusterer in ("kmeans", "ward")
        }
        for row, (name, share) in enumerate({"a": 0.9, "b": 0.2, "c": 0.3}.items())
    }
    table = pairs_table(scores, RESAMPLES)
    assert table.columns.tolist() == ["clusterer", "metric", *PAIRS]
    # The silhouette is measured in each encoder's own space, and not compared.
    assert len(table) == 2 * 2 * 6 and set(table["metric"]) == {"ami", "ari"}
    pair = table.query("clusterer == 'ward' and metric == 'ami' and encoder + other == 'ab'").iloc[
        0
    ]
    assert pair["difference"] == pytest.approx(0.7)
    assert 0.4 < pair["difference_low"] < 0.7 < pair["difference_high"] < 1
    assert pair["p_beats"] == 1


def test_a_metric_without_a_number_leaves_that_encoder_out() -> None:
    scores = {
        "a": {"kmeans": {"ami": score(0.9)}},
        "b": {"kmeans": {"ami": nothing()}},
        "c": {"kmeans": {"ami": score(0.3)}},
    }
    table = pairs_table(scores, RESAMPLES)
    assert table[["encoder", "other"]].to_numpy().tolist() == [["a", "c"], ["c", "a"]]


def test_a_table_without_pairs_keeps_its_columns() -> None:
    for scores in (
        {"a": {"kmeans": {"ami": score(0.9)}}},
        {name: {"kmeans": {"silhouette": score(0.9)}} for name in "ab"},
    ):
        table = pairs_table(scores, RESAMPLES)
        assert table.empty
        assert table.columns.tolist() == ["clusterer", "metric", *PAIRS]


def four_encoders(seed: int) -> np.ndarray:
    """Resamples of four encoders, in steps of a tenth, so that there are ties."""
    means = np.array([[0.0], [0.5], [0.5], [3.0]])
    return np.asarray((means + np.random.default_rng(seed).normal(size=(4, 60))).round(1))


replicates = st.integers(0, 9999).map(four_encoders)


# Pairs


@settings(max_examples=30)
@given(moved=replicates)
def test_shares_of_a_pair_add_up_either_way(moved: np.ndarray) -> None:
    table = compare_pairs(list("abcd"), moved.mean(axis=1), moved)
    assert len(table) == 12
    np.testing.assert_allclose(table[SHARES].sum(axis=1), 1)
    either = table.set_index(["encoder", "other"])
    for one, other in either.index:
        here, there = either.loc[(one, other)], either.loc[(other, one)]
        assert here["p_beats"] + there["p_beats"] == pytest.approx(1)
        assert here["win"] == there["loss"] and here["tie"] == there["tie"]
        assert here["difference"] == -there["difference"]
        assert here["difference_low"] == pytest.approx(-there["difference_high"])
        assert here["difference_low"] <= here["difference"] <= here["difference_high"]


def test_wins_ties_and_losses_by_hand() -> None:
    """Differences of 0.1, 0.004, 0, -0.004 and -0.1; less than 0.005 is a tie."""
    moved = np.array([[0.6, 0.504, 0.5, 0.496, 0.4], [0.5] * 5])
    row = compare_pairs(["a", "b"], np.array([0.5, 0.5]), moved).iloc[0]
    assert row[SHARES].tolist() == [0.2, 0.6, 0.2]
    assert row["p_beats"] == 0.5  # ahead twice of five, and once neither


def test_an_encoder_without_a_number_is_in_no_pair() -> None:
    moved = np.array([[0.1, 0.2], [np.nan, np.nan], [0.3, 0.4]])
    table = compare_pairs(list("abc"), np.array([0.15, np.nan, 0.35]), moved)
    assert table[["encoder", "other"]].to_numpy().tolist() == [["a", "c"], ["c", "a"]]
    assert compare_pairs(["a"], np.zeros(1), np.zeros((1, 5))).empty


# Ranks and ties


def test_ranks_by_hand() -> None:
    """The second is always behind the first; the third is ahead of all in most resamples."""
    first, third = np.full(100, 0.5), np.r_[np.full(60, 0.9), np.full(40, 0.1)]
    low, high = rank(np.stack([first, first - 0.2, third]))
    assert low.tolist() == [1, 2, 1] and high.tolist() == [2, 3, 3]


@settings(max_examples=30)
@given(moved=replicates, turn=st.permutations(range(4)))
def test_encoders_in_another_order_have_the_same_ranks_and_ties(
    moved: np.ndarray, turn: list[int]
) -> None:
    estimates = moved.mean(axis=1)
    for one, other in zip(rank(moved), rank(moved[turn]), strict=True):
        np.testing.assert_array_equal(one[turn], other)
    tied = tied_with_best(estimates, moved)
    np.testing.assert_array_equal(tied[turn], tied_with_best(estimates[turn], moved[turn]))
    assert tied[np.argmax(estimates)]


def test_one_encoder_alone_is_the_best() -> None:
    assert tied_with_best(np.array([0.3]), np.full((1, 10), 0.3)).tolist() == [True]
    assert [part.tolist() for part in rank(np.full((1, 10), 0.3))] == [[1], [1]]


def test_a_lead_that_no_resample_moves_is_a_lead() -> None:
    moved = np.tile(np.random.default_rng(0).normal(size=100), (2, 1)) + [[0.0], [0.1]]
    rounded = moved.round(6)
    estimates = rounded.mean(axis=1)
    assert tied_with_best(estimates, rounded).tolist() == [False, True]


def test_being_behind_one_of_many_by_chance_is_no_loss() -> None:
    """Two encoders at 2.1 standard errors are apart; the worst of 20 of one law is tied.

    Studentised maximum of 19 correlated differences: at 97.5 % about 2.9 standard errors.
    """
    random = np.random.default_rng(0)
    noise = random.normal(size=(20, 4000))
    estimates = np.zeros(20)
    estimates[0] = 2.1 * np.sqrt(2)
    moved = estimates[:, None] + noise
    assert norm.cdf(2.1) > 0.975
    assert tied_with_best(estimates[:2], moved[:2]).tolist() == [True, False]
    assert tied_with_best(estimates, moved).all()


def test_where_no_resample_has_a_number_nobody_is_ruled_out() -> None:
    found = tied_with_best(np.array([0.9, 0.5]), np.full((2, 20), np.nan))
    assert found.tolist() == [True, True]
