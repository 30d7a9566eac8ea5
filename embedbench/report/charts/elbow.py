"""How many clusters: what each criterion gives over k, and the k that it chooses."""

from typing import Any

import pandas as pd

from embedbench.report.charts.chart import Chart, View, number
from embedbench.report.looks import MUTED, encoder_colours
from embedbench.results.results import Results
from embedbench.results.schema import K_CRITERIA
from embedbench.results.views import chosen_k, ranked

__all__ = ["elbow_chart"]

_AGREEMENT = "agreement"
_COLUMNS = {"elbow": "inertia", "silhouette": "silhouette", "gap": "gap"}
_NOTE = "Grey: what data without clusters give. A criterion may find no clear k."


def elbow_chart(results: Results) -> Chart | None:
    """Return the curves of each encoder; None where one k alone was tried."""
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    views = []
    for name in ranked(results):
        rows = results.elbow[results.elbow["encoder"] == name].sort_values("k")
        if len(rows) > 1:
            panels = [_panel(rows, name, colours[name], one) for one in K_CRITERIA]
            views.append(View(name, [*panels, *_agreement(rows)]))
    if not views:
        return None
    has_null = "inertia_null_low" in results.elbow
    note = _NOTE if has_null and results.elbow["inertia_null_low"].notna().any() else ""
    note = " ".join(filter(None, [_shared(results), note]))
    look = {"x": "k", "whole": True}
    return Chart("elbow", "encoders", "lines", "How many clusters?", views, "encoder", note, look)


def _shared(results: Results) -> str:
    """Say which k all encoders share and why, where labels do not give it."""
    groups = results.run.get("groups") or {}
    if "shared" not in groups or not (results.comparison["k_from"] == "shared").any():
        return ""
    bends = groups.get("elbow") is not None
    why = "where their mean inertia bends" if bends else "the middle of the range"
    said = f"All encoders share k = {groups['shared']}, {why}."
    if groups.get("coarse") is None:
        return said
    agreeing = groups.get("agreement")
    return f"{said} They agree best at k = {agreeing}: how many groups there are is in doubt."


def _agreement(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the panel of the agreement between the encoders, if it is known."""
    if _AGREEMENT not in rows or rows[_AGREEMENT].isna().any():
        return []
    best = int(rows["k"].iloc[int(rows[_AGREEMENT].to_numpy().argmax())])
    values = zip(rows["k"], rows[_AGREEMENT].map(number), strict=True)
    points = [[int(k), value, value, value] for k, value in values]
    line = {"name": "all encoders", "colour": MUTED, "points": points}
    title = f"agreement of all encoders: k = {best}"
    return [{"title": title, "y": _AGREEMENT, "mark": best, "lines": [line]}]


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
