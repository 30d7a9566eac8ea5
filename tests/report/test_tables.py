"""Promises of the report's tables: numbers as text, and which of them are marked."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from embedbench.report.tables import (
    NOTHING,
    bar,
    comparison_columns,
    comparison_table,
    format_value,
    has_bar,
    highlights,
    interval_text,
    plain_table,
    tied_by_ami,
)
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()


def test_every_column_of_the_comparison_is_explained() -> None:
    for column in comparison_columns(example_results().comparison.columns):
        assert column.heading
        assert column.sentence.endswith("."), column.name


def test_every_end_of_an_interval_is_explained_by_the_name_of_its_number() -> None:
    low, high = comparison_columns(["linear_probe_low", "linear_probe_high"])
    assert low.sentence.startswith("Lower end of the 95 % interval of linear_probe;")
    assert high.sentence.startswith("Upper end of the 95 % interval of linear_probe;")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ami", 1.0, "1.000"),
        ("ami", -0.0001, "0.000"),
        ("ami", np.nan, "–"),
        ("error", "", "–"),
        ("dim", pd.NA, "–"),
        ("dim", 1280, "1,280"),
        ("k", 20.0, "20"),
        ("clusters", 19.0, "19"),
        ("clusters", 19.25, "19.250"),
        ("coverage", 0.944, "94 %"),
        ("parameters", 4_652_008, "4.7 M"),
        ("load_seconds", 2.34, "2.3"),
        ("licence", "mit", "mit"),
        ("revision", "0123456789" * 4, "01234567"),
    ],
)
def test_values_read_well(name: str, value: object, text: str) -> None:
    assert format_value(name, value) == text


def test_columns_that_hold_nothing_are_left_out() -> None:
    table = pd.DataFrame({"encoder": ["a", "b"], "licence": [None, None], "error": ["", ""]})
    assert plain_table(table) == (["encoder"], [["a"], ["b"]])


TABLE = pd.DataFrame(
    {
        "encoder": list("abc") * 2,
        "clusterer": ["kmeans"] * 3 + ["ward"] * 3,
        "ami": [0.5, 0.8, 0.7, 0.9, 0.2, np.nan],
        "ari": [0.1, 0.2, 0.2, 0.3, 0.2, np.nan],
        "silhouette": [0.9, 0.1, 0.1, 0.1, 0.1, 0.1],
    }
)


def pairs(*rows: tuple[str, str, str, str, float]) -> pd.DataFrame:
    """Rows of clusterer, metric, encoder, other and the low end; the high end is 0.5."""
    columns = ["clusterer", "metric", "encoder", "other", "difference_low"]
    return pd.DataFrame(rows, columns=columns).assign(difference_high=0.5)


def test_an_encoder_tied_by_the_table_is_marked_near() -> None:
    assert highlights(TABLE, "ami", pairs(), {"a", "b"}) == ["near", "best", "", "best", "", ""]


def test_an_encoder_whose_difference_to_the_best_may_be_nothing_is_marked_near() -> None:
    known = pairs(
        ("kmeans", "ami", "b", "a", 0.1),
        ("kmeans", "ami", "b", "c", -0.1),
        ("ward", "ami", "a", "b", 0.0),
        ("ward", "ari", "a", "b", 0.01),
        # Of one that is not the best nothing follows.
        ("kmeans", "ami", "c", "a", -0.1),
    )
    assert highlights(TABLE, "ami", known, None) == ["", "best", "near", "best", "near", ""]
    # Ties with the best are of the first clusterer alone.
    assert highlights(TABLE, "ami", known, set()) == ["", "best", "", "best", "near", ""]
    assert highlights(TABLE, "ari", known, {"a", "b"}) == ["", "best", "best", "best", "", ""]


def test_a_lone_encoder_is_not_called_best() -> None:
    assert highlights(TABLE[TABLE["encoder"] == "a"], "ami", pairs(), None) == ["", ""]
    assert highlights(TABLE.assign(ami=np.nan), "ami", pairs(), None) == [""] * 6


@pytest.mark.parametrize("name", ["silhouette", "davies_bouldin", "coverage", "clusters"])
def test_what_is_measured_in_an_encoders_own_space_has_no_best(name: str) -> None:
    table = TABLE.assign(**{name: [0.9, 0.1, 0.1, 0.9, 0.1, 0.1]})
    assert highlights(table, name, pairs(), {"a"}) == [""] * 6


def test_ties_are_taken_from_the_table_of_encoders_also_where_one_failed() -> None:
    assert tied_by_ami(RESULTS) == set(ENCODERS[:2])
    assert tied_by_ami(example_results(truth=False)) is None
    unknown = dataclasses.replace(RESULTS, encoders=RESULTS.encoders.assign(tied_with_best=np.nan))
    assert tied_by_ami(unknown) is None


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0.114, 0.5, "0.11 to 0.50"), (-0.001, 1.0, "0.00 to 1.00"), (np.nan, 1.0, ""), (0, None, "")],
)
def test_intervals_read_well(low: float, high: float | None, text: str) -> None:
    assert interval_text(low, high) == text


def test_a_bar_stays_between_nothing_and_all() -> None:
    assert bar(0.5, -0.2, 1.2) == (0.0, 50.0, 100.0)
    assert bar(0.5, np.nan, None) == (50.0, 50.0, 50.0)
    assert bar(np.nan, 0.1, 0.2) is None


def test_a_column_that_no_catalogue_knows_is_named_by_its_own_name() -> None:
    (column,) = comparison_columns(["my_{0}_<b>"])
    assert (column.heading, column.sentence) == ("my {0} <b>", "")


def test_rows_that_compare_start_where_their_group_starts() -> None:
    table = TABLE.assign(k=np.nan, k_from=["elbow", "own"] * 3)
    columns = comparison_columns(["encoder", "clusterer", "k", "ami"])
    marks = {"ami": ["near", "best", "", "best", "", ""]}
    rows = comparison_table(table, columns, marks, "clusterer")
    assert [row.encoder for row in rows] == list("abc") * 2
    assert [row.starts for row in rows] == [False, False, False, True, False, False]
    assert [row.cells[3].mark for row in rows] == marks["ami"]
    assert [row.cells[3].text for row in rows] == [
        "0.500", "0.800", "0.700", "0.900", "0.200", NOTHING,
    ]  # fmt: skip
    assert [row.cells[2].text for row in rows] == ["no clear k", NOTHING] * 3
    assert rows[0].cells[3].span == (50.0, 50.0, 50.0) and rows[5].cells[3].span is None


@pytest.mark.parametrize(
    ("name", "has_one"),
    [
        ("ami", True),
        ("stability", True),
        ("linear_probe", True),
        ("silhouette", False),  # from -1
        ("davies_bouldin", False),
        ("anisotropy", False),
        ("k", False),
    ],
)
def test_a_bar_is_for_what_lies_between_nothing_and_all(name: str, has_one: bool) -> None:
    assert has_bar(name) is has_one


def test_a_column_has_bars_where_its_intervals_are_known() -> None:
    columns = comparison_columns(["ami", "ari", "ari_low", "ari_high", "nmi", "silhouette"])
    assert [column.name for column in columns if column.barred] == ["ami", "ari"]


def test_a_cell_tells_its_number_to_six_digits_where_its_text_does_not() -> None:
    table = TABLE.assign(ami=[0.8959871234, 1.0, np.nan, -0.25, 1e-9, 0.5], k=20.0, k_from="own")
    columns = comparison_columns(["encoder", "k", "ami"])
    exact = [[cell.exact for cell in row.cells] for row in comparison_table(table, columns)]
    assert {(one, two) for one, two, _ in exact} == {("", "")}
    assert [ami for _, _, ami in exact] == ["0.895987", "", "", "-0.25", "1e-09", "0.5"]


def test_rows_without_bars_keep_their_intervals() -> None:
    table = TABLE.assign(ami_low=0.1, ami_high=0.9)
    columns = comparison_columns(["ami", "ami_low", "ami_high"])
    [cell] = comparison_table(table, columns, bars=False)[0].cells
    assert (cell.span, cell.interval) == (None, "0.10 to 0.90")
    [cell] = comparison_table(table, columns)[0].cells
    assert cell.span == (10.0, 50.0, 90.0)


def test_an_empty_table_has_no_rows_and_nothing_to_mark() -> None:
    empty = TABLE.iloc[:0]
    assert comparison_table(empty, comparison_columns(["encoder", "ami"])) == []
    assert highlights(empty, "ami", pairs(), None) == []
    assert plain_table(empty) == ([], [])
