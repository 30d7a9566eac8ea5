"""Promises of inputs as people have them: tables and folders of reports, and what is right."""

import json
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from embedbench.data.dataset import Dataset
from embedbench.data.loading import read_dataset
from embedbench.errors import InputError
from tests.support.paths import ROOT

CASES = ROOT.parent / "shared" / "cases"
pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="the folder ../shared/cases with reported inputs is not there"
)


def listed(file: str) -> list[str]:
    return list(read(file)) if CASES.is_dir() else []


def read(file: str) -> dict[str, Any]:
    cases: dict[str, Any] = json.loads((CASES / file).read_text(encoding="utf-8"))
    return cases


def labels_of(dataset: Dataset) -> dict[str, str | None]:
    labels = dataset.table.get("truth", pd.Series([None] * len(dataset)))
    names = [PurePosixPath(name).name for name in dataset.names]
    return {
        name: None if pd.isna(label) else label for name, label in zip(names, labels, strict=True)
    }


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of twelve pictures that the tables name."""
    folder = tmp_path_factory.mktemp("tables") / "flat"
    folder.mkdir()
    for number in range(12):
        Image.new("RGB", (4, 4), (9 * number, 0, 0)).save(folder / f"IMG_{number:03d}.jpg")
    return folder


@pytest.mark.parametrize("name", listed("tables/expected.json"))
def test_a_table_gives_the_labels_that_its_author_means(name: str, flat: Path) -> None:
    case = read("tables/expected.json")[name]
    file = Path(shutil.copy(CASES / "tables" / name, flat.parent / name))

    def dataset() -> Dataset:
        if case["use"] == "labels":
            return read_dataset(str(flat), labels=str(file))
        return read_dataset(str(file))

    if case["labels"] == "error":
        with pytest.raises(InputError) as caught:
            dataset()
        assert len(str(caught.value).splitlines()) == 1 and name in str(caught.value)
    else:
        assert labels_of(dataset()) == case["labels"]


def test_what_a_table_left_out_is_said(flat: Path) -> None:
    for name, sayings in (
        ("partly.csv", ("30 of 37 rows", "5 of 12 images have no row")),
        ("cp1252.csv", ("Windows-1252",)),
        ("missing.csv", ("--keep-na",)),
        ("kaggle.csv", ("column 'breed'", "column 'id'")),
    ):
        dataset = read_dataset(str(flat), labels=str(CASES / "tables" / name))
        remarks = " ".join((*dataset.remarks, *dataset.label_remarks))
        assert all(saying in remarks for saying in sayings), name


def write_tree(folder: Path, files: dict[str, str | None]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            form = "PNG" if name.endswith(".png") else "JPEG"
            Image.new("RGB", (4, 4)).save(folder / name, form)
        else:
            (folder / name).write_text(content)
    return folder


SAYINGS = {
    "splits": ("test, train and val were taken for splits", "--labels folder"),
    "eadir": ("9 files in '@eaDir'",),
    "rubbish": ("$RECYCLE.BIN", "__MACOSX", "hidden"),
    "phone": ("30 files look like pictures but cannot be read: 30 .heic",),
    "images_masks": ("--images images",),
    "years": ("dates", "--labels folder"),
    "singletons": ("2 of 3 classes have one image", "cat and owl"),
    "metadata_csv": ("'metadata.csv'",),
}


@pytest.mark.parametrize("name", listed("folders.json"))
def test_a_folder_gives_the_labels_that_its_author_means(name: str, tmp_path: Path) -> None:
    case = read("folders.json")[name]
    dataset = read_dataset(write_tree(tmp_path / "set", case["files"]))
    remarks = " ".join((*dataset.remarks, *dataset.label_remarks))
    assert all(saying in remarks for saying in SAYINGS.get(name, ())), remarks
    counts = {
        column: dataset.table[column].value_counts().to_dict() if column in dataset.table else None
        for column in ("truth", "split")
    }
    if case["labels"] != "ask":
        assert counts["truth"] == case["labels"]
    assert counts["split"] == case.get("split", counts["split"])
    assert len(dataset) == case.get("images", len(dataset))


def test_a_split_can_be_chosen_and_other_labels_named(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "set", read("folders.json")["splits"]["files"])
    assert len(read_dataset(folder, where=["split=test"])) == 6
    assert len(read_dataset(folder, where=["split=test", "split=val", "label=cat"])) == 4
    assert read_dataset(folder, labels="parent").table["truth"].nunique() == 3
    assert read_dataset(folder, labels="folder").table["truth"].nunique() == 9
    assert "truth" not in read_dataset(folder, labels="none").table
    assert set(read_dataset(folder, images="val").table["truth"]) == {"cat", "dog", "owl"}
