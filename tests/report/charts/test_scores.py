"""Promises of scores, ranks and signals: the numbers of the tables, every encoder in its place."""

import dataclasses

import numpy as np

from embedbench.report.charts.scores import ranks_chart, scores_chart, signals_chart
from embedbench.results.views import headline_rows, ranked
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()


def test_scores_are_those_of_the_headline_rows_by_clusterer() -> None:
    chart = scores_chart(RESULTS)
    assert chart is not None
    rows = headline_rows(RESULTS).set_index(["clusterer", "encoder"])
    ami = chart.views[0]
    assert ami.name == "AMI"
    for panel in ami.panels:
        assert [row["name"] for row in panel["rows"]] == ranked(RESULTS)
        for row in panel["rows"]:
            wanted = rows.loc[(panel["title"], row["name"]), ["ami", "ami_low", "ami_high"]]
            found = [row["value"], row["low"], row["high"]]
            assert np.allclose(found, wanted.astype(float), atol=1e-5)


def test_an_encoder_without_a_number_keeps_its_row() -> None:
    comparison = RESULTS.comparison.copy()
    comparison.loc[comparison["encoder"] == ENCODERS[1], "ami"] = np.nan
    chart = scores_chart(dataclasses.replace(RESULTS, comparison=comparison))
    assert chart is not None
    values = {row["name"]: row["value"] for row in chart.views[0].panels[0]["rows"]}
    assert set(values) == set(ENCODERS) and values[ENCODERS[1]] is None


def test_without_labels_only_what_compares_encoders_is_shown() -> None:
    chart = scores_chart(example_results(truth=False))
    assert chart is not None
    assert [view.name for view in chart.views] == ["stability"]


def test_ranks_stand_by_rank_with_the_ranks_that_they_may_have() -> None:
    chart = ranks_chart(RESULTS)
    assert chart is not None and ranks_chart(example_results(truth=False)) is None
    rows = chart.views[0].panels[0]["rows"]
    ranks = RESULTS.encoders.set_index("encoder").loc[[row["name"] for row in rows]]
    assert [row["value"] for row in rows] == ranks["rank"].tolist() == sorted(ranks["rank"])
    assert [row["low"] for row in rows] == ranks["rank_low"].tolist()


def test_signals_tell_what_chance_gives() -> None:
    results = example_results(truth=False)
    chart = signals_chart(results)
    assert chart is not None and signals_chart(RESULTS) is None
    table = results.label_free.set_index(["criterion", "encoder"])
    headings = {"cluster retention": "cluster_retention", "consensus": "consensus"}
    assert [panel["title"] for panel in chart.views[0].panels] == list(headings)
    for panel in chart.views[0].panels:
        for row in panel["rows"]:
            wanted = table.loc[(headings[panel["title"]], row["name"])]
            assert row["value"] == round(wanted["value"], 5)
            chance = [None if np.isnan(one) else one for one in wanted[["shuffled", "random"]]]
            assert row["chance"] == chance
