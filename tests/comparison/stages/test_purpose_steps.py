"""Promises of the steps of purposes: those that were asked for and that labels allow, no more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench import compare
from embedbench.analysis.label_free import EncoderScores
from embedbench.analysis.measurement import evaluate_vectors
from embedbench.comparison.stages.purpose_steps import (
    pair_remarks,
    purpose_calls,
    purpose_tables,
    search_table,
)
from embedbench.encoder import Facts, TextEncoder
from tests.comparison.stages.test_verdict import make_inputs
from tests.conftest import write_photographs

LABELS = np.repeat(np.arange(3), 4)
VECTORS = {"one": np.eye(12, dtype=np.float32), "other": np.ones((12, 3), np.float32)}


def test_with_labels_every_encoder_has_a_call_for_each_table() -> None:
    calls = purpose_calls(make_inputs(12, LABELS), VECTORS, VECTORS, 3)
    assert {table: list(own) for table, own in calls.items()} == {
        "sizes": ["one", "other"], "few_shot": ["one", "other"],
    }  # fmt: skip
    results = {
        table: {name: function(*arguments) for name, (function, *arguments) in own.items()}
        for table, own in calls.items()
    }
    inputs = make_inputs(12, LABELS)
    tables = purpose_tables(results | {"maps": {"one": pd.DataFrame()}}, inputs, VECTORS)
    assert set(tables) == {"sizes", "few_shot"}
    assert tables["sizes"]["encoder"].unique().tolist() == ["one", "other"]


@dataclass(frozen=True)
class Nested(TextEncoder):
    """The mean colour, then numbers that say nothing; texts by the colours that they name."""

    def encode_batch(self, images: Any) -> np.ndarray:
        colours = np.stack([np.asarray(image, np.float32).mean((0, 1)) for image in images])
        return np.pad(colours, [(0, 0), (0, 13)])

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        rows = [[name in text for name in ("red", "green", "blue")] for text in texts]
        return np.pad(np.array(rows, np.float32), [(0, 0), (0, 13)])

    def facts(self) -> Facts:
        return Facts(truncate_dims=(3, 2))


def test_an_encoder_that_was_trained_to_be_cut_is_judged_so(tmp_path: Path) -> None:
    folder = write_photographs(tmp_path / "photographs")
    quick: dict[str, Any] = {"copies": 0, "projections": ["pca"], "k": "3", "seeds": 1}
    for _ in range(2):  # the second time the store says it
        sizes = compare(folder, {"nested": Nested()}, store=tmp_path / "store", **quick).sizes
        for purpose, rows in sizes.groupby("purpose"):
            value = dict(zip(rows["form"], rows["value"], strict=True))
            assert value["truncate:3"] == pytest.approx(value["float32"])
            # Of three colours in two numbers one is lost.
            assert value["truncate:2"] < value["float32"] or purpose != "words"
        kept = sizes[sizes["form"] == "truncate:3"]
        assert kept["purpose"].tolist() == ["clustering", "search", "classification", "words"]
        assert kept["bytes"].eq(12).all()


def test_pairs_are_judged_where_they_are_asked_for_and_said() -> None:
    inputs = replace(make_inputs(12, LABELS), pairs=True, purposes={"search": "retrieval_map"})
    own = purpose_calls(inputs, VECTORS, VECTORS, 3)["concatenations"]
    results = {some: function(*arguments) for some, (function, *arguments) in own.items()}
    tables = purpose_tables({"concatenations": results}, inputs, VECTORS)
    assert tables["concatenations"][["encoder", "other", "dim"]].values.tolist() == [
        ["one", "other", 15]
    ]
    assert pair_remarks(tables) == [
        "for search (mAP), no two encoders side by side are better than one by more than chance "
        "explains"
    ]
    better = tables["concatenations"].assign(
        is_better=True, difference=0.1, difference_low=0.02, difference_high=0.18
    )
    assert pair_remarks({"concatenations": better}) == [
        "for search (mAP), one and other side by side are better than one, by 0.10 (0.02 to 0.18)"
    ]
    assert pair_remarks({}) == []


def test_search_has_its_scores_and_what_every_encoder_finds_for_the_same_queries() -> None:
    inputs = make_inputs(12, LABELS)
    criteria = {}
    for name, own in VECTORS.items():
        near, found, scores, numbers = evaluate_vectors(own, inputs.targets, 0)
        nothing = np.empty((0, 12), dtype=np.int32)
        criteria[name] = EncoderScores(scores, numbers, {}, {}, near, found, nothing)
    tables = search_table(inputs, criteria)
    assert set(tables) == {"search", "search_answers"}
    found_by = tables["search_answers"].groupby("encoder")
    queries = [own["query"].unique().tolist() for _, own in found_by]
    assert len(queries) == 2 and queries[0] == queries[1] and len(queries[0]) == 12


def test_a_purpose_that_was_not_asked_for_costs_nothing() -> None:
    inputs = replace(make_inputs(12, LABELS), purposes={"clustering": "ami"})
    calls = purpose_calls(inputs, VECTORS, VECTORS, 3)
    assert set(calls) == {"sizes"}
    function, *arguments = calls["sizes"]["one"]
    assert function(*arguments)["purpose"].unique().tolist() == ["clustering"]
    assert search_table(inputs, {}) == {}


def test_without_labels_there_is_nothing_to_judge_by() -> None:
    unknown = np.full(12, -1)
    for truth in (None, unknown):
        inputs = make_inputs(12, truth)
        assert purpose_calls(inputs, VECTORS, VECTORS, 3) == {}
        assert search_table(inputs, {}) == {}
