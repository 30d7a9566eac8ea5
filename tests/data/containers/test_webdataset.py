"""Promises of WebDataset shards: labels and columns come from the files beside the images."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from embedbench.data.containers.members import MemoryImage
from embedbench.data.containers.webdataset import is_webdataset, read_webdataset
from embedbench.data.dataset import Dataset
from embedbench.data.tables.form import TableForm
from embedbench.errors import InputError

IMAGE = MemoryImage(b"\x89PNG\r\n\x1a\n")


def read(files: Mapping[str, str | None], label: str | None = None) -> Dataset:
    """Return the dataset of these files; those without a text are images."""
    given = [
        (name, IMAGE if text is None else MemoryImage(text.encode()))
        for name, text in files.items()
    ]
    assert is_webdataset(given)
    return read_webdataset(given, Path("shards.tar"), TableForm(label=label))


def test_a_class_is_the_label() -> None:
    found = read({"a/1.png": None, "a/1.cls": "3\n", "a/2.png": None, "a/2.cls": "4"})
    assert found.names == ("a/1.png", "a/2.png")
    assert found.table["truth"].tolist() == ["3", "4"]


def test_json_gives_labels_and_columns() -> None:
    said = [{"label": "cat", "year": 2020, "boxes": [1]}, {"label": "dog", "year": 2021}]
    files: dict[str, str | None] = {f"{row}.jpg": None for row in range(2)}
    files |= {f"{row}.json": json.dumps(one) for row, one in enumerate(said)}
    found = read(files)
    assert found.table["truth"].tolist() == ["cat", "dog"]
    assert found.table["year"].tolist() == [2020, 2021] and "boxes" not in found.table
    assert read(files, label="year").table["truth"].tolist() == ["2020", "2021"]
    with pytest.raises(InputError, match="'shards.tar' has no column 'kind'; it has"):
        read(files, label="kind")


def test_texts_that_repeat_are_labels_and_captions_are_not() -> None:
    files: dict[str, str | None] = {f"{row}.jpg": None for row in range(4)}
    found = read(files | {f"{row}.txt": ["cat", "dog"][row % 2] for row in range(4)})
    assert found.table["truth"].tolist() == ["cat", "dog", "cat", "dog"]
    captions = read(files | {f"{row}.txt": f"caption {row}" for row in range(4)})
    assert "truth" not in captions.table
    assert captions.table["txt"].tolist() == [f"caption {row}" for row in range(4)]


def test_masks_beside_images_are_left_out_and_told() -> None:
    found = read({"1.jpg": None, "1.seg.png": None, "1.cls": "a", "2.jpg": None, "2.cls": "b"})
    assert found.names == ("1.jpg", "2.jpg")
    assert any("1 file beside the image of their sample (1 .seg.png)" in r for r in found.remarks)


def test_a_broken_label_is_told_and_its_image_stays() -> None:
    found = read({"1.jpg": None, "1.json": "{", "2.jpg": None, "2.json": '{"label": "a"}'})
    assert found.table["truth"].tolist() == [None, "a"]
    assert any("'1.json' was not used" in remark for remark in found.remarks)


def test_archives_without_labels_beside_images_are_no_shards() -> None:
    assert not is_webdataset([("a/1.png", IMAGE), ("b/1.txt", IMAGE), ("readme.txt", IMAGE)])
    assert not is_webdataset([])
