"""Promises of provenance: the command that is written down asks for the same again."""

from dataclasses import MISSING
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedbench.cli.commands import run
from embedbench.cli.options import given_words, keywords_from_words
from embedbench.comparison.options import OPTIONS, ComparisonOptions
from embedbench.comparison.provenance import (
    model_remarks,
    python_objects,
    record_options,
    repeat_command,
)
from embedbench.data.dataset import Dataset
from embedbench.embedding.result import Embedding
from embedbench.encoder import Facts
from embedbench.encoders.record import EncoderRecord
from embedbench.utils.options import Option, from_keywords, value_of
from embedbench_pixels import PixelsEncoder

BARE: dict[str, Any] = {"source": ("photos",), "encoders": ("timm", "pixels"), "quiet": False}


def parse(words: list[str]) -> ComparisonOptions:
    """Return what the command line reads from the words of a command."""
    assert words[:2] == ["embedbench", "run"]
    with run.make_context("run", list(words[2:])) as context:
        given = given_words(context.params)
    return from_keywords(ComparisonOptions, keywords_from_words(given))


def other_value(one: Option) -> Any:
    """Return a value that is not the default, with what a shell or a parser could take wrong."""
    values = {
        str: "a b'c,$HOME", int: 7, float: 2.5, bool: one.default is not True,
        list: ("x y,z=1", "--k", "b"),
    }  # fmt: skip
    return values[one.kind]


@pytest.mark.parametrize("one", OPTIONS, ids=lambda one: one.word)
def test_the_command_repeats_each_option(one: Option) -> None:
    options = from_keywords(ComparisonOptions, BARE | {one.keyword: other_value(one)})
    assert value_of(options, one) != one.default
    assert parse(repeat_command(options)) == options


def test_the_command_repeats_all_options_at_once() -> None:
    options = from_keywords(ComparisonOptions, {one.keyword: other_value(one) for one in OPTIONS})
    assert parse(repeat_command(options)) == options


def test_the_command_leaves_defaults_out() -> None:
    options = from_keywords(ComparisonOptions, BARE)
    words = ["embedbench", "run", "photos", "-e", "timm", "-e", "pixels"]
    assert repeat_command(options) == words and parse(words) == options
    assert all(
        one.default is MISSING or one.keyword == "quiet" or value_of(options, one) == one.default
        for one in OPTIONS
    )


def test_objects_stand_by_their_names() -> None:
    class SpectralClustering:
        def fit_predict(self, vectors: Any) -> Any: ...

    images = Dataset(("a",), (b"",), origin="my images")
    options = ComparisonOptions(
        [Path("photos"), images], {"flat": PixelsEncoder()}, quiet=False, out=Path("run"),
        clusterers=["kmeans", SpectralClustering()], names=["dog", "cat"], k=3, corrupt="blur:1",
    )  # fmt: skip
    assert repeat_command(options)[2:] == [
        "photos", "my images", "-e", "flat", "--clusterer", "kmeans", "--clusterer",
        "spectralclustering", "--k", "3", "--names", "dog,cat", "--corrupt", "blur:1",
        "--out", "run",
    ]  # fmt: skip
    assert python_objects(options) == ["my images", "flat", "spectralclustering"]


def test_texts_are_no_objects() -> None:
    assert python_objects(from_keywords(ComparisonOptions, BARE)) == []
    assert python_objects(ComparisonOptions("photos", [PixelsEncoder(), "timm"])) != []


def test_every_option_is_recorded_as_it_was_given_or_as_it_was_read() -> None:
    options = from_keywords(ComparisonOptions, BARE | {"seeds": 2, "labels": "my labels.csv"})
    record = record_options(options, {"seeds": [0, 1]})
    assert set(record) == {one.keyword for one in OPTIONS} - {"source"} | {
        "sources",
        "command",
        "objects",
    }
    assert record["sources"] == ["photos"] and record["encoders"] == ["timm", "pixels"]
    assert record["seeds"] == [0, 1] and record["workers"] is None
    assert record["command"].endswith("--labels 'my labels.csv' --seeds 2")


def embedding_of(vectors: np.ndarray, remark: str | None = None) -> Embedding:
    record = EncoderRecord("f", (), Facts(remark=remark), dim=vectors.shape[1])
    rows = vectors.astype(np.float32)
    return Embedding(rows, rows[:0], rows[:0], {}, record, 0)


def test_remarks_of_models_and_several_names_of_one_encoder_are_told() -> None:
    vectors = np.random.default_rng(0).normal(size=(6, 4))
    turned = vectors.copy()
    turned[5] = turned[5, ::-1]
    embeddings = {
        "a": embedding_of(vectors, "left out of 'ft.pth': 2 tensors"),
        "b": embedding_of(3 * vectors),
        "c": embedding_of(turned),
        "d": embedding_of(vectors[:, :3]),
        "e": embedding_of(vectors),
    }
    assert model_remarks(embeddings) == [
        "a: left out of 'ft.pth': 2 tensors",
        "a, b and e give the same vectors (least cosine 1.000000): they are one encoder under "
        "several names",
    ]
