"""Promises of pairs: two views together beat each alone, and noise is not called better."""

import numpy as np
import pytest

from embedbench.analysis.inputs import Targets
from embedbench.analysis.purposes.pairs import (
    concatenation_rows,
    concatenation_scores,
    pairs_of,
)
from embedbench.clustering.limits import DEFAULT_LIMIT
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap

LABELS = np.repeat(np.arange(4), 30)
ALONE = np.arange(120)
SHAPE = np.eye(2)[LABELS // 2] * 3
"""One encoder sees whether a label is of the first two, the other whether it is odd."""
COLOUR = np.eye(2)[LABELS % 2] * 3


def scores_of(vectors: dict[str, np.ndarray]) -> dict[tuple[str, ...], dict[str, Estimate]]:
    targets = Targets(LABELS, list("abcd"), ALONE)
    return {
        names: concatenation_scores(
            vectors[names[0]], vectors[names[1]] if names[1:] else None, targets,
            ["search", "clustering"], 4, 0,
            DEFAULT_LIMIT,
        )
        for names in pairs_of(list(vectors))
    }  # fmt: skip


def test_every_two_stand_side_by_side_once() -> None:
    assert pairs_of(["a", "b", "c"]) == [
        ("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c"),
    ]  # fmt: skip


def test_an_encoder_that_is_left_alone_has_no_pair() -> None:
    table = concatenation_rows(
        scores_of({"a": SHAPE.astype(np.float32)}), {"a": 2}, PairedBootstrap(ALONE, 0)
    )
    assert table.empty and table.columns[0] == "encoder"


def test_two_views_that_complete_each_other_are_better_together() -> None:
    random = np.random.default_rng(0)
    vectors = {
        name: (view + random.normal(size=(120, 2)) * 0.3).astype(np.float32)
        for name, view in (("shape", SHAPE), ("colour", COLOUR))
    }
    vectors["colour"] = np.column_stack([vectors["colour"], np.zeros(120, np.float32)])
    dims = {name: own.shape[1] for name, own in vectors.items()}
    table = concatenation_rows(scores_of(vectors), dims, PairedBootstrap(ALONE, 0))
    assert table["purpose"].tolist() == ["search", "clustering"]
    assert table["is_better"].tolist() == [True, True]
    assert table["dim"].tolist() == [5, 5]
    assert (table["difference_low"] > 0.1).all() and (table["value"] > 0.9).all()
    assert (table["difference_low"] < table["difference"]).all()


def test_an_encoder_beside_noise_is_not_better() -> None:
    random = np.random.default_rng(1)
    vectors = {
        "all": (np.eye(4)[LABELS] + random.normal(size=(120, 4)) * 0.3).astype(np.float32),
        "noise": random.normal(size=(120, 4)).astype(np.float32),
    }
    table = concatenation_rows(
        scores_of(vectors), dict.fromkeys(vectors, 4), PairedBootstrap(ALONE, 0)
    )
    assert not table["is_better"].any()
    assert table.loc[table["purpose"] == "search", "difference"].lt(-0.1).all()
    assert (table["best"] == "all").all()


@pytest.mark.slow
def test_of_many_equal_pairs_one_is_called_better_in_at_most_one_of_twenty_cases() -> None:
    called, names = 0, [str(number) for number in range(6)]
    for draw in range(200):
        random = np.random.default_rng(draw)
        values = (random.normal(size=(21, 120)) + random.normal(size=120)) / 20 + 0.5
        own = dict(zip(pairs_of(names), values, strict=True))
        scores = {some: {"search": mean_estimate(row[None])} for some, row in own.items()}
        table = concatenation_rows(scores, dict.fromkeys(names, 1), PairedBootstrap(ALONE, draw))
        called += bool(table["is_better"].any())
    assert called <= 18  # 10 expected at most; 18 is the 0.99 quantile of a binomial
