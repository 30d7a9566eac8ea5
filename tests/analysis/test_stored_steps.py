"""Promises of stored steps: computed once, the same when read, and never in another's place."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedbench.analysis import stored_steps
from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.analysis.label_free import score_encoder
from embedbench.analysis.stored_steps import RESULT_TYPES, StoredSteps
from embedbench.analysis.sweep import sweep_encoder
from embedbench.clustering.clusterers import KMeans
from embedbench.io.store import Store
from embedbench.io.structured import write_structured
from embedbench.parallel.pool import Pool

SETTINGS = EvaluationSettings((KMeans(),), "l2", (3,), (0, 1))
VECTORS = np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32)
LABELS = np.arange(30) % 3


class CountingPool(Pool):
    """One that runs its calls here, and counts them."""

    calls = 0

    def gather(self, calls: Any, tick: Callable[[int], object]) -> list[Any]:
        self.calls += len(calls)
        return [function(*arguments) for function, *arguments in calls]


@pytest.fixture
def pool() -> Iterator[CountingPool]:
    counting = CountingPool(1)
    with counting:
        yield counting


@pytest.fixture
def steps(pool: CountingPool, tmp_path: Path) -> StoredSteps:
    return StoredSteps(Store(tmp_path), pool, lambda _: None)


def call(seed: int = 0, labels: np.ndarray | None = LABELS) -> tuple[Any, ...]:
    return sweep_encoder, VECTORS + seed, labels, SETTINGS


def test_a_step_is_computed_once_and_read_as_it_was(steps: StoredSteps, pool: CountingPool) -> None:
    first = steps.gather({"a": call(), "b": call(1)})
    again = steps.gather({"b": call(1), "c": call()})
    assert pool.calls == 2 and list(again) == ["b", "c"]
    assert write_structured(again["c"]) == write_structured(first["a"])
    assert write_structured(again["b"]) == write_structured(first["b"])


@pytest.mark.parametrize(
    "other",
    [
        call(1),
        call(labels=None),
        call(labels=LABELS[::-1].copy()),
        (*call()[:3], EvaluationSettings((KMeans(),), "l2", (4,), (0, 1))),
    ],
)
def test_another_argument_is_another_step(
    steps: StoredSteps, pool: CountingPool, other: tuple[Any, ...]
) -> None:
    steps.gather({"a": call()})
    steps.gather({"a": other})
    assert pool.calls == 2


def test_other_code_is_another_step(
    steps: StoredSteps, pool: CountingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.gather({"a": call()})
    monkeypatch.setattr(stored_steps, "embedbench_code", lambda *_: "other")
    steps.gather({"a": call()})
    assert pool.calls == 2


def test_a_broken_file_is_computed_again(
    steps: StoredSteps, pool: CountingPool, tmp_path: Path
) -> None:
    steps.gather({"a": call()})
    (file,) = tmp_path.rglob("*.npz")
    file.write_bytes(file.read_bytes()[:-20])
    steps.gather({"a": call()})
    assert pool.calls == 2
    steps.gather({"a": call()})
    assert pool.calls == 2


class Clusterer(KMeans):
    """A clusterer of somebody else, whose code may change."""


def test_a_step_with_somebody_elses_class_is_always_computed(
    steps: StoredSteps, pool: CountingPool, tmp_path: Path
) -> None:
    settings = EvaluationSettings((Clusterer(),), "l2", (3,), (0,))
    for _ in range(2):
        steps.gather({"a": (sweep_encoder, VECTORS, LABELS, settings)})
    assert pool.calls == 2 and not list(tmp_path.rglob("*.npz"))


def test_without_a_store_everything_is_computed(pool: CountingPool) -> None:
    steps = StoredSteps(None, pool, lambda _: None)
    for _ in range(2):
        steps.gather({"a": call()})
    assert pool.calls == 2


def test_scores_of_an_encoder_are_kept_too(steps: StoredSteps, pool: CountingPool) -> None:
    targets = Targets(LABELS, ("a", "b", "c"), np.arange(30))
    runs = np.stack([np.stack([LABELS, LABELS])])
    asked = (score_encoder, VECTORS, None, targets, runs, SETTINGS)
    first = steps.gather({"a": asked})["a"]
    again = steps.gather({"a": asked})["a"]
    assert pool.calls == 1 and type(again) in RESULT_TYPES
    assert write_structured(again) == write_structured(first)


def test_a_large_store_loses_what_was_not_used_for_longest(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number, name in enumerate(("old", "used", "new")):
        store.put_bytes("analysis", name, bytes(100))
        (file,) = tmp_path.rglob(f"{name}.npz")
        os.utime(file, (number, number))
    assert store.get_bytes("analysis", "old") is not None  # used now
    store.trim("analysis", 200)
    assert store.get_bytes("analysis", "used") is None
    assert store.get_bytes("analysis", "old") and store.get_bytes("analysis", "new")
