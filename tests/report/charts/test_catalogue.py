"""Promises of all charts: one of each where there is something to show, and none that is empty."""

import dataclasses
import json

import pytest

from embedbench.report.charts.catalogue import charts_of
from tests.support.example_results import example_results

RESULTS = example_results()


def test_charts_have_names_of_their_own_and_numbers_that_json_holds() -> None:
    charts = charts_of(RESULTS)
    names = [chart.name for chart in charts]
    assert len(set(names)) == len(names)
    assert {"cost", "ranks", "scores", "similarity", "elbow", "curves", "domains"} <= set(names)
    for chart in charts:
        assert chart.title and chart.views and all(view.panels for view in chart.views)
        json.dumps(chart.record(), allow_nan=False)
        several = len(chart.views) > 1
        assert not several or all(view.name for view in chart.views)


@pytest.mark.parametrize("truth", [True, False])
def test_the_same_results_give_the_same_charts(truth: bool) -> None:
    assert charts_of(example_results(truth)) == charts_of(example_results(truth))


def test_without_labels_the_signals_stand_where_the_ranks_stood() -> None:
    def of(truth: bool) -> set[str]:
        return {chart.name for chart in charts_of(example_results(truth))}

    sizes = {f"sizes-purposes-{name}" for name in ("clustering", "search", "classification")}
    assert of(True) - of(False) == {"ranks", "purposes", "few_shot"} | sizes
    assert of(False) - of(True) == {"signals"}


def test_tables_without_rows_give_no_charts() -> None:
    empty = {
        name: getattr(RESULTS, name).iloc[:0]
        for name in ("similarity", "variance", "elbow", "robustness", "contamination", "domains",
                     "composition", "timings", "label_free")
    }  # fmt: skip
    bare = dataclasses.replace(RESULTS, **empty)
    assert [chart.name for chart in charts_of(bare)] == [
        "cost", "scores", "purposes", "few_shot", "ranks", "sizes-purposes-clustering",
        "sizes-purposes-search", "sizes-purposes-classification",
    ]  # fmt: skip
