"""Promises of the labels of a table: the usual column, and none where it is in doubt."""

from pathlib import Path

import pandas as pd

from embedbench.data.tables.form import TableForm
from embedbench.data.tables.reading import as_table
from embedbench.data.tables.truth import with_truth

FILE = Path("t.csv")


def test_the_usual_column_is_the_truth() -> None:
    table = as_table(FILE, pd.DataFrame({"label": ["a", "NA", "b"], "x": [1, 1, 2]}))
    cells, remarks = with_truth(table, TableForm(), ())
    assert cells["truth"].tolist() == ["a", None, "b"]
    assert remarks[0] == "labels: column 'label' of 't.csv'" and "--keep-na" in remarks[1]
    kept, _ = with_truth(table, TableForm(keep_na=True), ())
    assert kept["truth"].tolist() == ["a", "NA", "b"]


def test_several_other_columns_are_no_labels_unless_one_is_named() -> None:
    table = as_table(FILE, pd.DataFrame({"one": ["a", "b", "a"], "two": ["c", "c", "d"]}))
    cells, remarks = with_truth(table, TableForm(), ())
    assert "truth" not in cells and not remarks
    named, _ = with_truth(table, TableForm(label="two"), ())
    assert named["truth"].tolist() == ["c", "c", "d"]
    left, _ = with_truth(table, TableForm(), {"one"})
    assert left["truth"].tolist() == ["c", "c", "d"]


def test_a_label_that_is_a_formula_is_as_it_was_before_it_was_made_safe() -> None:
    table = as_table(FILE, pd.DataFrame({"label": ["'=1+1", "=1+1", "'tis"]}))
    cells, _ = with_truth(table, TableForm(), ())
    assert cells["truth"].tolist() == ["=1+1", "=1+1", "'tis"]
