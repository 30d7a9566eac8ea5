"""Promises of rows: unique names, labels by the usual column."""

from pathlib import Path

import pandas as pd
import pytest

from embedbench.data.image_rows import dataset_of_rows, unique_names
from embedbench.data.tables.form import TableForm
from embedbench.errors import InputError


def test_names_are_unique() -> None:
    names = unique_names(["a", "a", None, "3", "4"], ["1", "2", "3", "4", "5"])
    assert names == ("1", "2", "3#2", "3", "4")
    assert unique_names(["1", "1", None], ["1", "2", "3"]) == ("1", "2", "3")


def test_other_columns_are_kept_and_one_is_the_label() -> None:
    cells = pd.DataFrame({"species": ["a", "b", "a"], "year": [1, 2, 3]})
    sources = [b"1", b"2", b"3"]
    found = dataset_of_rows(("x", "y", "z"), sources, cells, Path("it"), TableForm(path="any"))
    assert found.table["truth"].tolist() == ["a", "b", "a"]
    assert list(found.table) == ["species", "year", "truth"] and found.sources == tuple(sources)
    assert found.label_remarks == ("labels: column 'species' of 'it'",)
    with pytest.raises(InputError, match="'it' has no column 'kind'"):
        dataset_of_rows(("x", "y", "z"), sources, cells, Path("it"), TableForm(label="kind"))
