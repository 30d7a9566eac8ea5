"""Promises of the steps of purposes: those that were asked for and that labels allow, no more."""

from dataclasses import replace

import numpy as np
import pandas as pd

from embedbench.comparison.stages.purpose_steps import purpose_calls, purpose_tables, search_table
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
    tables = purpose_tables(results | {"maps": {"one": pd.DataFrame()}})
    assert set(tables) == {"sizes", "few_shot"}
    assert tables["sizes"]["encoder"].unique().tolist() == ["one", "other"]


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
