"""Promises of the tables of vectors, with labels and without."""

import dataclasses

import numpy as np

from embedbench.report.label_free import with_labels_table, without_labels_table
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()


def test_the_signs_come_first_and_the_silhouette_last() -> None:
    columns, rows = without_labels_table(RESULTS)
    assert [column.name for column in columns] == [
        "encoder", "cluster_retention", "consensus", "hubness", "stability", "silhouette",
    ]  # fmt: skip
    assert columns[-1].heading == "silhouette*"
    cells = rows[0].cells
    assert (cells[1].text, cells[1].interval, cells[1].chance) == (
        "0.900",
        "0.85 to 0.95",
        "0.01 · 0.02",
    )
    assert cells[2].chance == "0.00"
    assert (cells[3].text, cells[3].interval) == ("1.500", "")


def test_a_criterion_that_an_encoder_has_no_number_for_is_a_dash() -> None:
    mine = (RESULTS.label_free["encoder"] == ENCODERS[1]) & (
        RESULTS.label_free["criterion"] == "consensus"
    )
    less = dataclasses.replace(
        RESULTS, label_free=RESULTS.label_free.assign(value=RESULTS.label_free["value"].mask(mine))
    )
    assert [row.cells[2].text for row in without_labels_table(less)[1]] == ["0.400", "–", "0.200"]


def test_what_labels_tell_beyond_clusters_is_there_with_labels_only() -> None:
    columns, rows = with_labels_table(RESULTS)
    assert [column.heading for column in columns] == ["encoder", "kNN accuracy", "linear probe"]
    assert rows[0].cells[1].span == (85.0, 90.0, 95.0)
    assert with_labels_table(example_results(truth=False)) == ([], [])


def test_without_any_number_there_is_no_table() -> None:
    for table in (RESULTS.label_free.iloc[:0], RESULTS.label_free.assign(value=np.nan)):
        assert without_labels_table(dataclasses.replace(RESULTS, label_free=table)) == ([], [])


def test_a_value_by_chance_of_ten_or_more_has_no_decimals() -> None:
    chance = RESULTS.label_free.assign(shuffled=1234.5678, random=-0.001)
    _, rows = without_labels_table(dataclasses.replace(RESULTS, label_free=chance))
    assert rows[0].cells[1].chance == "1,235 · 0.00"
