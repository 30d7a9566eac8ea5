"""Promises of the curves over severity, and of where mixed-in images end up."""

import dataclasses

import numpy as np

from embedbench.report.charts.robustness import (
    WHERE,
    contamination_chart,
    curves_chart,
    main_curve,
)
from tests.support.example_results import example_results
from tests.support.robustness_tables import robustness

RESULTS = example_results()


def test_the_curves_are_of_the_labels_where_there_are_labels() -> None:
    assert main_curve(robustness()) == ("kmeans", "ami")
    assert main_curve(robustness(truth=False)) == ("", "neighbour_retention")


def test_a_curve_starts_at_the_clean_images_and_passes_through_every_severity() -> None:
    chart = curves_chart(RESULTS)
    assert chart is not None
    clusterer, metric = main_curve(RESULTS.robustness)
    table = RESULTS.robustness
    table = table[(table["clusterer"] == clusterer) & (table["metric"] == metric)]
    for panel in chart.views[0].panels:
        for line in panel["lines"]:
            rows = table[
                (table["corruption"] == panel["title"]) & (table["encoder"] == line["name"])
            ].sort_values("severity")
            clean = rows["clean"].iloc[0]
            assert line["points"][0] == [0, clean, clean, clean]
            wanted = np.column_stack(
                [rows["severity"], rows["value"], rows["clean"] + rows["change_low"],
                 rows["clean"] + rows["change_high"]]
            )  # fmt: skip
            assert np.allclose(line["points"][1:], wanted.astype(float), atol=1e-4)


def test_parts_of_mixed_in_images_are_in_percent_and_in_their_order() -> None:
    chart = contamination_chart(RESULTS)
    assert chart is not None
    table = RESULTS.contamination.set_index(["clusterer", "encoder", "quantity"])["value"]
    for panel in chart.views[0].panels:
        for row in panel["rows"]:
            wanted = [100 * table[panel["title"], row["name"], where] for where in WHERE]
            assert np.allclose(row["parts"], wanted, atol=0.01)
    none = dataclasses.replace(RESULTS, contamination=RESULTS.contamination.iloc[:0])
    assert contamination_chart(none) is None
