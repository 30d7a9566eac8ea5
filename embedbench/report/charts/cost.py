"""Quality against cost: which encoders none is both better and cheaper than."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
from embedbench.report.charts.chart import Chart, View, number
from embedbench.report.looks import encoder_colours
from embedbench.results.results import Results
from embedbench.results.schema import SIGNALS
from embedbench.results.views import headline_rows, ranked, timings_of

__all__ = ["cost_chart"]

_BYTES = 4
"""Of a number of a vector as it is stored, float32."""

_SCORES = ("ami", "knn_accuracy", "linear_probe", "retrieval_map")
_HEADINGS = {metric.name: metric.heading for metric in METRICS + ENCODER_METRICS}
_NOTE = (
    "The line joins the encoders that no other beats in both. Lines through the dots are 95 % "
    "intervals. A ring marks the recommended encoder."
)


def cost_chart(results: Results) -> Chart | None:
    """Return scores against costs; None with fewer than two encoders, or without one of both."""
    costs = _costs(results)
    scores = _scores(results)
    order = [name for name in ranked(results) if name in scores.index]
    if len(order) < 2 or not costs or scores.empty:
        return None
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    views = [
        View(
            heading,
            [
                {
                    "dots": [
                        {"name": name, "colour": colours[name], **_interval(scores, name, score)}
                        for name in order
                    ]
                }
            ],
        )
        for score, heading in _headings(scores).items()
    ]
    look: dict[str, Any] = {
        "costs": [
            {"name": name, "more": more, "values": [number(values.get(one)) for one in order]}
            for name, (values, more) in costs.items()
        ],
        "recommended": _recommended(results),
    }
    title = "Quality against cost"
    return Chart("cost", "comparison", "cost", title, views, "score", _NOTE, look)


def _scores(results: Results) -> pd.DataFrame:
    """Return a row for each encoder; with labels what agrees with them, else the two signals."""
    if not results.has_truth:
        rows = results.label_free[results.label_free["criterion"].isin(SIGNALS)]
        rows = rows.drop_duplicates(["encoder", "criterion"]).set_index(["encoder", "criterion"])
        wide = rows[["value", "low", "high"]].unstack()
        wide.columns = [
            name if part == "value" else f"{name}_{part}" for part, name in wide.columns
        ]
        return wide.dropna(axis=1, how="all")
    rows = headline_rows(results)
    rows = rows[rows["clusterer"] == rows["clusterer"].iloc[0]].set_index("encoder")
    ami = rows[[name for name in ("ami", "ami_low", "ami_high") if name in rows]]
    known = results.encoders.set_index("encoder")
    wanted = [f"{name}{end}" for name in _SCORES[1:] for end in ("", "_low", "_high")]
    return ami.join(known[[name for name in wanted if name in known]]).dropna(axis=1, how="all")


def _headings(scores: pd.DataFrame) -> dict[str, str]:
    return {name: _HEADINGS[name] for name in (*_SCORES, *SIGNALS) if name in scores}


def _interval(scores: pd.DataFrame, encoder: str, score: str) -> dict[str, float | None]:
    columns = {"value": score, "low": f"{score}_low", "high": f"{score}_high"}
    return {
        part: number(scores.at[encoder, column]) if column in scores else None
        for part, column in columns.items()
    }


def _costs(results: Results) -> dict[str, tuple[Mapping[str, float], bool]]:
    """Return each cost by what it is called: its values, and whether more of it is better."""
    encoders = results.encoders.drop_duplicates("encoder").set_index("encoder")
    dim, parameters = (
        encoders[name].dropna().astype(float).to_dict() if name in encoders else {}
        for name in ("dim", "parameters")
    )
    costs = {
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
