"""Promises of columns: the usual names, else what the values say, and never a guess."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from embedbench.data.tables.columns import image_column, label_column, named_column, texts
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.reading import UserTable, as_table
from embedbench.errors import InputError

FILES = {"a.png", "b.png", "c.png"}


def table_of(**columns: list[Any]) -> UserTable:
    cells = {name.replace("_", " "): values for name, values in columns.items()}
    return as_table(Path("t.csv"), pd.DataFrame(cells))


def share(names: Sequence[str]) -> float:
    return sum(name in FILES for name in names) / max(1, len(names))


def images_in(columns: dict[str, list[Any]], form: TableForm | None = None) -> str | None:
    return image_column(table_of(**columns), form or TableForm(), share)


def labels_in(columns: dict[str, list[Any]], form: TableForm | None = None) -> str | None:
    return label_column(table_of(**columns), form or TableForm(), {"path"})


def test_a_column_is_named_exactly_or_in_another_case() -> None:
    table = table_of(**{"File_name": ["a"], "label": ["x"]})
    assert named_column(table, "File name") == "File name"
    assert named_column(table, "file_name") == named_column(table, "FILENAME") == "File name"
    with pytest.raises(InputError, match="'t.csv' has no column 'path'; it has File name, label"):
        named_column(table, "path")
    both = as_table(Path("t.csv"), pd.DataFrame({"Label": [1], "label": [2]}))
    assert named_column(both, "label") == "label" and named_column(both, "Label") == "Label"
    with pytest.raises(InputError, match="has no column 'LABEL'"):
        named_column(both, "LABEL")


def test_missing_values_and_columns_are_empty_texts() -> None:
    cells = pd.DataFrame({"a": ["x", None, 3]}, dtype=object)
    assert texts(cells, "a") == ["x", "", "3"] and texts(cells, "b") == ["", "", ""]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"label": ["x", "y"], "Image_Name": ["a.png", "b.png"]}, "Image Name"),
        ({"id": ["1", "2"], "photo": ["a.png", "b.png"]}, "photo"),
        ({"name": ["a.png", "b.png"], "file": ["a.png", "b.png"]}, "file"),
        ({"bild": ["a.png", "b.png"], "art": ["x", "y"]}, "bild"),
        ({"id": ["q", "r"], "label": ["x", "y"]}, "id"),
        ({"number": [1.5, 2.5], "weight": [1.0, 2.0]}, None),
        ({"art": ["x", "y"], "farbe": ["u", "v"]}, None),
    ],
)
def test_images_are_in_the_usual_column_or_in_the_one_whose_values_fit(
    columns: dict[str, list[Any]], expected: str | None
) -> None:
    assert images_in(columns) == expected


def test_images_are_in_the_column_that_is_named() -> None:
    columns = {"file": ["a.png"], "mask": ["b.png"]}
    assert images_in(columns, TableForm(path="mask")) == "mask"


def test_several_columns_that_name_images_are_an_error() -> None:
    with pytest.raises(InputError, match="may be those of left and right: .* --path-column"):
        images_in({"left": ["a.png", "b.png"], "right": ["b.png", "c.png"]})


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"path": ["a", "b"], "Class_Name": ["x", "y"], "colour": ["u", "v"]}, "Class Name"),
        ({"path": ["a", "b"], "colour": ["u", "v"]}, "colour"),
        ({"path": ["a", "b", "c"], "class": ["x", "y", "x"], "class_name": ["0", "1", "0"]},
         "class"),
        ({"path": ["a", "b"], "split": ["train", "test"], "colour": ["u", "v"]}, "colour"),
        ({"path": ["a", "b"], "part": ["train", "test"], "colour": ["u", "v"]}, "colour"),
        ({"path": ["a", "b"], "xmin": ["1", "2"], "colour": ["u", "v"]}, "colour"),
        ({"path": ["a", "b"], "mask": ["a.png", "b.png"], "colour": ["u", "v"]}, "colour"),
        ({"path": ["a", "b", "c"], "key": ["1", "2", "3"], "colour": ["u", "u", "v"]}, "colour"),
        ({"path": ["a", "b"], "empty": [None, None], "colour": ["u", "v"]}, "colour"),
        ({"path": ["a", "b"]}, None),
        ({"path": ["a", "b", "c"], "key": ["1", "2", "3"]}, None),
    ],
)  # fmt: skip
def test_labels_are_in_the_usual_column_or_in_the_only_one_that_is_left(
    columns: dict[str, list[Any]], expected: str | None
) -> None:
    assert labels_in(columns) == expected


def test_labels_are_in_the_column_that_is_named() -> None:
    columns = {"path": ["a", "b"], "label": ["x", "y"], "url": ["u", "v"]}
    assert labels_in(columns, TableForm(label="url")) == "url"


@pytest.mark.parametrize("names", [("one", "two"), ("label", "species")])
def test_several_columns_that_may_be_labels_are_an_error_that_counts_their_values(
    names: tuple[str, str],
) -> None:
    values = ["x", "x", "y"], ["u", "u", "u"]
    columns = dict(zip(names, values, strict=True))
    with pytest.raises(InputError, match=r"2 values\) and .* \(1 value\): .* --label-column"):
        labels_in({"path": ["a", "b", "c"], **columns})
