"""The numbers of a chart as plain tables, for those who read the page without its script."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from embedbench.report.charts.chart import Chart
from embedbench.report.tables import NOTHING

__all__ = ["PlainNumbers", "plain_numbers"]


@dataclass(frozen=True)
class PlainNumbers:
    """The numbers of one panel.

    Attributes:
        title: of the view and the panel, or "".
        headings: of the columns.
        rows: texts.
    """

    title: str
    headings: list[str]
    rows: list[list[str]]


def plain_numbers(chart: Chart) -> list[PlainNumbers]:
    """Return a table for each panel of each view; none where a table of the page has them.

    Args:
        chart: of any kind but "cost", whose numbers are in tables.
    """
    if chart.tabled:
        return []
    look = chart.look or {}
    tables = []
    for view in chart.views:
        for panel in view.panels:
            title = ", ".join(part for part in (view.name, panel.get("title", "")) if part)
            tables.append(PlainNumbers(title, *_KINDS[chart.kind](panel, look)))
    return tables


def _lines(panel: Mapping[str, Any], look: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return a column for each line, and a row for each x."""
    names = [line["name"] for line in panel["lines"]]
    columns = [{point[0]: point[1:4] for point in line["points"]} for line in panel["lines"]]
    places = sorted({x for column in columns for x in column})
    rows = [
        [_told(x), *(_with_interval(*column.get(x, [None])) for column in columns)] for x in places
    ]
    return [str(look.get("x", "")), *names], rows


def _intervals(
    panel: Mapping[str, Any], look: Mapping[str, Any]
) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            " ".join(part for part in (row["name"], row.get("series", "")) if part),
            _with_interval(row["value"], row["low"], row["high"]),
        ]
        for row in panel["rows"]
    ]
    return ["encoder", str(look.get("x", ""))], rows


def _bars(panel: Mapping[str, Any], look: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = [[row["name"], *map(_told, row["parts"])] for row in panel["rows"]]
    return ["encoder", *(f"{part['name']}, %" for part in look["parts"])], rows


def _cells(panel: Mapping[str, Any], look: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = [
        [name, *map(_told, cells)]
        for name, cells in zip(panel["rows"], panel["cells"], strict=True)
    ]
    return ["", *panel["columns"]], rows


_KINDS = {"bars": _bars, "cells": _cells, "intervals": _intervals, "lines": _lines}


def _told(value: int | float | None) -> str:
    if value is None or not isfinite(value):
        return NOTHING
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"


def _with_interval(
    value: int | float | None, low: float | None = None, high: float | None = None
) -> str:
    if low is None or high is None or low == high:
        return _told(value)
    return f"{_told(value)} ({_told(low)} to {_told(high)})"
