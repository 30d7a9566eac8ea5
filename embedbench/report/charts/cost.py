"""Quality for each purpose against cost: which encoders none is both better and cheaper than."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from embedbench.report.charts.chart import HEADINGS, Chart, View, number
from embedbench.report.looks import encoder_colours
from embedbench.results.purposes import metric_heading
from embedbench.results.results import Results
from embedbench.results.schema import SIGNALS
from embedbench.results.views import ranked, timings_of

__all__ = ["cost_chart"]

_BYTES = 4
"""Of a number of a vector as it is stored, float32."""

Interval = tuple[float | None, float | None, float | None]

_NOTE = (
    "The line joins the encoders that no other beats in both. Lines through the dots are 95 % "
    "intervals. A ring marks the encoder that is recommended{}."
)


def cost_chart(results: Results) -> Chart | None:
    """Return scores against costs; None with fewer than two encoders, or without one of both.

    With labels there is a view for each purpose, by the metric that it is judged by, with its own
    recommended encoder; without labels for each of the two signals.
    """
    costs = _costs(results)
    scores = _by_purpose(results) if results.has_truth else _by_signal(results)
    order = [name for name in ranked(results) if any(name in one.values for one in scores)]
    if len(order) < 2 or not costs:
        return None
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    views = [
        View(
            one.name,
            [
                {
                    "dots": [_dot(name, colours[name], one.values) for name in order],
                    "score": one.heading,
                    "recommended": one.recommended,
                    "because": one.because,
                }
            ],
        )
        for one in scores
    ]
    look: dict[str, Any] = {
        "costs": [
            {"name": name, "more": more, "values": [number(values.get(one)) for one in order]}
            for name, (values, more) in costs.items()
        ],
    }
    title, choose = "Quality against cost", "purpose" if results.has_truth else "signal"
    note = _NOTE.format(" for the purpose" if results.has_truth else "")
    return Chart("cost", "comparison", "cost", title, views, choose, note, look, True)


@dataclass(frozen=True)
class _Score:
    """One score of all encoders.

    Attributes:
        name: what stands in the choice.
        heading: of the score itself.
        values: value and interval by encoder, of those that have one.
        recommended: the encoder that is recommended by it; None if none is.
        because: why, as the end of a sentence.
    """

    name: str
    heading: str
    values: Mapping[str, Interval]
    recommended: str | None
    because: str


def _dot(encoder: str, colour: str, score: Mapping[str, Interval]) -> dict[str, Any]:
    value, low, high = score.get(encoder, (None, None, None))
    return {"name": encoder, "colour": colour, "value": value, "low": low, "high": high}


def _by_purpose(results: Results) -> list[_Score]:
    """Return the score of each purpose that has one, by the metric that it is judged by."""
    verdicts = results.run.get("verdicts") or {}
    scores = []
    for purpose, rows in results.purposes.groupby("purpose", sort=False):
        heading = metric_heading(str(rows["metric"].iloc[0]))
        why = _recommended(rows, verdicts.get(purpose) or {})
        scores.append(_Score(f"{purpose}: {heading}", heading, _intervals(rows), *why))
    return [score for score in scores if score.values]


def _by_signal(results: Results) -> list[_Score]:
    """Return the two signals that a verdict without labels rests on."""
    criteria = results.label_free
    why = _recommended(results.encoders, results.run.get("verdict") or {})
    scores = [
        _Score(
            HEADINGS[signal],
            HEADINGS[signal],
            _intervals(criteria[criteria["criterion"] == signal]),
            *why,
        )
        for signal in SIGNALS
    ]
    return [score for score in scores if score.values]


def _intervals(rows: pd.DataFrame) -> dict[str, Interval]:
    """Return value, low and high by encoder, of those that have a value."""
    known = rows.dropna(subset=["value"]).drop_duplicates("encoder")
    return {
        str(row["encoder"]): (number(row["value"]), number(row["low"]), number(row["high"]))
        for row in known.to_dict("records")
    }


def _costs(results: Results) -> dict[str, tuple[Mapping[str, float], bool]]:
    """Return each cost by what it is called: its values, and whether more of it is better."""
    encoders = results.encoders.drop_duplicates("encoder").set_index("encoder")
    dim, parameters, weights = (
        {str(encoder): float(value) for encoder, value in encoders[name].dropna().items()}
        if name in encoders
        else {}
        for name in ("dim", "parameters", "weights_mb")
    )
    costs: dict[str, tuple[Mapping[str, float], bool]] = {
        "images a second": (timings_of(results, "images_per_second"), True),
        "ms for one image": (timings_of(results, "latency_ms"), False),
        "parameters": ({name: value for name, value in parameters.items() if value > 0}, False),
        "weights, MB": (weights, False),
        "dimensions": (dim, False),
        "bytes an image, float32": ({name: _BYTES * value for name, value in dim.items()}, False),
        "memory, MB": (timings_of(results, "peak_memory_mb"), False),
    }
    return {name: cost for name, cost in costs.items() if len(cost[0]) > 1}


def _recommended(rows: pd.DataFrame, verdict: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return the encoder that is recommended, and why, as the end of a sentence; or None and ""."""
    chosen = rows[rows["recommended"].eq(True)] if "recommended" in rows else rows.iloc[:0]
    if chosen.empty:
        return None, ""
    name, group = str(chosen["encoder"].iloc[0]), list(verdict.get("group") or ())
    if verdict.get("budget") and name not in group:
        return name, "it ranks first of those within the budget"
    if verdict.get("budget"):
        return name, "it is the smallest within the budget of those that the verdict names"
    if len(group) < 2:
        return name, "the verdict names it alone"
    if verdict.get("smallest") is None:
        return (
            name,
            f"it is the first of the {len(group)} encoders of one size that the verdict names",
        )
    return name, f"it is the smallest of the {len(group)} encoders that the verdict cannot order"
