"""Promises of texts: labels that are words are read as words, codes are not, nothing in silence."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench import Dataset
from embedbench.comparison.texts import TextPlan, label_as_words, with_texts
from embedbench.errors import InputError
from embedbench.results.tables.purposes import CLUSTERING, WORDS

JUDGED = {WORDS: "zero_shot_accuracy"}


def dataset(labels: list[Any], **columns: list[Any]) -> Dataset:
    names = tuple(f"{row}.png" for row in range(len(labels)))
    table = pd.DataFrame({"truth": labels, **columns})
    return Dataset(names, (b"",) * len(names), table)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Faces_easy", "Faces easy"), ("animals/dog", "animals dog"), ("T-shirt", "T-shirt"),
        ("001.Black_footed_Albatross", "Black footed Albatross"), ("St. Bernard", "St. Bernard"),
        ("n02102040-English_springer", "English springer"), ("n01440764", "n01440764"),
        ("Boeing_737-800", "Boeing 737-800"), ("747", "747"), ("{0} %s", "{0} %s"),
    ],
)  # fmt: skip
def test_a_label_is_read_as_words(label: str, words: str) -> None:
    assert label_as_words(label) == words


@pytest.mark.parametrize(
    ("labels", "obstacle"),
    [
        (["n01440764", "n02102040"], "the labels are codes, such as 'n01440764', not words"),
        (["0", "1", "2"], "the labels are codes, such as '0', not words"),
        (["dog", "dog"], "all labels are the same"),
        ([None, None], "there are no labels"),
        (["dog", "747", "ox"], ""),
        (["猫", "犬"], ""),
    ],
)
def test_labels_that_are_no_words_are_not_read(labels: list[Any], obstacle: str) -> None:
    plan = TextPlan.of(dataset(labels), (), JUDGED)
    assert plan.obstacle == obstacle
    assert bool(plan.labels) == bool(plan.prompts()) == (obstacle == "")


def test_every_vector_belongs_to_its_text() -> None:
    images = dataset(["dog", "cat", "dog"], texts=['["one", "two"]', "[]", '["two"]'])
    plan = TextPlan.of(images, ["paw"], JUDGED)
    prompts = plan.prompts()
    rows = np.arange(len(prompts), dtype=np.float32)[:, None]
    parts = plan.split(rows)
    found = [[prompts[int(row)] for row in part[:, 0]] for part in (parts.names, parts.labels)]
    assert found[0] == ["a photo of a paw.", "a photo of the paw.", "a picture of paw.", "paw"]
    assert found[1][::4] == ["a photo of a cat.", "a photo of a dog."]
    assert [prompts[int(row)] for row in parts.texts[:, 0]] == ["one", "two"]
    assert plan.pairs(images.table).tolist() == [[0, 0], [0, 1], [2, 1]]
    assert [len(part) for part in vars(plan.split(rows[:0])).values()] == [0, 0, 0]


def test_other_purposes_read_neither_labels_nor_texts() -> None:
    images = dataset(["dog", "cat"], texts=['["one"]', "[]"])
    assert TextPlan.of(images, (), {CLUSTERING: "ami"}).prompts() == []


def test_how_labels_are_read_is_said() -> None:
    plan = TextPlan.of(dataset(["car_side", "dog"]), (), JUDGED)
    assert plan.remarks() == [
        "as words, 1 label is read in another spelling, such as 'car side' for 'car_side'"
    ]
    many = TextPlan.of(dataset([f"kind {row} dog" for row in range(251)]), (), JUDGED)
    assert len(many.prompts()) == 251
    assert many.remarks()[-1].startswith("251 labels are read in one template")


def test_texts_come_from_a_column_or_a_table(tmp_path: Path) -> None:
    images = dataset(["a", "b"], caption=["<one>", None])
    found = with_texts(images, "caption")
    assert found.table["texts"].tolist() == ['["<one>"]', "[]"]
    assert found.remarks[-1] == "1 image of 2 with 1 text"
    file = tmp_path / "t.csv"
    file.write_text("image,text\n1.png,eins\n1.png,zwei\n")
    assert with_texts(images, str(file)).table["texts"].tolist() == ["[]", '["eins", "zwei"]']
    assert "texts" not in with_texts(images, None).table


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("nowhere", r"`texts` must be a column \(truth, caption\) or a table; not 'nowhere'"),
        ("caption", "`texts` 'caption' has no text for any of the images"),
    ],
)
def test_texts_that_are_nowhere_are_one_line(texts: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        with_texts(dataset(["a", "b"], caption=[None, ""]), texts)
