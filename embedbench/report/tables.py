"""The tables of the report: numbers as text, and which of them are marked."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
from embedbench.results.results import Results
from embedbench.results.schema import HEADLINE, TABLES
from embedbench.results.tables.table import interval_columns
from embedbench.utils.text import two_decimals

__all__ = [
    "Cell",
    "Column",
    "NOTHING",
    "Row",
    "bar",
    "comparison_columns",
    "comparison_table",
    "format_value",
    "has_bar",
    "highlights",
    "interval_text",
    "plain_table",
    "tied_by_ami",
]

NOTHING = "–"
OTHER_HEADINGS = {
    "images_per_second": "images / s",
    "latency_ms": "ms for one image",
    "load_seconds": "load, s",
    "peak_memory_mb": "memory, MB",
    "weights_mb": "weights, MB",
    "precision_cosine": "cosine to float32",
    "pretrained_on": "trained on",
    "name_margin": "margin",
}
_MEANINGS = {
    name: column.meaning
    for table in ("encoders", "comparison")
    for name, column in TABLES[table].columns.items()
}
_ONE_DECIMAL = {
    "load_seconds", "images_per_second", "latency_ms", "weights_mb", "calinski_harabasz",
    "effective_rank", "intrinsic_dimension",
}  # fmt: skip
_METRICS = {metric.name: metric for metric in METRICS + ENCODER_METRICS}


@dataclass(frozen=True)
class Column:
    """A column of the comparison.

    Attributes:
        name: its name in the tables of the run folder.
        heading: what stands above it.
        sentence: what it means.
        source: where it comes from.
        numeric: whether it holds numbers.
        barred: whether a bar from 0 to 1 shows each number.
    """

    name: str
    heading: str
    sentence: str
    source: str
    numeric: bool
    barred: bool = False


@dataclass(frozen=True)
class Cell:
    """One number as text.

    Attributes:
        text: as it is shown.
        mark: "best", "near" (not distinguishable from the best) or "".
        span: where low, value and high lie from 0 to 1, in percent; or None.
        interval: its interval as text, or "".
        chance: what chance gives, as text, or "".
        exact: the number with more digits than `text` has, for sorting; or "".
    """

    text: str
    mark: str = ""
    span: tuple[float, float, float] | None = None
    interval: str = ""
    chance: str = ""
    exact: str = ""


@dataclass(frozen=True)
class Row:
    """One row: whose it is, its cells, and whether a group of rows that compare starts here."""

    encoder: str
    cells: list[Cell]
    starts: bool = False


def comparison_columns(names: Iterable[str]) -> list[Column]:
    """Return the columns of these names, in their order.

    The ends of an interval are no columns of their own where the number itself is one.
    """
    all_names = list(names)
    ends = {f"{name}_{end}" for name in all_names for end in ("low", "high")}
    known = set(all_names)
    return [
        _column(name, has_bar(name) and (name == "ami" or f"{name}_low" in known))
        for name in all_names
        if name not in ends
    ]


def has_bar(name: str) -> bool:
    """Whether 0 and 1 are the ends of a metric's scale; adjusted for chance, 0 is chance."""
    metric = _METRICS.get(name)
    scaled = metric is not None and metric.direction > 0 and metric.high == 1
    return scaled and not name.startswith("silhouette")


def _column(name: str, barred: bool) -> Column:
    metric = _METRICS.get(name)
    heading = HEADLINE.get(name) or (metric.heading if metric else name.replace("_", " "))
    stem, _, end = name.rpartition("_")
    if end in ("low", "high"):
        sentence = interval_columns(stem)[end].meaning
    else:
        sentence = metric.sentence if metric else _MEANINGS.get(name, "")
    numeric = name not in {"encoder", "space", "clusterer", "k_from"}
    source = metric.source if metric else ""
    return Column(name, heading, sentence.replace("`", ""), source, numeric, barred)


def comparison_table(
    table: pd.DataFrame,
    columns: list[Column],
    marks: Mapping[str, list[str]] | None = None,
    group: str | None = None,
    bars: bool = True,
) -> list[Row]:
    """Return the rows of a comparison.

    Args:
        table: rows of `Results.comparison`.
        columns: which to show.
        marks: a mark for each row, by column; none where rows do not compare.
        group: the column whose change starts a new group of rows.
        bars: whether the rows hold their bars; the page's script draws them where they do not.
    """
    rows, marks_by_column = table.reset_index(drop=True), marks or {}
    table_rows = []
    for index, (_, row) in enumerate(rows.iterrows()):
        cells = [
            Cell(
                _text(column, row),
                marks_by_column[column.name][index] if column.name in marks_by_column else "",
                _span(column, row) if bars else None,
                interval_text(row.get(f"{column.name}_low"), row.get(f"{column.name}_high")),
                exact=_exact(row[column.name]),
            )
            for column in columns
        ]
        starts = bool(group and index and row[group] != rows[group][index - 1])
        table_rows.append(Row(str(row["encoder"]), cells, starts))
    return table_rows


def _text(column: Column, row: pd.Series) -> str:
    if column.name == "k" and pd.isna(row["k"]) and row["k_from"] != "own":
        return "no clear k"
    return format_value(column.name, row[column.name])


def _span(column: Column, row: pd.Series) -> tuple[float, float, float] | None:
    if not column.barred:
        return None
    name = column.name
    return bar(row[name], row.get(f"{name}_low"), row.get(f"{name}_high"))


def _exact(value: Any) -> str:
    """Return a number with six digits; "" where its text tells it as well."""
    if not isinstance(value, float) or value != value or value.is_integer():
        return ""
    return f"{value:.6g}"


def bar(value: Any, low: Any, high: Any) -> tuple[float, float, float] | None:
    """Return where low, value and high lie from 0 to 1, in percent; None where there is no value.

    Where low and high are not known, they are the value.
    """
    if pd.isna(value):
        return None
    ends = [value if end is None or pd.isna(end) else end for end in (low, value, high)]
    left, middle, right = (round(min(max(100 * float(end), 0.0), 100.0), 1) for end in ends)
    return left, middle, right


def interval_text(low: Any, high: Any) -> str:
    """Return an interval as a person reads it, two decimals; "" where it is not known."""
    if low is None or high is None or pd.isna(low) or pd.isna(high):
        return ""
    return f"{two_decimals(float(low))} to {two_decimals(float(high))}"


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
    if name == "revision":
        return str(value)[:8]  # as git shortens a commit
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


_BY_NAME = {metric.name: metric for metric in METRICS}


def tied_by_ami(results: Results) -> set[str] | None:
    """Return the encoders tied with the best by AMI and the first clusterer; None if not known."""
    encoders = results.encoders
    if not results.has_truth or "tied_with_best" not in encoders:
        return None
    if encoders["tied_with_best"].isna().all():
        return None
    # Of an encoder that failed it is missing, so the column may hold objects.
    return set(encoders.loc[encoders["tied_with_best"].eq(True), "encoder"].astype(str))


def highlights(
    table: pd.DataFrame, name: str, pairs: pd.DataFrame, tied: Collection[str] | None
) -> list[str]:
    """Return "best", "near" (not distinguishable from the best) or "" for each row of a column.

    Only what is measured against the labels is marked: the rest is measured in each encoder's
    own space and says nothing of one encoder against another. The rows of each clusterer compare
    with each other; a lone one with nothing.

    Args:
        table: rows of `Results.comparison`, one for each encoder x clusterer.
        name: the column.
        pairs: as `Results.pairwise`; near is a row whose difference to the best may be 0.
        tied: the encoders that are near by AMI and the first clusterer; None to ask `pairs`.
    """
    metric = _BY_NAME.get(name)
    marks = pd.Series("", index=range(len(table)))
    if not metric or not metric.needs_truth or not metric.direction or name not in table:
        return marks.tolist()
    rows = table.reset_index(drop=True)
    first = rows["clusterer"].iloc[0] if len(rows) else None
    for clusterer, group in rows.dropna(subset=[name]).groupby("clusterer", sort=False):
        if len(group) < 2:
            continue
        best = group.iloc[int((group[name] * metric.direction).argmax())]
        near = _near(pairs, str(clusterer), name, str(best["encoder"]))
        if name == "ami" and clusterer == first and tied is not None:
            near = set(tied)
        marks[group.index[group["encoder"].isin(near)]] = "near"
        marks[group.index[group[name] == best[name]]] = "best"
    return marks.tolist()


def _near(pairs: pd.DataFrame, clusterer: str, metric: str, best: str) -> set[str]:
    """Return the encoders whose difference to the best one has an interval that holds 0."""
    if pairs.empty:
        return set()
    mask = (pairs["clusterer"] == clusterer) & (pairs["metric"] == metric)
    rows = pairs[mask & (pairs["encoder"] == best)]
    holds_zero = (rows["difference_low"] <= 0) & (rows["difference_high"] >= 0)
    return set(rows.loc[holds_zero, "other"].astype(str))
