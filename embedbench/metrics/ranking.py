"""Rank encoders: which is ahead, how sure that is, which are tied with the best."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64, Int

from embedbench.metrics.base import Estimate
from embedbench.metrics.bootstrap import PairedBootstrap, Replicates, interval
from embedbench.metrics.clustering.agreement import LEVEL

__all__ = ["TIE", "compare_pairs", "pairs_table", "rank", "rank_by", "tied_with_best"]


def pairs_table(
    scores: Mapping[str, Mapping[str, Mapping[str, Estimate]]], resamples: PairedBootstrap
) -> pd.DataFrame:
    """Return how each encoder does against each other one, by clusterer and metric.

    Columns: `clusterer, metric` and those of `compare_pairs`. Metrics are
    those against the labels; a metric that an encoder has no number for leaves that encoder out.

    Args:
        scores: by encoder, clusterer and metric.
        resamples: the draws of images and seeds.
    """
    tables = [compare_pairs([], np.zeros(0), np.zeros((0, resamples.count)))]
    keys = [
        (clusterer, metric)
        for clusterer, metrics in next(iter(scores.values())).items()
        for metric in metrics
        if metric != "silhouette"  # it is measured in each encoder's own space
    ]
    for clusterer, metric in keys:
        mine = {name: found[clusterer][metric] for name, found in scores.items()}
        estimates = np.array([score.mean for score in mine.values()])
        table = compare_pairs(list(mine), estimates, resamples.of(list(mine.values())))
        tables.append(table.assign(clusterer=clusterer, metric=metric))
    whole = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    first = ["clusterer", "metric"]
    return whole.reindex(columns=[*first, *whole.columns.difference(first, sort=False)])


def rank_by(
    names: Sequence[str], estimates: Sequence[float], replicates: Replicates
) -> pd.DataFrame:
    """Return the columns `rank, rank_low, rank_high, tied_with_best`, indexed by encoder.

    Higher estimates rank first. Encoders without a number are left out; of a single one there is
    nothing to rank, and no row.
    """
    known = ~np.isnan(np.asarray(estimates, dtype=np.float64))
    columns = ["rank", "rank_low", "rank_high", "tied_with_best"]
    if known.sum() < 2:
        return pd.DataFrame(columns=columns, index=pd.Index([], name="encoder"))
    values, moved = np.asarray(estimates, dtype=np.float64)[known], replicates[known]
    low, high = rank(moved)
    places = pd.Series(-values).rank(method="min").astype(int).to_numpy()
    index = pd.Index([name for name, there in zip(names, known, strict=True) if there])
    return pd.DataFrame(
        {
            "rank": places,
            "rank_low": np.minimum(low, places),
            "rank_high": np.maximum(high, places),
            "tied_with_best": tied_with_best(values, moved),
        },
        index=index.rename("encoder"),
    )


TIE = 0.005
"""A difference smaller than this in a resample is a tie."""


def compare_pairs(
    names: Sequence[str],
    estimates: Float64[np.ndarray, " encoders"],
    replicates: Replicates,
) -> pd.DataFrame:
    """Return how each encoder does against each other one, a row an ordered pair.

    Columns: `encoder, other, difference, difference_low, difference_high`; `win, tie, loss`, the
    shares of resamples in which the encoder is ahead, within `TIE`, or behind; `p_beats`, the
    share in which it is ahead at all, 0 to 1. A positive difference is in favour of `encoder`.
    """
    rows = []
    for one, name in enumerate(names):
        for two, other in enumerate(names):
            if one == two or np.isnan(estimates[[one, two]]).any():
                continue
            moved = replicates[one] - replicates[two]
            difference = float(estimates[one] - estimates[two])
            low, high = interval(difference, moved)
            rows.append(
                {
                    "encoder": name,
                    "other": other,
                    "difference": difference,
                    "difference_low": low,
                    "difference_high": high,
                    "win": float((moved > TIE).mean()),
                    "tie": float((np.abs(moved) <= TIE).mean()),
                    "loss": float((moved < -TIE).mean()),
                    "p_beats": float((moved > 0).mean() + (moved == 0).mean() / 2),
                }
            )
    columns = ["encoder", "other", "difference", "difference_low", "difference_high"]
    return pd.DataFrame(rows, columns=[*columns, "win", "tie", "loss", "p_beats"])


def rank(
    replicates: Replicates,
) -> tuple[Int[np.ndarray, " encoders"], Int[np.ndarray, " encoders"]]:
    """Return the lowest and the highest rank of each encoder at `LEVEL`, 1 the best."""
    places = 1 + (replicates[None] > replicates[:, None]).sum(axis=1)
    tail = (1 - LEVEL) / 2
    low = np.quantile(places, tail, axis=1, method="lower")
    high = np.quantile(places, 1 - tail, axis=1, method="higher")
    return low.astype(np.int64), high.astype(np.int64)


def tied_with_best(
    estimates: Float64[np.ndarray, " encoders"], replicates: Replicates
) -> Bool[np.ndarray, " encoders"]:
    """Return which encoders may be the best: a set that holds the best one at `LEVEL`.

    An encoder is left out where another one is ahead of it by more than chance explains, however
    many others there were to be behind: its largest difference to another one, in standard
    errors, is held against that in the resamples (multiple comparisons with the best, Hsu 1984;
    studentised maximum as in Hansen, Lunde and Nason 2011).
    """
    tied = np.ones(len(estimates), dtype=bool)
    centred = replicates - estimates[:, None]
    for one in range(len(estimates)):
        ahead = np.delete(estimates - estimates[one], one)
        moved = np.delete(centred - centred[one], one, axis=0)
        spread = moved.std(axis=1)
        if not (ahead > 0).any():
            continue
        if (spread[ahead > 0] == 0).any():
            tied[one] = False
            continue
        sure = spread > 0
        largest = (moved[sure] / spread[sure, None]).max(axis=0)
        tied[one] = (ahead[sure] / spread[sure]).max() <= np.quantile(largest, (1 + LEVEL) / 2)
    return tied
