"""Promises of labels from tables: the right image has them, and what was left out is said."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench.data.tables.form import TableForm
from embedbench.data.tables.labels import (
    as_labels,
    drop_missing,
    drop_several,
    labels_of_images,
)
from embedbench.data.tables.reading import read_table
from embedbench.errors import InputError

IMAGES = ["cat/1.jpg", "dog/1.jpg", "dog/2.jpg", "x.png"]


def read(
    folder: Path, *lines: str, images: list[str] = IMAGES, **form: Any
) -> tuple[list[str | None], list[str]]:
    file = folder / "t.csv"
    file.write_text("\n".join([*lines, ""]))
    labels, remarks = labels_of_images(read_table(file), images, TableForm(**form))
    return labels.tolist(), remarks


def test_labels_have_the_columns_that_are_named(tmp_path: Path) -> None:
    lines = "name,id,label,species", "x,a.png,1,dog", "y,b.png,2,cat"
    labels, _ = read(tmp_path, *lines, images=["a.png", "b.png"], path="id", label="species")
    assert labels == ["dog", "cat"]


@pytest.mark.parametrize("form", [{"path": "file"}, {"label": "file"}])
def test_a_missing_column_is_an_error_that_lists_the_columns(
    tmp_path: Path, form: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="t.csv' has no column 'file'; it has path, label$"):
        read(tmp_path, "path,label", "x.png,x", **form)


def test_the_columns_that_were_taken_are_named_in_a_remark(tmp_path: Path) -> None:
    _, remarks = read(tmp_path, "id,breed", "x,pug")
    assert remarks[0] == "labels: column 'breed' of 't.csv', images by its column 'id'"


def test_a_label_without_a_name_is_left_out(tmp_path: Path) -> None:
    labels, _ = read(tmp_path, "path,label", "x.png,x", ",y")
    assert labels == [None, None, None, "x"]


def test_names_of_labels_may_lack_their_extension(tmp_path: Path) -> None:
    images = ["red/1.png", "red/2.JPG", "blue/2.png", "blue/3.png", "4.tar", "5.png", "a", "a.png"]
    lines = "1,one", "red/2,two", "3.png,three", "2,no", "4,no", "5.png,five", "a,bare"
    labels, _ = read(tmp_path, "name,label", *lines, images=images)
    assert labels == ["one", "two", None, "three", None, "five", "bare", None]


def test_rows_and_images_without_each_other_are_counted_with_examples(tmp_path: Path) -> None:
    labels, remarks = read(tmp_path, "path,label", "x.png,a", "gone.png,b", "gone2.png,b")
    assert labels == [None, None, None, "a"]
    assert "2 of 3 rows in 't.csv' name no image, such as 'gone.png'" in remarks
    assert "3 of 4 images have no row in 't.csv', such as 'cat/1.jpg'" in remarks


def test_a_name_that_fits_several_images_labels_none_and_is_said(tmp_path: Path) -> None:
    labels, remarks = read(tmp_path, "path,label", "1.jpg,a", "2.jpg,b")
    assert labels == [None, None, "b", None]
    assert any("'1.jpg', which fits 'cat/1.jpg' and 'dog/1.jpg'" in remark for remark in remarks)


def test_two_names_that_fit_one_image_label_it_not_and_are_said(tmp_path: Path) -> None:
    lines = "path,label", "train/x.png,a", "test/x.png,b", "2.jpg,c"
    labels, remarks = read(tmp_path, *lines)
    assert labels == [None, None, "c", None]
    assert any("'x.png', which 'train/x.png' and 'test/x.png' fit" in one for one in remarks)


def test_two_labels_for_one_image_are_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two labels for 'x.png': 'a' and 'b'"):
        read(tmp_path, "path,label", "x.png,a", "x.png,b")
    assert read(tmp_path, "path,label", "x.png,a", "x.png,a")[0][3] == "a"


def test_a_table_that_names_no_image_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name none of the 4 images"):
        read(tmp_path, "path,label", "other.png,a", path="path")


def test_labels_that_were_written_as_safe_for_spreadsheets_are_read_back(tmp_path: Path) -> None:
    labels, _ = read(tmp_path, "path,label", "'=x.png,'-1", images=["=x.png"])
    assert labels == ["-1"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.Series([1.0, np.nan, 2.0]), ["1", None, "2"]),
        (pd.Series([1.5, 2.0]), ["1.5", "2.0"]),
        (pd.Series([1, None], dtype="Int64"), ["1", None]),
        (pd.Series([" a ", "", None], dtype=object), ["a", None, None]),
        (pd.Series([["a"], ["a", "b"], []]), ["a", "a|b", None]),
        (pd.Series([True, False]), ["True", "False"]),
        (pd.Series([np.array([3, 4])]), ["3|4"]),
    ],
)
def test_values_become_texts_and_whole_numbers_stay_whole(
    values: "pd.Series[Any]", expected: list[str | None]
) -> None:
    assert as_labels(values).tolist() == expected


def test_texts_for_missing_values_are_no_classes_unless_asked(tmp_path: Path) -> None:
    labels = pd.Series(["NA", "cat", None, "nan", "None"], dtype=object)
    kept, remarks = drop_missing(labels, "t.csv")
    assert kept.tolist() == [None, "cat", None, None, None]
    assert remarks[0].startswith("3 images have the label NA, None, nan in 't.csv'")
    lines = "path,label", "x.png,NA", "2.jpg,cat"
    assert read(tmp_path, *lines)[0][3] is None
    assert read(tmp_path, *lines, keep_na=True)[0][3] == "NA"


def test_labels_of_several_classes_are_no_classes() -> None:
    labels = pd.Series(["cat|tree", "cat", "tree", "salt, pepper", "cat|tree"], dtype=object)
    kept, remarks = drop_several(labels, "t.csv")
    assert kept.tolist() == [None, "cat", "tree", "salt, pepper", None]
    assert remarks[0].startswith("2 images have several labels in 't.csv', such as 'cat|tree'")
    assert drop_several(labels[3:4], "t.csv")[1] == []
