"""Promises of the ranking by purpose: numbers of the metric, chance told, ties named."""

import numpy as np
import pytest

from embedbench.results.schema import NONE_BETTER
from tests.comparison.stages.test_verdict import judged

CLASSES = np.repeat(np.arange(3), 12)


def vectors(noise: float, seed: int) -> np.ndarray:
    """Vectors of 36 images in three classes, with so much noise."""
    random = np.random.default_rng(seed)
    centres = np.eye(3, 8)[CLASSES]
    return (centres + random.normal(0, noise, (36, 8))).astype(np.float32)


def test_each_purpose_ranks_by_its_own_metric_with_interval_and_chance() -> None:
    noises = {"good": 0.1, "poor": 0.7, "noise": 50}
    every = {name: vectors(noise, seed) for seed, (name, noise) in enumerate(noises.items())}
    found = judged(every, CLASSES)
    table = found.tables["purposes"]
    assert table["purpose"].unique().tolist() == ["clustering", "search", "classification"]
    encoders = found.tables["encoders"].set_index("encoder")
    for purpose, metric in (("search", "retrieval_map"), ("classification", "linear_probe")):
        own = table[table["purpose"] == purpose].set_index("encoder")
        assert own["metric"].unique().tolist() == [metric]
        for name in own.index:
            columns = [metric, f"{metric}_low", f"{metric}_high"]
            assert own.loc[name, ["value", "low", "high"]].tolist() == pytest.approx(
                encoders.loc[name, columns].tolist()
            )
        assert own["rank"].tolist()[0] == 1
        assert found.verdicts[purpose]["group"][0] == "good"
        assert "noise" not in found.verdicts[purpose]["group"]
    chance = table.set_index(["purpose", "encoder"])["chance"]
    assert chance["classification", "good"] == pytest.approx(1 / 3)
    assert 11 / 35 < chance["search", "good"] < 11 / 35 + 0.1


def test_noise_alone_is_named_for_no_purpose() -> None:
    found = judged({"one": vectors(50, 0), "other": vectors(50, 1)}, CLASSES)
    assert {one["answer"] for one in found.verdicts.values()} == {NONE_BETTER}
    assert not found.tables["purposes"]["recommended"].any()


def test_without_labels_there_is_clustering_alone() -> None:
    found = judged({"one": vectors(0.1, 0), "other": vectors(0.3, 1)}, None)
    assert list(found.verdicts) == ["clustering"]
    assert found.tables["purposes"]["value"].isna().all()
