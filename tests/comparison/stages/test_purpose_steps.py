"""Promises of the steps of purposes: those that were asked for and that labels allow, no more."""

from dataclasses import replace

import numpy as np
import pandas as pd

from embedbench.analysis.label_free import EncoderScores
from embedbench.analysis.measurement import evaluate_vectors
from embedbench.comparison.stages.purpose_steps import (
    pair_remarks,
    purpose_calls,
    purpose_tables,
    search_table,
)
from tests.comparison.stages.test_verdict import make_inputs

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
