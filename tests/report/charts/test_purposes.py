"""Promises of the chart of purposes: every number of the table, with interval and chance."""

import dataclasses

import pytest

from embedbench.report.charts.purposes import few_shot_chart, purposes_chart, sizes_charts
from tests.support.example_results import example_results


def test_a_panel_a_purpose_holds_the_numbers_of_the_table() -> None:
    results = example_results()
    chart = purposes_chart(results)
    assert chart is not None
    (view,) = chart.views
    assert [panel["title"] for panel in view.panels] == [
        "clustering: AMI", "search: mAP", "classification: linear probe",
    ]  # fmt: skip
    numbers = results.purposes.set_index(["purpose", "encoder"])
    for panel in view.panels:
        purpose = panel["title"].partition(":")[0]
        for row in panel["rows"]:
            expected = [numbers[part][purpose, row["name"]] for part in ("value", "low", "high")]
            found = [row[part] for part in ("value", "low", "high")]
            assert found == pytest.approx(expected, rel=1e-4)
            assert row["chance"] == ([None] if purpose == "clustering" else [0.25])


def test_one_purpose_has_no_chart() -> None:
    results = example_results()
    alone = results.purposes[results.purposes["purpose"] == "search"]
    assert purposes_chart(dataclasses.replace(results, purposes=alone)) is None
    assert purposes_chart(example_results(truth=False)) is None


def test_each_purpose_has_its_own_curve_of_sizes_in_its_own_part_of_the_page() -> None:
    results = example_results()
    charts = sizes_charts(results)
    sections = ["purposes-clustering", "purposes-search", "purposes-classification"]
    assert [chart.section for chart in charts] == sections
    assert [(chart.look or {})["y"] for chart in charts] == ["AMI", "mAP", "kNN accuracy"]
    [panel] = charts[1].views[0].panels
    assert [ring["x"] for ring in panel["rings"]] == [4] * 3  # int8 is the smallest, of 4 bytes
    few = few_shot_chart(results)
    assert few is not None and few.section == "purposes-classification"
    assert sizes_charts(dataclasses.replace(results, sizes=results.sizes.iloc[:0])) == []
