"""Promises of a chart: what the script is given, and numbers that JSON holds."""

import json

import numpy as np
import pandas as pd

from embedbench.report.charts.chart import Chart, View, number


def test_the_script_is_given_the_views_and_the_look_and_not_where_the_chart_stands() -> None:
    chart = Chart("one", "sure", "lines", "Title", [View("a", [{"lines": []}])], "encoder",
                  "A note.", {"x": "k"})  # fmt: skip
    assert json.loads(json.dumps(chart.record())) == {
        "kind": "lines",
        "title": "Title",
        "choose": "encoder",
        "views": [{"name": "a", "panels": [{"lines": []}]}],
        "x": "k",
    }


def test_numbers_have_the_digits_that_a_chart_shows_and_unknown_ones_are_null() -> None:
    assert number(0.123456789) == 0.12346 and number(3_371_008) == 3_371_000
    assert number(np.float32(0.5)) == 0.5
    assert [number(value) for value in (None, float("nan"), pd.NA)] == [None] * 3
