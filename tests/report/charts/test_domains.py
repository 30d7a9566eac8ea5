"""Promises of the charts of domains: each by itself, and the domains in each cluster."""

import dataclasses

import pandas as pd
import pytest

from embedbench.report.charts.domains import cluster_shares, composition_chart, domains_chart
from tests.support.example_results import example_results

RESULTS = example_results()


def test_each_encoder_has_a_row_for_each_domain() -> None:
    chart = domains_chart(RESULTS)
    assert chart is not None and chart.look is not None
    [panel] = chart.views[0].panels[:1]
    table = RESULTS.domains
    table = table[(table["metric"] == "ami") & (table["clusterer"] == "kmeans")]
    table = table.set_index(["encoder", "domain"])
    assert panel["title"] == "AMI, kmeans"
    found = {(row["name"], row["series"]): row["value"] for row in panel["rows"]}
    assert found == {key: pytest.approx(value) for key, value in table["value"].items()}
    assert [entry["name"] for entry in chart.look["legend"]] == list(
        dict.fromkeys(RESULTS.domains["domain"])
    )


def test_clusters_of_one_domain_stand_together_the_purest_first_and_noise_last() -> None:
    rows = [(0, "a", 9), (0, "b", 1), (1, "b", 4), (2, "a", 6), (-1, "a", 5), (-1, "b", 5)]
    shares = cluster_shares(pd.DataFrame(rows, columns=["cluster", "value", "images"]))
    assert shares.index.tolist() == [
        "cluster 2 (6)", "cluster 0 (10)", "cluster 1 (4)", "noise (10)", "all images (30)",
    ]  # fmt: skip
    assert shares["a"].tolist() == pytest.approx([1, 0.9, 0, 0.5, 20 / 30])
    assert cluster_shares(pd.DataFrame(columns=["cluster", "value", "images"])).empty


def test_without_domains_there_is_no_chart_of_them() -> None:
    none = dataclasses.replace(
        RESULTS, domains=RESULTS.domains.iloc[:0], composition=RESULTS.composition.iloc[:0]
    )
    assert domains_chart(none) is None and composition_chart(none) is None
    assert composition_chart(RESULTS) is not None
