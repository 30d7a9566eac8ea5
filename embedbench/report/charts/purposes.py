"""The number of each purpose with its interval, by labels a class, and by bytes a vector."""

import re
from typing import Any

import pandas as pd

from embedbench.report.charts.chart import Chart, View, number
from embedbench.report.looks import encoder_colours
from embedbench.results.purposes import metric_heading
from embedbench.results.results import Results
from embedbench.results.tables.purposes import CLASSIFICATION
from embedbench.results.views import ranked

__all__ = ["few_shot_chart", "purposes_chart", "section_of_purpose", "sizes_charts"]

_FEW_NOTE = (
    "The accuracy of a linear classifier that knows so many labelled images of each class, on all "
    "others: a mean over ten draws. Bands are 95 % intervals."
)
_SIZES_NOTE = (
    "Each point is a form in which the vectors can be stored, of two with the same bytes the "
    "better one. A ring marks the smallest form that is not measurably worse than float32. Bands "
    "are 95 % intervals."
)
_NOTE = "A line is the 95 % interval. Grey marks show what chance gives."


def section_of_purpose(purpose: str) -> str:
    """Return the id of the part of the page that is a purpose's own."""
    return "purposes-" + re.sub(r"\W+", "-", purpose)


def purposes_chart(results: Results) -> Chart | None:
    """Return a panel for each purpose, an encoder a row; None with a single purpose."""
    table = results.purposes.dropna(subset=["value"])
    if table["purpose"].nunique() < 2:
        return None
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    panels = []
    for purpose, rows in table.groupby("purpose", sort=False):
        own = rows.set_index("encoder")
        panels.append(
            {
                "title": f"{purpose}: {metric_heading(str(own['metric'].iloc[0]))}",
                "rows": [
                    {
                        "name": name,
                        "colour": colours[name],
                        "value": number(own.at[name, "value"]),
                        "low": number(own.at[name, "low"]),
                        "high": number(own.at[name, "high"]),
                        "chance": [number(own.at[name, "chance"])],
                    }
                    for name in ranked(results)
                    if name in own.index
                ],
            }
        )
    return Chart(
        "purposes", "purposes", "intervals", "Each purpose, with 95 % intervals",
        [View("", panels)], note=_NOTE, look={"x": "1 is perfect", "range": [0, 1]}, tabled=True,
    )  # fmt: skip


def few_shot_chart(results: Results) -> Chart | None:
    """Return the accuracy over the number of labelled images a class; None without any."""
    table = results.few_shot.dropna(subset=["value"])
    if table.empty:
        return None
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    lines = [
        {
            "name": name,
            "colour": colours[name],
            "points": [
                [int(row["shots"]), *(number(row[part]) for part in ("value", "low", "high"))]
                for row in table[table["encoder"] == name].to_dict("records")
            ],
        }
        for name in ranked(results)
    ]
    return Chart(
        "few_shot", section_of_purpose(CLASSIFICATION), "lines", "What a few labels buy",
        [View("", [{"lines": [line for line in lines if line["points"]]}])], note=_FEW_NOTE,
        look={"x": "labelled images a class", "y": "accuracy", "whole": True, "log": True},
    )  # fmt: skip


def sizes_charts(results: Results) -> list[Chart]:
    """Return a chart for each purpose: its metric over the bytes of a vector."""
    table = results.sizes.dropna(subset=["value"])
    return [
        _sizes_chart(results, str(purpose), rows)
        for purpose, rows in table.groupby("purpose", sort=False)
    ]


def _sizes_chart(results: Results, purpose: str, rows: pd.DataFrame) -> Chart:
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    lines, rings = [], []
    for name in ranked(results):
        own = _best_by_bytes(rows[rows["encoder"] == name])
        if not own:
            continue
        numbers = ("value", "low", "high")
        points = [
            [int(row["bytes"]), *(number(row[part]) for part in numbers), str(row["form"])]
            for row in own
        ]
        lines.append({"name": name, "colour": colours[name], "points": points})
        rings += [
            {"colour": colours[name], "x": int(row["bytes"]), "value": number(row["value"])}
            for row in own
            if row["smallest"]
        ]
    section, heading = section_of_purpose(purpose), metric_heading(str(rows["metric"].iloc[0]))
    return Chart(
        f"sizes-{section}", section, "lines", "What smaller vectors cost",
        [View("", [{"lines": lines, "rings": rings}])], note=_SIZES_NOTE,
        look={"x": "bytes an image", "y": heading, "log": True},
    )  # fmt: skip


def _best_by_bytes(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row for each number of bytes, rising: the marked one, else the best."""
    ordered = rows.sort_values(["bytes", "smallest", "value"], ascending=[True, False, False])
    kept = ordered.drop_duplicates("bytes").to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in kept]
