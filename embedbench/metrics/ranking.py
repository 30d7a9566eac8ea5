"""Rank encoders, with intervals, pairwise comparisons and ties with the best."""

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
    """Return the comparison of each encoder with each other, by clusterer and metric.

    Columns: `clusterer, metric` and those of `compare_pairs`. Only metrics against the labels are
    compared; an encoder is left out of metrics that are undefined for it.

    Args:
        scores: estimates by encoder, clusterer and metric.
        resamples: resamples of images and seeds.
    """
    tables = [compare_pairs([], np.zeros(0), np.zeros((0, resamples.count)))]
    keys = [
        (clusterer, metric)
        for clusterer, metrics in next(iter(scores.values())).items()
        for metric in metrics
        if metric != "silhouette"  # measured in each encoder's own space, so not comparable
    ]
    for clusterer, metric in keys:
        of_metric = {name: by_clusterer[clusterer][metric] for name, by_clusterer in scores.items()}
        estimates = np.array([score.mean for score in of_metric.values()])
        table = compare_pairs(list(of_metric), estimates, resamples.of(list(of_metric.values())))
        tables.append(table.assign(clusterer=clusterer, metric=metric))
    whole = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    first = ["clusterer", "metric"]
    return whole.reindex(columns=[*first, *whole.columns.difference(first, sort=False)])


def rank_by(
    names: Sequence[str], estimates: Sequence[float], replicates: Replicates
) -> pd.DataFrame:
    """Return the columns `rank, rank_low, rank_high, tied_with_best`, indexed by encoder.

    Higher estimates rank first. The ranks of those that may be the best begin at 1, and reach 2
    where there are several. Encoders without an estimate are left out; fewer than two encoders
    give no rows.
    """
    defined = ~np.isnan(np.asarray(estimates, dtype=np.float64))
    columns = ["rank", "rank_low", "rank_high", "tied_with_best"]
    if defined.sum() < 2:
        return pd.DataFrame(columns=columns, index=pd.Index([], name="encoder"))
    values, moved = np.asarray(estimates, dtype=np.float64)[defined], replicates[defined]
    low, high = rank(moved)
    ranks = pd.Series(-values).rank(method="min").astype(int).to_numpy()
    index = pd.Index([name for name, keep in zip(names, defined, strict=True) if keep])
    tied = tied_with_best(values, moved)
    low = np.where(tied, 1, np.maximum(np.minimum(low, ranks), 2))
    high = np.maximum(np.maximum(high, ranks), np.where(tied & (tied.sum() > 1), 2, 1))
    return pd.DataFrame(
        {
            "rank": ranks,
            "rank_low": low,
            "rank_high": high,
            "tied_with_best": tied,
        },
        index=index.rename("encoder"),
    )


TIE = 0.005
"""A difference of at most this in a resample is a tie."""


def compare_pairs(
    names: Sequence[str],
    estimates: Float64[np.ndarray, " encoders"],
    replicates: Replicates,
) -> pd.DataFrame:
    """Return the comparison of each encoder with each other, one row per ordered pair.

    Columns: `encoder, other, difference, difference_low, difference_high`; `win, tie, loss`, the
    shares of resamples in which the encoder is ahead, within `TIE`, or behind; `p_beats`, the
    share in which it is ahead at all, 0 to 1. A positive difference favours `encoder`.
    """
    rows = []
    for row, name in enumerate(names):
        for other_row, other in enumerate(names):
            if row == other_row or np.isnan(estimates[[row, other_row]]).any():
                continue
            moved = replicates[row] - replicates[other_row]
            difference = float(estimates[row] - estimates[other_row])
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
    """Return the lowest and the highest rank of each encoder at `LEVEL`; 1 is best."""
    ranks = 1 + (replicates[None] > replicates[:, None]).sum(axis=1)
    tail = (1 - LEVEL) / 2
    low = np.quantile(ranks, tail, axis=1, method="lower")
    high = np.quantile(ranks, 1 - tail, axis=1, method="higher")
    return low.astype(np.int64), high.astype(np.int64)


def tied_with_best(
    estimates: Float64[np.ndarray, " encoders"], replicates: Replicates
) -> Bool[np.ndarray, " encoders"]:
    """Return which encoders may be the best: a confidence set of the best at `LEVEL`.

    An encoder is excluded if another is ahead of it by more than chance explains, allowing for
    the number of encoders: its largest difference to another, in standard errors, is compared
    with the distribution of that maximum in the resamples (multiple comparisons with the best,
    Hsu 1984; studentised maximum as in Hansen, Lunde and Nason 2011).
    """
    tied = np.ones(len(estimates), dtype=bool)
    centred = replicates - estimates[:, None]
    for row in range(len(estimates)):
        ahead = np.delete(estimates - estimates[row], row)
        moved = np.delete(centred - centred[row], row, axis=0)
        spread = moved.std(axis=1)
        if not (ahead > 0).any():
            continue
        if (spread[ahead > 0] == 0).any():
            tied[row] = False
            continue
        sure = spread > 0
        if not sure.any():  # no difference is known in the resamples
            continue
        largest = (moved[sure] / spread[sure, None]).max(axis=0)
        tied[row] = (ahead[sure] / spread[sure]).max() <= np.quantile(largest, (1 + LEVEL) / 2)
    return tied
