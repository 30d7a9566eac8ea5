"""Promises of texts from tables: each image has its own, and what is left out is said."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embedbench.data.tables.captions import captions_in_column, captions_of_images
from embedbench.data.tables.reading import read_table
from embedbench.errors import InputError

IMAGES = ["cat/1.jpg", "dog/1.jpg", "x.png"]


def read(folder: Path, *lines: str) -> tuple[list[list[str]], list[str]]:
    file = folder / "t.csv"
    file.write_text("\n".join([*lines, ""]))
    return captions_of_images(read_table(file), IMAGES)


def test_an_image_may_have_several_texts_and_each_different_one_once(tmp_path: Path) -> None:
    lines = "image,number,caption", "cat/1.jpg,1,a cat", "x.png,2,", "cat/1.jpg,3, its  paw "
    found, remarks = read(tmp_path, *lines, "cat/1.jpg,4,a cat", "gone.jpg,5,nothing")
    assert found == [["a cat", "its paw"], [], []]
    assert remarks[0] == "texts: column 'caption' of 't.csv', images by its column 'image'"
    assert any("1 of 5 rows in 't.csv' name no image" in remark for remark in remarks)


def test_the_only_other_column_holds_the_texts(tmp_path: Path) -> None:
    assert read(tmp_path, "image,says", "x.png,hello")[0] == [[], [], ["hello"]]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["image,one,two", "x.png,a,b"], "the texts may be those of one and two: call the column"),
        (["image", "x.png"], "needs a column of file names and one of texts; it has image"),
        (["image,text", "y.png,a"], "name none of the 3 images"),
    ],
)
def test_what_cannot_be_told_is_one_line(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, *lines)


def test_cells_hold_one_text_or_a_list() -> None:
    cells = pd.Series(["one", ["a", "b", "a"], None, np.array(["c"]), 7, " "], dtype=object)
    assert captions_in_column(cells) == [["one"], ["a", "b"], [], ["c"], ["7"], []]
