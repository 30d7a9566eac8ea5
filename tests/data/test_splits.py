"""Promises of splits: their usual names are known, whatever is written around them."""

import pytest

from embedbench.data.splits import is_split_name, split_of


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Train", "train"),
        ("TRAINING", "train"),
        ("training_set", "train"),
        ("trainset", "train"),
        ("train2017", "train"),
        ("train_images", "train"),
        ("images_train", "train"),
        ("trainval", "train"),
        ("val", "val"),
        ("valid", "val"),
        ("validation", "val"),
        ("val-split", "val"),
        ("dev", "val"),
        ("test", "test"),
        ("Test Data", "test"),
        ("test.images", "test"),
        ("img-test", "test"),
        ("eval", "test"),
    ],
)
def test_usual_names_are_splits(name: str, split: str) -> None:
    assert split_of(name) == split and is_split_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "trains", "trainer", "tests", "device", "valve", "cat", "images", "2017", "train/cat",
     "test tube", "trains_set", "fold1", "тест"],
)  # fmt: skip
def test_other_names_are_none(name: str) -> None:
    assert split_of(name) is None and not is_split_name(name)
