"""Promises of buffered writing: few files, nothing lost at the end, little lost in a crash."""

from pathlib import Path

import numpy as np

from embedbench.io.store import Store
from embedbench.io.store_writer import RowWriter

KEYS = [f"{number:064x}" for number in range(300)]
ROWS = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)


def files(folder: Path) -> int:
    return len(list(folder.rglob("*.safetensors")))


def test_small_batches_are_written_together_at_256_rows(tmp_path: Path) -> None:
    writer = RowWriter(Store(tmp_path), "f", wait=3600.0)
    for start in range(0, 250, 10):
        writer.add(KEYS[start : start + 10], ROWS[start : start + 10], 0.0)
    assert files(tmp_path) == 0
    writer.add(KEYS[250:260], ROWS[250:260], 0.0)
    assert files(tmp_path) == 1 and Store(tmp_path).stored("f", KEYS) == set(KEYS[:260])


def test_flush_writes_the_rest_once(tmp_path: Path) -> None:
    writer = RowWriter(Store(tmp_path), "f", wait=3600.0)
    writer.add(KEYS[:2], ROWS[:2], 0.0)
    writer.flush()
    writer.flush()
    assert files(tmp_path) == 1
    stored = Store(tmp_path).read("f", KEYS)
    assert set(stored) == set(KEYS[:2])
    assert all(np.array_equal(stored[KEYS[row]], ROWS[row]) for row in range(2))


def test_a_batch_is_written_at_once_if_the_next_would_come_too_late(tmp_path: Path) -> None:
    writer = RowWriter(Store(tmp_path), "f", wait=3600.0)
    writer.add(KEYS[:2], ROWS[:2], 3601.0)
    assert files(tmp_path) == 1 and writer.keys == []


def test_a_batch_without_rows_adds_none(tmp_path: Path) -> None:
    writer = RowWriter(Store(tmp_path), "f", wait=3600.0)
    writer.add([], np.empty((0, 0), np.float32), 0.0)
    writer.add(KEYS[:2], ROWS[:2], 0.0)
    writer.flush()
    assert Store(tmp_path).stored("f", KEYS) == set(KEYS[:2])
