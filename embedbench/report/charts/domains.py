"""Each domain measured by itself, and which domains each cluster holds."""

from typing import Any

import numpy as np
import pandas as pd

from embedbench.report.charts.chart import HEADINGS, Chart, View, number
from embedbench.report.looks import NOISE, cluster_name
from embedbench.results.results import Results
from embedbench.results.views import ranked

__all__ = [
    "COMPARABLE",
    "DOMAIN_COLOURS",
    "cluster_shares",
    "composition_chart",
    "domain_panels",
    "domains_chart",
]

COMPARABLE = (("ami", True), ("knn_accuracy", False), ("retrieval_map", False))
"""The metrics shown with labels, and whether each is of a clusterer. They say the same of every
encoder, and 1 is the best in every domain."""

_WITHOUT_LABELS = (("stability", True), ("silhouette", True))

DOMAIN_COLOURS = ("#332288", "#CC6677", "#117733", "#999933", "#44AA99", "#AA4499")
"""Of domains: Tol's muted ones (Tol 2021), none of them an encoder's."""


def domain_panels(table: pd.DataFrame, clusterer: str) -> dict[str, pd.DataFrame]:
    """Return the rows of each measured metric, by the heading of their panel.

    With labels they are AMI, nearest-neighbour accuracy and retrieval. Without, stability, which
    compares everywhere, and the silhouette, which compares domains of one encoder only.

    Args:
        table: as `Results.domains`.
        clusterer: whose clusters are shown.
    """
    panels = {}
    values = table.dropna(subset=["value"])
    for metrics in (COMPARABLE, _WITHOUT_LABELS):
        for metric, of_clusterer in metrics:
            wanted = clusterer if of_clusterer else ""
            rows = values[(values["metric"] == metric) & (values["clusterer"] == wanted)]
            if len(rows):
                panels[HEADINGS[metric] + (f", {clusterer}" if of_clusterer else "")] = rows
        if panels:
            break
    return panels


def domains_chart(results: Results) -> Chart | None:
    """Return the main metrics of each encoder and domain, with intervals; None without domains."""
    table = results.domains
    if table.empty:
        return None
    clusterer = str(results.comparison["clusterer"].iloc[0])
    domains = list(dict.fromkeys(table["domain"].astype(str)))
    colours = {
        name: DOMAIN_COLOURS[index % len(DOMAIN_COLOURS)] for index, name in enumerate(domains)
    }
    order = ranked(results)
    panels = []
    for heading, rows in domain_panels(table, clusterer).items():
        own_space = bool(rows["metric"].eq("silhouette").all())
        by_both = rows.drop_duplicates(["encoder", "domain"]).set_index(["encoder", "domain"])
        drawn = [
            {
                "name": encoder,
                "series": domain,
                "colour": NOISE if own_space else colours[domain],
                **{part: number(by_both.at[(encoder, domain), part]) for part in _PARTS},
            }
            for encoder in order
            for domain in domains
            if (encoder, domain) in by_both.index
        ]
        note = "compare within an encoder only" if own_space else ""
        panels.append({"title": heading, "rows": drawn, "x": note})
    if not panels:
        return None
    legend = [{"name": name, "colour": colour} for name, colour in colours.items()]
    return Chart(
        "domains", "domains", "intervals", "Each domain alone, with 95 % intervals",
        [View("", panels)], look={"legend": legend, "range": [0, 1]}, tabled=True,
    )  # fmt: skip


_PARTS = ("value", "low", "high")


def composition_chart(results: Results) -> Chart | None:
    """Return the share of each domain in each cluster, for each encoder; None without domains."""
    table = results.composition
    table = table[table["by"] == "domain"] if len(table) else table
    if table.empty:
        return None
    views = []
    for encoder in ranked(results):
        rows = table[table["encoder"] == encoder]
        for clusterer in rows["clusterer"].astype(str).unique()[:1]:
            shares = cluster_shares(rows[rows["clusterer"] == clusterer])
            if len(shares):
                views.append(View(encoder, [_cells(shares, clusterer)]))
    if not views:
        return None
    title = "Domains in each cluster"
    look = {"percent": True}
    return Chart("composition", "domains", "cells", title, views, "encoder", look=look)


def _cells(shares: pd.DataFrame, clusterer: str) -> dict[str, Any]:
    return {
        "title": f"clusters of {clusterer}",
        "rows": [str(name) for name in shares.index],
        "columns": [str(name) for name in shares.columns],
        "cells": [[number(value) for value in row] for row in shares.to_numpy(float)],
    }


def cluster_shares(composition: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each domain (columns) in each cluster (rows), 0 to 1.

    Clusters of the same commonest domain stand together, the purest first, noise last. The last
    row is all images. No rows where no image has a domain.

    Args:
        composition: rows of one encoder and clusterer of `Results.composition`.
    """
    counts = composition.pivot_table(
        index="cluster", columns="value", values="images", aggfunc="sum", fill_value=0
    )
    if counts.empty:
        return counts
    counts = _by_domain(counts)
    counts.loc["all images"] = counts.sum()
    sizes = counts.sum(axis=1)
    shares: pd.DataFrame = counts.div(sizes, axis=0)
    shares.index = pd.Index(
        [
            f"{name if isinstance(name, str) else cluster_name(int(name))} ({size})"
            for name, size in zip(counts.index, sizes, strict=True)
        ]
    )
    return shares


def _by_domain(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the rows ordered by their commonest domain and its share, noise last."""
    shares = counts.div(counts.sum(axis=1), axis=0).to_numpy()
    noise = counts.index.to_numpy() < 0
    order = np.lexsort((counts.index, -shares.max(axis=1), shares.argmax(axis=1), noise))
    return counts.iloc[order]
