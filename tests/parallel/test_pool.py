"""Promises of pools: a call that hangs or loses its worker is noticed; a slow start is not."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedbench.encoder import Encoder
from embedbench.parallel.pool import NoAnswer, Pool, WorkerDied, map_unordered, thread_limits
from tests.support.deaths import dies, trapped


def test_an_encoder_that_hangs_is_given_up() -> None:
    @dataclass(frozen=True)
    class Hanging(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            time.sleep(600)
            return np.zeros((len(images), 1), np.float32)

    words = "^no answer from its process for 2 seconds$"
    start = time.monotonic()
    with pytest.raises(NoAnswer, match=words), Pool(1, patience=2.0) as pool:
        pool.call(Hanging().encode_batch, [])
    with pytest.raises(NoAnswer, match=words), Pool(1, patience=2.0) as pool:
        list(map_unordered([pool], time.sleep, [600]))
    assert time.monotonic() - start < 300


def slow_start() -> None:
    time.sleep(3.0)


def test_a_process_that_is_slow_to_start_is_waited_for() -> None:
    with Pool(1, prepare=slow_start, patience=1.5) as pool:
        assert pool.call(abs, -1) == 1


def test_calls_that_a_worker_died_on_are_made_again(tmp_path: Path) -> None:
    (tmp_path / "trap").touch()
    ticks: list[int] = []
    with Pool(2) as pool:
        calls = [(trapped, number, tmp_path / "trap") for number in range(6)]
        assert pool.gather(calls, ticks.append) == [0, 1, 4, 9, 16, 25]
    assert ticks == [1] * 6
    with Pool(1) as pool, pytest.raises(WorkerDied, match="died 4 times.*--memory"):
        pool.gather([(dies,)], ticks.append)


def environment_variable(name: str) -> str | None:
    return os.environ.get(name)


def test_a_worker_has_one_math_thread_unless_its_environment_says_otherwise() -> None:
    with Pool(1) as pool:
        assert pool.call(environment_variable, "OMP_NUM_THREADS") == "1"
    with Pool(1, thread_limits(3)) as pool:
        assert pool.call(environment_variable, "OPENBLAS_NUM_THREADS") == "3"
