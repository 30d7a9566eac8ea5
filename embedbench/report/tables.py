"""The tables of the report: numbers as text, and which of them are marked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from embedbench.metrics import METRICS
from embedbench.results import HEADLINE

__all__ = [
    "Cell",
    "Column",
    "Row",
    "comparison_columns",
    "comparison_table",
    "format_value",
    "marks",
    "plain_table",
]

NOTHING = "–"
OTHER_HEADINGS = {
    "images_per_second": "images / s",
    "load_seconds": "load, s",
    "peak_memory_mb": "memory, MB",
    "pretrained_on": "trained on",
    "name_margin": "margin",
}
OTHER_SENTENCES = {
    "encoder": "What turns an image into a vector.",
    "space": "What the clusterer sees of the vectors; l2 scales each to length 1.",
    "clusterer": "The method that groups the vectors.",
    "k": "How many clusters were asked for.",
    "k_from": (
        "Who chose k: truth (the number of classes), given (you), shared (one for all encoders), "
        "own (the clusterer itself), or elbow, silhouette, gap (a k for each encoder alone)."
    ),
    "ami_low": "The lowest AMI of all seeds.",
    "ami_high": "The highest AMI of all seeds.",
    "seconds": "How long the clusterer took for all its ks and seeds.",
}
_ONE_DECIMAL = {"seconds", "load_seconds", "images_per_second", "calinski_harabasz"}
_METRICS = {metric.name: metric for metric in METRICS}


@dataclass(frozen=True)
class Column:
    """A column of the comparison: its name, its heading, what it means, where it comes from."""

    name: str
    heading: str
    sentence: str
    source: str
    numeric: bool


@dataclass(frozen=True)
class Cell:
    """One number as text.

    Attributes:
        text: as it is shown.
        mark: "best", "near" (cannot be told from the best) or "".
        span: where low, value and high lie between the metric's ends, in percent; or None.
    """

    text: str
    mark: str = ""
    span: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Row:
    """One row: whose it is, and its cells."""

    encoder: str
    cells: list[Cell]


def comparison_columns(names: Iterable[str]) -> list[Column]:
    """Return the columns of these names, in their order."""
    return [_column(name) for name in names]


def _column(name: str) -> Column:
    metric = _METRICS.get(name)
    heading = HEADLINE.get(name) or (metric.heading if metric else name.replace("_", " "))
    sentence = metric.sentence if metric else OTHER_SENTENCES.get(name, "")
    numeric = name not in {"encoder", "space", "clusterer", "k_from"}
    return Column(name, heading, sentence, metric.source if metric else "", numeric)


def comparison_table(table: pd.DataFrame, columns: list[Column], marked: bool) -> list[Row]:
    """Return the rows of a comparison.

    Args:
        table: rows of `Results.comparison`.
        columns: which to show.
        marked: whether the rows compare with each other, so that the best is marked.
    """
    rows = table.reset_index(drop=True)
    found = {
        column.name: marks(rows, column.name) if marked else [""] * len(rows) for column in columns
    }
    return [
        Row(
            str(row["encoder"]),
            [
                Cell(_text(column, row), found[column.name][index], _span(column.name, row))
                for column in columns
            ],
        )
        for index, (_, row) in enumerate(rows.iterrows())
    ]


def _text(column: Column, row: pd.Series) -> str:
    if column.name == "k" and pd.isna(row["k"]) and row["k_from"] != "own":
        return "no clear k"
    return format_value(column.name, row[column.name])


def _span(name: str, row: pd.Series) -> tuple[float, float, float] | None:
    if name != "ami" or pd.isna(row["ami"]):
        return None
    low, high = _interval(row, name)
    ends = (min(max(100 * value, 0.0), 100.0) for value in (low, float(row["ami"]), high))
    left, middle, right = (round(value, 1) for value in ends)
    return left, middle, right


def marks(table: pd.DataFrame, name: str) -> list[str]:
    """Return "best", "near" or "" for each row of a column.

    Only what is measured against the labels is marked: the rest is measured in each encoder's
    own space and says nothing of one encoder against another. Near is a row whose low to high
    overlaps that of the best.
    """
    metric = _METRICS.get(name)
    if not metric or not metric.needs_truth or not metric.direction or table[name].isna().all():
        return [""] * len(table)
    best = table.iloc[int((table[name] * metric.direction).argmax())]
    low, high = _interval(best, name)
    found = []
    for _, row in table.iterrows():
        mine = _interval(row, name)
        near = mine[0] <= high and mine[1] >= low
        found.append("best" if row[name] == best[name] else "near" if near else "")
    return found


def _interval(row: pd.Series, name: str) -> tuple[float, float]:
    """Return low and high of a number; where they are not known, the number itself twice."""
    ends = (row.get(f"{name}_low"), row.get(f"{name}_high"))
    low, high = (row[name] if end is None or pd.isna(end) else end for end in ends)
    return float(low), float(high)


def plain_table(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Return headings and rows of text; columns that hold nothing at all are left out."""
    empty = table.isna() | (table.astype(object) == "")
    shown = [str(name) for name in table.columns if not bool(empty[name].all())]
    headings = [OTHER_HEADINGS.get(name, name.replace("_", " ")) for name in shown]
    rows = [[format_value(name, row[name]) for name in shown] for _, row in table.iterrows()]
    return headings, rows


def format_value(name: str, value: Any) -> str:
    """Return one value of the column `name` as a person reads it."""
    if value is None or value is pd.NA or value != value or value == "":
        return NOTHING
    if isinstance(value, (str, bool)):
        return str(value)
    if name == "coverage":
        return f"{100 * value:.0f} %"
    if name == "parameters":
        return f"{value / 1e6:,.1f} M"
    if name in _ONE_DECIMAL:
        return f"{value:,.1f}"
    if float(value).is_integer() and (name == "clusters" or name not in _METRICS):
        return f"{int(value):,}"
    # Adding zero makes -0.0 a plain 0.
    return f"{round(float(value), 3) + 0.0:.3f}"
