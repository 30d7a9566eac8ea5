"""Ranks: which encoder is ahead, how sure that is, and which are tied with the best."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from embedbench.metrics.scores import Score
from embedbench.statistics import Replicates, Resamples, compare_pairs, rank, tied_with_best

__all__ = ["pairs_table", "rank_by"]


def pairs_table(
    scores: Mapping[str, Mapping[str, Mapping[str, Score]]], resamples: Resamples
) -> pd.DataFrame:
    """Return how each encoder does against each other one, by clusterer and metric.

    Columns: `clusterer, metric` and those of `embedbench.statistics.compare_pairs`. Metrics are
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
