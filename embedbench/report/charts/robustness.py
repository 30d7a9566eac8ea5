"""What corruptions cost each encoder, and where mixed-in images end up."""

from typing import Any

import pandas as pd

from embedbench.report.charts.chart import HEADINGS, Chart, View, number
from embedbench.report.looks import NOISE, encoder_colours
from embedbench.results.results import Results
from embedbench.results.schema import NEIGHBOUR_RETENTION

__all__ = ["CURVE_HEADINGS", "WHERE", "contamination_chart", "curves_chart", "main_curve"]

WHERE = {
    "own_cluster": ("clusters of their own", "#4A5B6C"),
    "noise": ("noise", NOISE),
    "scattered": ("clusters of the others", "#F0C27B"),
}
"""Where mixed-in images end up: what it is called, and its colour, which is no encoder's."""

CURVE_HEADINGS = HEADINGS | {
    "neighbour_retention": "neighbour retention",
    "cluster_changes": "share of images that change cluster",
}
_CURVES_NOTE = (
    "Severity 0 is the clean images. Bands are 95 % intervals of the change from them. Each set of "
    "corrupted images was clustered separately."
)


def main_curve(table: pd.DataFrame) -> tuple[str, str]:
    """Return the clusterer and the metric that the curves show.

    The AMI of the first clusterer where labels are known, else the neighbour retention.

    Args:
        table: as `Results.robustness`.
    """
    rows = table[(table["metric"] == "ami") & table["clean"].notna()]
    return (str(rows["clusterer"].iloc[0]), "ami") if len(rows) else ("", NEIGHBOUR_RETENTION)


def curves_chart(results: Results) -> Chart | None:
    """Return metrics over severity, a panel for each corruption; None without corruptions."""
    table = results.robustness
    if table.empty:
        return None
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    shown = list(dict.fromkeys([main_curve(table), ("", NEIGHBOUR_RETENTION)]))
    views = []
    for clusterer, metric in shown:
        rows = table[(table["clusterer"] == clusterer) & (table["metric"] == metric)]
        heading = CURVE_HEADINGS.get(metric, metric) + (f", {clusterer}" if clusterer else "")
        panels = [
            {
                "title": str(kind),
                "lines": [
                    {
                        "name": str(encoder),
                        "colour": colours[str(encoder)],
                        "points": _curve(part.sort_values("severity")),
                    }
                    for encoder, part in kind_rows.groupby("encoder", sort=False)
                ],
            }
            for kind, kind_rows in rows.groupby("corruption", sort=False)
        ]
        views.append(View(heading, panels))
    title = "What corruptions cost"
    look = {"x": "severity", "whole": True, "zero": True}
    return Chart("curves", "robustness", "lines", title, views, "metric", _CURVES_NOTE, look)


def _curve(rows: pd.DataFrame) -> list[list[int | float | None]]:
    """Return severity, value and interval, from the clean images on."""
    clean = number(rows["clean"].mean())
    points: list[list[int | float | None]] = [[0, clean, clean, clean]]
    for _, row in rows.iterrows():
        ends = (row["clean"] + row[end] for end in ("change_low", "change_high"))
        points.append([int(row["severity"]), number(row["value"]), *map(number, ends)])
    return points


def contamination_chart(results: Results) -> Chart | None:
    """Return where mixed-in images end up, a panel for each clusterer; None without any."""
    table = results.contamination
    shares = table[table["quantity"].isin(WHERE)] if len(table) else table
    if shares.empty:
        return None
    panels = [
        {
            "title": str(clusterer),
            "rows": [
                {"name": str(encoder), "parts": _parts(part)}
                for encoder, part in rows.groupby("encoder", sort=False)
            ],
        }
        for clusterer, rows in shares.groupby("clusterer", sort=False)
    ]
    parts = [{"name": name, "colour": colour} for name, colour in WHERE.values()]
    title = "Where the mixed-in images end up"
    return Chart(
        "contamination", "robustness", "bars", title, [View("", panels)],
        look={"parts": parts, "x": "percent"}, tabled=True,
    )  # fmt: skip


def _parts(rows: pd.DataFrame) -> list[float | None]:
    values: dict[str, Any] = dict(zip(rows["quantity"], rows["value"], strict=True))
    return [number(100 * values[name]) if name in values else None for name in WHERE]
