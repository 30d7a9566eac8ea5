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
from embedbench.results.label_sheet import suggest_labels

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
