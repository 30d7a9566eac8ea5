"""Promises of charts as plain tables: every number that no table of the page has, in its place."""

import math
from collections.abc import Mapping

import pytest

from embedbench.report.charts.catalogue import charts_of
from embedbench.report.charts.chart import Chart, Kind, View
from embedbench.report.charts.plain import PlainNumbers, plain_numbers
from tests.support.example_results import example_results


def chart(kind: Kind, panel: Mapping[str, object], **look: object) -> Chart:
    return Chart("one", "why", kind, "Title", [View("view", [panel])], look=look)


def test_lines_have_a_column_each_and_a_row_for_each_x() -> None:
    lines = [
        {"name": "a", "points": [[0, 1.0, 1.0, 1.0], [1, 0.5, 0.25, 0.75]]},
        {"name": "b", "points": [[1, None, None, None], [3, 1234.5, None, None]]},
    ]
    [table] = plain_numbers(chart("lines", {"title": "blur", "lines": lines}, x="severity"))
    assert table == PlainNumbers(
        "view, blur",
        ["severity", "a", "b"],
        [["0", "1", "–"], ["1", "0.5 (0.25 to 0.75)", "–"], ["3", "–", "1,234"]],
    )


def test_cells_bars_and_intervals_keep_their_places() -> None:
    cells = {"rows": ["r"], "columns": ["c", "d"], "cells": [[0.125, math.inf]]}
    [table] = plain_numbers(chart("cells", cells))
    assert (table.headings, table.rows) == (["", "c", "d"], [["r", "0.125", "–"]])
    bars = {"rows": [{"name": "a", "parts": [70.0, 30.0]}]}
    [table] = plain_numbers(chart("bars", bars, parts=[{"name": "own"}, {"name": "noise"}]))
    assert (table.headings, table.rows) == (["encoder", "own, %", "noise, %"], [["a", "70", "30"]])
    ranks = {"rows": [{"name": "a", "value": 2.0, "low": 1.0, "high": 3.0}]}
    [table] = plain_numbers(chart("intervals", ranks, x="rank"))
    assert (table.headings, table.rows) == (["encoder", "rank"], [["a", "2 (1 to 3)"]])


@pytest.mark.parametrize("truth", [True, False])
def test_every_chart_is_in_a_table_or_is_written_out(truth: bool) -> None:
    for one in charts_of(example_results(truth)):
        panels = sum(len(view.panels) for view in one.views)
        assert len(plain_numbers(one)) == (0 if one.tabled else panels), one.name
