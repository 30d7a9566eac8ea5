"""How alike encoders are, and how the variance of their vectors is spread."""

import pandas as pd

from embedbench.report.charts.chart import Chart, View, number
from embedbench.report.looks import encoder_colours
from embedbench.results.results import Results

__all__ = ["SIMILARITIES", "similarity_chart", "variance_chart"]

SIMILARITIES = {
    "partition_agreement": "same clusters (AMI)",
    "mutual_knn": "same neighbours (share)",
    "cka": "same geometry (CKA)",
}
"""The columns of `Results.similarity`, with what a person reads above them."""

_VARIANCE_NOTE = (
    "For vectors at unit length, as on the PCA map. The rest of the variance is in directions that "
    "a plane does not show."
)


def similarity_chart(results: Results) -> Chart | None:
    """Return heat maps of how alike each two encoders are; None with fewer than two."""
    table = results.similarity
    if table.empty:
        return None
    names = list(dict.fromkeys(table["encoder"].astype(str)))
    panels = []
    for column, title in SIMILARITIES.items():
        cells = table.pivot(index="encoder", columns="other", values=column)
        cells = cells.reindex(index=names, columns=names)
        panels.append({"title": title, "rows": names, "columns": names, "cells": _numbers(cells)})
    title = "How alike the encoders are (1: the same)"
    return Chart("similarity", "why", "cells", title, [View("", panels)], look={"square": True})


def variance_chart(results: Results) -> Chart | None:
    """Return how much of the variance the first principal components hold together."""
    table = results.variance
    if table.empty:
        return None
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    lines = [
        {
            "name": str(name),
            "colour": colours[str(name)],
            "points": [
                [int(component), number(share)]
                for component, share in zip(rows["component"], rows["cumulative"], strict=True)
            ],
        }
        for name, rows in table.groupby("encoder", sort=False)
    ]
    return Chart(
        "variance", "maps", "lines", "Cumulative variance of the principal components",
        [View("", [{"lines": lines}])], note=_VARIANCE_NOTE,
        look={"x": "principal components", "y": "share of the variance", "range": [0, 1]},
    )  # fmt: skip


def _numbers(cells: pd.DataFrame) -> list[list[float | None]]:
    return [[number(value) for value in row] for row in cells.to_numpy(float)]
