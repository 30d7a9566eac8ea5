"""Quality against cost: which encoders none is both better and cheaper than."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from embedbench.report.charts.chart import HEADINGS, Chart, View, number
from embedbench.report.looks import encoder_colours
from embedbench.results.results import Results
from embedbench.results.schema import SIGNALS
from embedbench.results.views import headline_rows, ranked, timings_of

__all__ = ["cost_chart"]

_BYTES = 4
"""Of a number of a vector as it is stored, float32."""

_OF_ENCODERS = ("knn_accuracy", "linear_probe", "retrieval_map")
Interval = tuple[float | None, float | None, float | None]

_NOTE = (
    "The line joins the encoders that no other beats in both. Lines through the dots are 95 % "
    "intervals. A ring marks the recommended encoder."
)


def cost_chart(results: Results) -> Chart | None:
    """Return scores against costs; None with fewer than two encoders, or without one of both."""
    costs = _costs(results)
    scores = _scores(results)
    order = [name for name in ranked(results) if any(name in one for one in scores.values())]
    if len(order) < 2 or not costs:
        return None
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    views = [
        View(HEADINGS[name], [{"dots": [_dot(one, colours[one], score) for one in order]}])
        for name, score in scores.items()
    ]
    recommended = _recommended(results)
    look: dict[str, Any] = {
        "costs": [
            {"name": name, "more": more, "values": [number(values.get(one)) for one in order]}
            for name, (values, more) in costs.items()
        ],
        "recommended": recommended,
        "because": _because(results) if recommended else "",
    }
    title = "Quality against cost"
    return Chart("cost", "comparison", "cost", title, views, "score", _NOTE, look, True)


def _dot(encoder: str, colour: str, score: Mapping[str, Interval]) -> dict[str, Any]:
    value, low, high = score.get(encoder, (None, None, None))
    return {"name": encoder, "colour": colour, "value": value, "low": low, "high": high}


def _scores(results: Results) -> dict[str, dict[str, Interval]]:
    """Return each score's value and interval by encoder; without labels those of the two signals.

    With labels they are what agrees with them: the clusters of the first clusterer, and the
    encoder's own.
    """
    if not results.has_truth:
        criteria = results.label_free
        tables = {
            signal: (criteria[criteria["criterion"] == signal], ("value", "low", "high"))
            for signal in SIGNALS
        }
    else:
        rows = headline_rows(results)
        first = rows[rows["clusterer"] == rows["clusterer"].iloc[0]]
        tables = {
            name: (table, (name, f"{name}_low", f"{name}_high"))
            for table, names in ((first, ("ami",)), (results.encoders, _OF_ENCODERS))
            for name in names
            if name in table
        }
    scores = {name: _intervals(*table) for name, table in tables.items()}
    return {name: score for name, score in scores.items() if score}


def _intervals(table: pd.DataFrame, columns: tuple[str, str, str]) -> dict[str, Interval]:
    """Return value, low and high by encoder, of those that have a value."""
    value, *_ = columns
    rows = table.dropna(subset=[value]).drop_duplicates("encoder")
    parts = [rows[name] if name in rows else [None] * len(rows) for name in columns]
    return {
        str(encoder): (number(value), number(low), number(high))
        for encoder, value, low, high in zip(rows["encoder"], *parts, strict=True)
    }


def _costs(results: Results) -> dict[str, tuple[Mapping[str, float], bool]]:
    """Return each cost by what it is called: its values, and whether more of it is better."""
    encoders = results.encoders.drop_duplicates("encoder").set_index("encoder")
    dim, parameters = (
        {str(encoder): float(value) for encoder, value in encoders[name].dropna().items()}
        if name in encoders
        else {}
        for name in ("dim", "parameters")
    )
    costs: dict[str, tuple[Mapping[str, float], bool]] = {
        "images a second": (timings_of(results, "images_per_second"), True),
        "parameters": ({name: value for name, value in parameters.items() if value > 0}, False),
        "dimensions": (dim, False),
        "bytes an image, float32": ({name: _BYTES * value for name, value in dim.items()}, False),
        "memory, MB": (timings_of(results, "peak_memory_mb"), False),
    }
    return {name: cost for name, cost in costs.items() if len(cost[0]) > 1}


def _recommended(results: Results) -> str | None:
    if "recommended" not in results.encoders:
        return None
    chosen = results.encoders.loc[results.encoders["recommended"].eq(True), "encoder"]
    return str(chosen.iloc[0]) if len(chosen) else None


def _because(results: Results) -> str:
    """Return why the recommended encoder is it, as the end of a sentence."""
    verdict = results.run.get("verdict") or {}
    count = len(verdict.get("group") or ())
    if count < 2:
        return "the verdict names it alone"
    if verdict.get("smallest") is None:
        return f"it is the first of the {count} encoders of one size that the verdict names"
    return f"it is the smallest of the {count} encoders that the verdict cannot order"
