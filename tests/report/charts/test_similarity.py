"""Promises of the heat maps of pairs, and of the variance of the vectors."""

import dataclasses

import numpy as np

from embedbench.report.charts.similarity import similarity_chart, variance_chart
from tests.support.example_results import example_results

RESULTS = example_results()


def test_each_cell_is_that_pairs_number_and_an_encoder_with_itself_has_none() -> None:
    chart = similarity_chart(RESULTS)
    assert chart is not None
    titles = ["same clusters (AMI)", "same neighbours (share)", "same geometry (CKA)"]
    assert [panel["title"] for panel in chart.views[0].panels] == titles
    columns = ("partition_agreement", "mutual_knn", "cka")
    table = RESULTS.similarity.set_index(["encoder", "other"])[list(columns)].astype(float)
    for panel, column in zip(chart.views[0].panels, columns, strict=True):
        for name, cells in zip(panel["rows"], panel["cells"], strict=True):
            for other, cell in zip(panel["columns"], cells, strict=True):
                known = (name, other) in table.index
                assert (cell is not None) == known
                if known:
                    assert np.isclose(cell, table[column].to_dict()[name, other], atol=1e-5)


def test_the_variance_is_a_line_for_each_encoder() -> None:
    chart = variance_chart(RESULTS)
    assert chart is not None
    for line in chart.views[0].panels[0]["lines"]:
        rows = RESULTS.variance[RESULTS.variance["encoder"] == line["name"]]
        assert np.allclose(line["points"], rows[["component", "cumulative"]], atol=1e-5)


def test_one_encoder_is_like_no_other() -> None:
    assert similarity_chart(dataclasses.replace(RESULTS, similarity=RESULTS.similarity[:0])) is None
