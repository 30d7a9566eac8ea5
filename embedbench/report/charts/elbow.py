"""How many clusters: inertia, silhouette and gap over k, with the k that each criterion chooses."""

from typing import Any

import pandas as pd

from embedbench.report.charts.chart import Chart, View, number
from embedbench.report.looks import encoder_colours
from embedbench.results.results import Results
from embedbench.results.schema import K_CRITERIA
from embedbench.results.views import chosen_k, ranked

__all__ = ["elbow_chart"]

_COLUMNS = {"elbow": "inertia", "silhouette": "silhouette", "gap": "gap"}
_NOTE = "Grey: what data without clusters give. A criterion may find no clear k."


def elbow_chart(results: Results) -> Chart | None:
    """Return the curves of each encoder; None where one k alone was tried."""
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    views = []
    for name in ranked(results):
        rows = results.elbow[results.elbow["encoder"] == name].sort_values("k")
        if len(rows) > 1:
            views.append(View(name, [_panel(rows, name, colours[name], one) for one in K_CRITERIA]))
    if not views:
        return None
    has_null = "inertia_null_low" in results.elbow
    note = _NOTE if has_null and results.elbow["inertia_null_low"].notna().any() else ""
    look = {"x": "k", "whole": True}
    return Chart("elbow", "encoders", "lines", "How many clusters?", views, "encoder", note, look)


def _panel(rows: pd.DataFrame, encoder: str, colour: str, criterion: str) -> dict[str, Any]:
    column = _COLUMNS[criterion]
    has_null = "inertia_null_low" in rows and rows["inertia_null_low"].notna().any()
    k, last = chosen_k(rows, criterion), int(rows["k"].max())
    said = "no clear k" if k is None else f"k = {k}{' or more' if k == last else ''}"
    error = rows["gap_error"] if criterion == "gap" and "gap_error" in rows else None
    panel: dict[str, Any] = {
        "title": f"{criterion}: {said}" if has_null else criterion,
        "y": column,
        "mark": k if has_null else None,
        "lines": [
            {
                "name": encoder,
                "colour": colour,
                "points": [
                    [int(one), number(value), number(value - reach), number(value + reach)]
                    for one, value, reach in zip(
                        rows["k"], rows[column], error if error is not None else [0.0] * len(rows),
                        strict=True,
                    )
                ],
            }
        ],
    }  # fmt: skip
    if has_null and criterion != "gap":
        high = rows[f"{column}_null_high"]
        floor = min(0.0, float(rows[column].min()))
        low = rows["inertia_null_low"] if criterion == "elbow" else [floor] * len(rows)
        panel["band"] = [
            [int(one), number(bottom), number(top)]
            for one, bottom, top in zip(rows["k"], low, high, strict=True)
        ]
    return panel
