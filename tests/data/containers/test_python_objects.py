"""Promises of objects: what holds images is read in its order, with its labels."""

import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image

from embedbench.data.containers.python_objects import (
    is_image_item,
    is_known_object,
    read_image_list,
    read_object,
    refused,
)
from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.sources import RejectedImage, read_source
from embedbench.data.tables.form import TableForm
from embedbench.errors import InputError

FORM = TableForm()
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3), dtype=np.uint8)


def png(row: int) -> bytes:
    content = io.BytesIO()
    Image.fromarray(PIXELS[row]).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize(
    "column",
    [
        [png(row) for row in range(4)],
        [bytearray(png(row)) for row in range(4)],
        [{"bytes": png(row), "path": None} for row in range(4)],
        [Image.fromarray(one) for one in PIXELS],
        list(PIXELS),
    ],
    ids=["bytes", "bytearray", "Hugging Face", "PIL", "arrays"],
)
def test_images_in_a_column_are_read(column: list[Any]) -> None:
    frame = pd.DataFrame({"number": [1.5, 2, 3, 4], "x": column, "species": ["a", "b", "a", "b"]})
    found = read_object(frame, FORM)
    assert found.table["truth"].tolist() == ["a", "b", "a", "b"]
    assert found.table["number"].tolist() == [1.5, 2, 3, 4] and "x" not in found.table
    for source, pixels in zip(found.sources, PIXELS, strict=True):
        assert np.array_equal(open_pixels(read_source(source)), pixels)


def test_a_row_without_an_image_fails_alone() -> None:
    found = read_object(pd.DataFrame({"x": [png(0), None]}), FORM)
    assert found.sources[1] == RejectedImage("no picture in its row")


def test_tables_of_other_libraries_are_read_as_dataframes() -> None:
    table = pa.table({"image": [png(0), png(1)], "label": ["a", "b"]})
    assert is_known_object(table)
    assert read_object(table, FORM).table["truth"].tolist() == ["a", "b"]


def test_labels_of_pairs_are_texts_and_none_is_missing() -> None:
    found = read_image_list([(png(0), 3), (png(1), None), (png(2), "NA")], "images", FORM)
    assert found.table["truth"].tolist() == ["3", None, None]
    assert found.names == ("000000", "000001", "000002")


def test_one_image_is_told_from_other_objects() -> None:
    images = [png(0), PIXELS[0], PIXELS[0, ..., 0], Image.fromarray(PIXELS[0]), ("a.png", "a")]
    assert all(map(is_image_item, images))
    others = [PIXELS, "a.png", ("a", "b", "c"), 3, None, (3, 4), np.array(["a", "b"], object)]
    assert not any(map(is_image_item, others))


def test_an_object_that_is_refused_is_named_with_what_is_accepted() -> None:
    line = str(refused(SimpleNamespace()))
    assert line.endswith("not a types.SimpleNamespace") and "a torch Dataset" in line
    with pytest.raises(InputError, match="not an int"):
        read_object(3, FORM)
    with pytest.raises(InputError, match="the list of images is empty"):
        read_image_list([], "images", FORM)
