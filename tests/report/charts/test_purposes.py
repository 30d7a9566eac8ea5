"""Promises of the chart of purposes: every number of the table, with interval and chance."""

import dataclasses

import pytest

from embedbench.report.charts.purposes import purposes_chart
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
