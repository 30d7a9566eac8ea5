"""Promises of ranks: the order of the numbers, ties shared, and who has none is left out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.ranking import pairs_table, rank_by

RANKS = ["rank", "rank_low", "rank_high", "tied_with_best"]
PAIRS = ["encoder", "other", "difference", "difference_low", "difference_high"]
PAIRS += ["win", "tie", "loss", "p_beats"]
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
