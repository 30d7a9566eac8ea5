"""Promises of the images suggested for labelling."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from embedbench import compare
from embedbench.encoder import Encoder
from embedbench.errors import InputError
from embedbench.results.label_sheet import LabelSheet, suggest_labels

pytestmark = pytest.mark.usefixtures("one_core")


def encoders() -> dict[str, Encoder]:
    """Two of them, local so that they travel to workers by value."""

    @dataclass(frozen=True)
    class Colour(Encoder):
        side: int

        def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
            small = [image.resize((self.side, self.side)) for image in images]
            return np.stack([np.asarray(image, np.float32).ravel() / 255 for image in small])

    return {"fine": Colour(8), "coarse": Colour(1)}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of 12 pictures, no two alike: coloured blocks, tinted by class."""
    folder, random = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number, name in enumerate(("red", "green", "blue")):
        (folder / name).mkdir()
        for count in range(12):
            blocks = random.integers(0, 128, (4, 4, 3), dtype=np.uint8)
            blocks[..., number] += 64
            picture = Image.fromarray(blocks).resize((32, 32), Image.Resampling.NEAREST)
            picture.save(folder / name / f"{count}.png")
    return folder


@pytest.fixture(scope="module")
def run(pictures: Path, tmp_path_factory: pytest.TempPathFactory, shared_store: Path) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    compare(
        pictures, encoders(), labels="none", k="3", seeds=2, copies=0, projections=["pca"], out=out,
        store=shared_store,
    )  # fmt: skip
    return out


def test_the_file_filled_in_part_is_what_a_run_takes(
    run: Path, pictures: Path, tmp_path: Path, shared_store: Path
) -> None:
    file = tmp_path / "labels.csv"
    assert suggest_labels(run, 20, file) == 20
    table = pd.read_csv(file, dtype=str)
    assert list(table) == ["image", "label"] and table["image"].is_unique
    assert table["label"].isna().all()
    table.loc[:14, "label"] = table["image"][:15].str.split("/").str[0]
    table.to_csv(file, index=False)
    again = compare(
        pictures, encoders(), labels=str(file), k="3", seeds=2, copies=0, projections=["pca"],
        store=shared_store,
    )  # fmt: skip
    assert again.images["truth"].notna().sum() == 15
    assert again.run["verdict"]["basis"] == "labels"
    assert again.comparison["ami"].notna().all()


def test_more_images_begin_with_the_fewer(run: Path, tmp_path: Path) -> None:
    suggest_labels(run, 5, tmp_path / "few.csv")
    suggest_labels(run, 9, tmp_path / "more.csv")
    few, more = (pd.read_csv(tmp_path / name)["image"] for name in ("few.csv", "more.csv"))
    assert list(more[:5]) == list(few)


def test_asking_for_more_than_there_are_gives_all(run: Path, tmp_path: Path) -> None:
    assert suggest_labels(run, 1000, tmp_path / "all.csv") == 36


def test_a_file_that_is_there_is_not_written_over(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("image,label\n")
    with pytest.raises(InputError, match="is there already"):
        suggest_labels(run, 5, tmp_path / "mine.csv")
    with pytest.raises(InputError, match="at least 1"):
        suggest_labels(run, 0, tmp_path / "none.csv")


IMAGES = pd.DataFrame(
    {"image": list("abcdef"), "group": [0, 1, 2, 2, 3, 4], "truth": ["cat", *[None] * 5]}
)


def test_a_sheet_asks_for_each_group_once_and_not_for_what_is_known() -> None:
    sheet = LabelSheet.of(IMAGES)
    assert sheet.known == {"a": "cat"} and sorted(sheet.order) == ["b", "c", "e", "f"]
    assert LabelSheet.of(IMAGES).order == sheet.order != LabelSheet.of(IMAGES, 1).order
    with pytest.raises(InputError, match="has a label already"):
        LabelSheet.of(IMAGES.iloc[:1])


def test_a_sheet_goes_on_behind_the_last_label_of_its_file(tmp_path: Path) -> None:
    first, second, third, _ = LabelSheet.of(IMAGES).order
    sheet, file = LabelSheet.of(IMAGES), tmp_path / "labels.csv"
    sheet.given = {first: "=dog", second: "", third: "cat"}
    sheet.write(file)
    again = LabelSheet.of(IMAGES)
    again.read(file)
    assert again.given == sheet.given and list(again.labels) == ["a", first, third]
    assert again.labels[first] == "=dog"
    suggest = LabelSheet.of(IMAGES)
    suggest.write(file, 3)
    suggest.read(file)
    assert suggest.given == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"image,label\nelsewhere.jpg,cat\n", "labels of other images, such as 'elsewhere.jpg'"),
        (b"file,name\nb,cat\n", "no columns `image` and `label`"),
        (b"", "no columns `image` and `label`"),
        (b"\xff\xfe\x00", "no columns `image` and `label`"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(InputError, match=words):
        LabelSheet.of(IMAGES).read(tmp_path / "labels.csv")
    with pytest.raises(InputError, match="cannot read"):
        LabelSheet.of(IMAGES).read(tmp_path / "nothing.csv")
