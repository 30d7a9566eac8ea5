"""Promises of words: encoders that read texts are ranked; a broken text side costs no images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedbench import Results, compare
from embedbench.encoder import TextEncoder
from embedbench.errors import InputError
from tests.conftest import write_photographs

QUICK: dict[str, Any] = {"copies": 0, "projections": ["pca"], "k": "3", "seeds": 1}
NAMES = ("red", "green", "blue")


@dataclass(frozen=True)
class Colours(TextEncoder):
    """Images by their mean colour; texts by the colours that they name, `shift` places off."""

    shift: int = 0
    fails: bool = False
    dim: int = 3

    def encode_batch(self, images: Any) -> np.ndarray:
        return np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        if self.fails:
            raise ValueError("no vocabulary")
        rows = np.array([[name in text for name in NAMES] for text in texts], np.float32)
        return np.roll(rows, self.shift, axis=1)[:, : self.dim] + 0.01


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_photographs(tmp_path_factory.mktemp("words") / "photographs")
    rows = [f"{name}/{row:02d}.png,a {name} thing" for name in NAMES for row in range(12)]
    (folder.parent / "texts.csv").write_text("\n".join(["image,text", *rows]))
    return folder


def of(folder: Path, *encoders: TextEncoder, **options: Any) -> Results:
    named = dict(zip("abc", encoders, strict=False))
    return compare(folder, named, store=folder.parent / "store", **QUICK, **options)


def scores(results: Results, metric: str) -> list[float]:
    return results.words.set_index("metric").loc[[metric], "value"].tolist()


def test_the_encoder_whose_words_fit_is_named(folder: Path) -> None:
    results = of(folder, Colours(), Colours(shift=1))
    assert scores(results, "zero_shot_accuracy") == [1.0, 0.0]
    assert results.encoders["zero_shot_accuracy"].tolist() == [1.0, 0.0]
    verdict = results.run["verdicts"]["words"]
    assert (verdict["answer"], list(verdict["group"])) == ("best", ["a"])
    words = results.purposes[results.purposes["purpose"] == "words"]
    assert words["chance"].tolist() == pytest.approx([1 / 3, 1 / 3])
    assert results.run["read_as_texts"]["templates"][0] == "a photo of a {}."


def test_smaller_vectors_are_judged_by_words_too(folder: Path) -> None:
    results = of(folder, Colours(), Colours(fails=True), at_most="3B")
    sizes = results.sizes[results.sizes["purpose"] == "words"].set_index("form")
    assert sizes["encoder"].unique().tolist() == ["a"]
    assert sizes["value"]["float32"] == sizes["value"]["int8"] == 1.0
    assert sizes["bytes"][["float32", "int8", "binary"]].tolist() == [12, 3, 1]
    results = of(folder, Colours(), Colours(shift=1), purposes=["words"], at_most="3B")
    assert results.run["verdict"]["budget"]["sentences"] == [
        "Within the budget of at most 3 bytes an image, a, stored as int8 in 3 bytes, is "
        "recommended."
    ]


def test_texts_alone_judge_where_there_are_no_labels(folder: Path) -> None:
    texts = str(folder.parent / "texts.csv")
    results = of(folder, Colours(), Colours(shift=1), labels="none", texts=texts)
    # A text describes 12 of 36 images, and whichever is asked comes before the wrong ones.
    assert scores(results, "text_recall_at_1") == [1.0, 0.0]
    verdict = results.run["verdicts"]["words"]
    assert (verdict["metric"], verdict["answer"]) == ("text_recall_at_1", "best")
    whole = results.sizes[results.sizes["form"] == "float32"]
    assert whole[["purpose", "metric", "value"]].to_numpy().tolist() == [
        ["words", "text_recall_at_1", 1.0], ["words", "text_recall_at_1", 0.0],
    ]  # fmt: skip
    assert results.words.set_index("metric")["chance"]["text_recall_at_1"].tolist() == (
        [pytest.approx(1 / 25)] * 2  # one of 24 wrong images, or the right one, is first
    )
    reasons = results.words.set_index("metric").loc[["zero_shot_accuracy"], "reason"].tolist()
    assert reasons == ["there are no labels"] * 2


@pytest.mark.parametrize("broken", [Colours(fails=True), Colours(dim=2)])
def test_an_encoder_that_cannot_read_is_compared_by_its_images(
    folder: Path, broken: Colours
) -> None:
    results = of(folder, broken, Colours(), names="red,green,blue")
    assert results.encoders["status"].tolist() == ["ok", "ok"]
    assert results.run["naming_encoder"] == "b"
    assert results.words["encoder"].unique().tolist() == ["b"]
    assert "words" not in results.run["verdicts"]
    remarks = [one for one in results.run["remarks"] if "without texts" in one]
    assert len(remarks) == 1 and remarks[0].startswith("'a' takes part without texts, which it")


def test_words_that_lead_without_numbers_cannot_tell(folder: Path) -> None:
    results = of(folder, Colours(), Colours(fails=True), purposes=["words"])
    verdict = results.run["verdict"]
    assert (verdict["answer"], list(verdict["group"])) == ("cannot tell", [])
    (reason,) = verdict["reasons"]
    assert reason.startswith(
        "No answer for words, which is judged by labels or texts, by encoders that read them: "
        "only a has a number: "
        "zero-shot accuracy 1.00 ("
    )


def test_labels_that_are_codes_are_told_and_not_read(folder: Path) -> None:
    table = folder.parent / "codes.csv"
    rows = [f"{name}/{row:02d}.png,n{ord(name[0])}" for name in NAMES for row in range(12)]
    table.write_text("\n".join(["image,label", *rows]))
    results = of(folder, Colours(), Colours(shift=1), labels=str(table), purposes=["words"])
    obstacle = "the labels are codes, such as 'n103', not words"
    assert results.words["reason"].tolist() == [obstacle] * 2
    assert results.run["verdict"]["reasons"][0].endswith(f": {obstacle}.")


def test_options_that_need_an_encoder_that_reads_say_so(folder: Path, colour_encoder: Any) -> None:
    encoders = {"a": colour_encoder()}
    texts = str(folder.parent / "texts.csv")
    for options in ({"purposes": ["words"]}, {"metric": "zero_shot_accuracy"}, {"texts": texts}):
        with pytest.raises(InputError, match="need an encoder that reads texts"):
            compare(folder, encoders, **options)
    with pytest.raises(InputError, match="'text_recall_at_5' needs texts that describe images"):
        compare(folder, {"a": Colours()}, metric="text_recall_at_5")
    with pytest.raises(InputError, match="`texts` are for words, which `for` leaves out"):
        compare(folder, {"a": Colours()}, purposes=["search"], texts=texts)
    assert "words" not in compare(folder, encoders, **QUICK).run["verdicts"]


def test_a_purpose_that_is_answered_leads_and_the_one_that_is_not_is_told(folder: Path) -> None:
    results = of(folder, Colours(), Colours(fails=True), purposes=["words", "search"])
    assert results.run["verdict"]["purpose"] == "search"
    assert list(results.run["verdicts"]) == ["search"]
    assert results.run["verdict"]["reasons"][-1].startswith("No answer for words, which is judged")
