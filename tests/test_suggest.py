"""Promises of the images suggested for labelling."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from embedbench import compare
from embedbench.encoder import Encoder
from embedbench.errors import InputError
from embedbench.suggest import suggest_labels

MakeEncoder = Callable[..., Encoder]


@pytest.fixture
def run(photographs: Path, tmp_path: Path, colour_encoder: MakeEncoder) -> Path:
    encoders = {"fine": colour_encoder(side=8), "coarse": colour_encoder(side=1)}
    compare(photographs, encoders, labels="none", k="3", seeds=2, copies=0, out=tmp_path / "run")
    return tmp_path / "run"


def test_the_file_filled_in_part_is_what_a_run_takes(
    run: Path, photographs: Path, tmp_path: Path, colour_encoder: MakeEncoder
) -> None:
    file = tmp_path / "labels.csv"
    assert suggest_labels(run, 20, file) == 20
    table = pd.read_csv(file, dtype=str)
    assert list(table) == ["image", "label"] and table["image"].is_unique
    assert table["label"].isna().all()
    table.loc[:14, "label"] = table["image"][:15].str.split("/").str[0]
    table.to_csv(file, index=False)
    encoders = {"fine": colour_encoder(side=8), "coarse": colour_encoder(side=1)}
    again = compare(photographs, encoders, labels=str(file), k="3", seeds=2, copies=0)
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
