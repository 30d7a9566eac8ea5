"""Which numbers of the comparison are marked: the best, and those that cannot be told from it."""

from collections.abc import Collection

import pandas as pd

from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.results.results import Results

__all__ = ["marks", "tied_by_ami"]

_BY_NAME = {metric.name: metric for metric in METRICS}


def tied_by_ami(results: Results) -> set[str] | None:
    """Return the encoders tied with the best by AMI and the first clusterer; None if not known."""
    encoders = results.encoders
    if not results.has_truth or "tied_with_best" not in encoders:
        return None
    if encoders["tied_with_best"].isna().all():
        return None
    # Of an encoder that failed it is missing, so the column may hold objects.
    return set(encoders.loc[encoders["tied_with_best"].eq(True), "encoder"].astype(str))


def marks(
    table: pd.DataFrame, name: str, pairs: pd.DataFrame, tied: Collection[str] | None
) -> list[str]:
    """Return "best", "near" (cannot be told from the best) or "" for each row of a column.

    Only what is measured against the labels is marked: the rest is measured in each encoder's
    own space and says nothing of one encoder against another. The rows of each clusterer compare
    with each other; a lone one with nothing.

    Args:
        table: rows of `Results.comparison`, one for each encoder x clusterer.
        name: the column.
        pairs: as `Results.pairs`; near is a row whose difference to the best may be 0.
        tied: the encoders that are near by AMI and the first clusterer; None to ask `pairs`.
    """
    metric = _BY_NAME.get(name)
    found = pd.Series("", index=range(len(table)))
    if not metric or not metric.needs_truth or not metric.direction or name not in table:
        return found.tolist()
    rows = table.reset_index(drop=True)
    first = rows["clusterer"].iloc[0] if len(rows) else None
    for clusterer, group in rows.dropna(subset=[name]).groupby("clusterer", sort=False):
        if len(group) < 2:
            continue
        best = group.iloc[int((group[name] * metric.direction).argmax())]
        near = _near(pairs, str(clusterer), name, str(best["encoder"]))
        if name == "ami" and clusterer == first and tied is not None:
            near = set(tied)
        found[group.index[group["encoder"].isin(near)]] = "near"
        found[group.index[group[name] == best[name]]] = "best"
    return found.tolist()


def _near(pairs: pd.DataFrame, clusterer: str, metric: str, best: str) -> set[str]:
    """Return the encoders whose difference to the best one has an interval that holds 0."""
    if pairs.empty:
        return set()
    mine = (pairs["clusterer"] == clusterer) & (pairs["metric"] == metric)
    rows = pairs[mine & (pairs["encoder"] == best)]
    holds_zero = (rows["difference_low"] <= 0) & (rows["difference_high"] >= 0)
    return set(rows.loc[holds_zero, "other"].astype(str))
