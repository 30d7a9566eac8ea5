"""The numbers of the comparison with their intervals: by metric, encoder and clusterer."""

from typing import Any

import pandas as pd

from embedbench.report.charts.chart import HEADINGS, Chart, View, number
from embedbench.report.looks import encoder_colours
from embedbench.results.results import Results
from embedbench.results.schema import SIGNALS
from embedbench.results.views import headline_rows, ranked

__all__ = ["ranks_chart", "scores_chart", "signals_chart"]

_WITH_LABELS = ("ami", "ari", "accuracy", "stability")
_WITHOUT_LABELS = ("stability",)
_RANKS_NOTE = (
    "Images (with their duplicates) and seeds were resampled many times, in the same way for all "
    "encoders. A line shows the ranks in 95 % of the resamples."
)
_SIGNALS_NOTE = (
    "Without labels there are two signals: whether images keep their cluster when they are "
    "slightly changed (cluster retention), and whether the clusters agree with those of the "
    "other encoders (consensus). Neither is the truth. Grey marks show what chance gives: | for "
    "shuffled vectors, \N{MULTIPLICATION SIGN} for random ones."
)


def scores_chart(results: Results) -> Chart | None:
    """Return each metric that compares encoders, a panel for each clusterer."""
    rows = headline_rows(results)
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    order = ranked(results)
    metrics = _WITH_LABELS if results.has_truth else _WITHOUT_LABELS
    views = []
    for metric in metrics:
        if metric in rows and rows[metric].notna().any():
            columns = (metric, f"{metric}_low", f"{metric}_high")
            panels = [
                {"title": str(clusterer), "rows": _rows(part, order, columns, colours)}
                for clusterer, part in rows.groupby("clusterer", sort=False)
            ]
            views.append(View(HEADINGS[metric], panels))
    if not views:
        return None
    return Chart(
        "scores", "comparison", "intervals",
        "Every encoder and clusterer, with 95 % intervals", views, "metric",
        look={"x": "1 is perfect, 0 is chance", "range": [0, 1]}, tabled=True,
    )  # fmt: skip


def ranks_chart(results: Results) -> Chart | None:
    """Return the rank of each encoder and the ranks that it may have; None without ranks."""
    if not results.has_truth or "rank" not in results.encoders:
        return None
    ranks = results.encoders.dropna(subset=["rank"])
    if ranks.empty:
        return None
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    clusterer = str(results.comparison["clusterer"].iloc[0])
    order = [name for name in ranked(results) if name in set(ranks["encoder"])]
    panel = {"rows": _rows(ranks, order, ("rank", "rank_low", "rank_high"), colours)}
    highest = max(len(order), int(ranks["rank_high"].fillna(0).max()))
    return Chart(
        "ranks", "sure", "intervals", f"Rank by AMI, {clusterer}, with 95 % intervals",
        [View("", [panel])], note=_RANKS_NOTE,
        look={"x": "rank, 1 is best", "range": [0.6, highest + 0.4], "whole": True},
    )  # fmt: skip


def signals_chart(results: Results) -> Chart | None:
    """Return the two signals of each encoder with what chance gives; None with labels."""
    criteria = results.label_free
    if results.has_truth or criteria.empty:
        return None
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    panels = []
    for signal in SIGNALS:
        rows = criteria[criteria["criterion"] == signal]
        if not rows["value"].notna().any():
            continue
        drawn = _rows(rows, ranked(results), ("value", "low", "high"), colours)
        chance = rows.set_index("encoder")
        for row in drawn:
            if row["name"] in chance.index:
                row["chance"] = [
                    number(chance.at[row["name"], kind]) for kind in ("shuffled", "random")
                ]
        panels.append({"title": HEADINGS[signal], "rows": drawn})
    if not panels:
        return None
    return Chart(
        "signals", "sure", "intervals", "Two signals without labels", [View("", panels)],
        note=_SIGNALS_NOTE, look={"x": "AMI: 1 is perfect, 0 is chance", "range": [0, 1]},
        tabled=True,
    )  # fmt: skip


def _rows(
    table: pd.DataFrame, order: list[str], columns: tuple[str, str, str], colours: dict[str, str]
) -> list[dict[str, Any]]:
    """Return a row for each encoder, also for one without a number."""
    by_encoder = table.drop_duplicates("encoder").set_index("encoder")
    return [
        {
            "name": name,
            "colour": colours[name],
            **{
                part: number(by_encoder[column].get(name)) if column in by_encoder else None
                for part, column in zip(("value", "low", "high"), columns, strict=True)
            },
        }
        for name in order
    ]
