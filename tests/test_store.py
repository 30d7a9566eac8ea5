"""Promises of the store: what was written is read, by its keys alone, whoever else writes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.errors import StoreError
from embedbench.store import Store, text_key

KEYS = [f"{number:064x}" for number in range(40)]
ROWS = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)


def test_rows_come_back_exactly(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("f", KEYS[:30], ROWS[:30])
    store.write("f", KEYS[30:], ROWS[30:])
    found = store.read("f", [*KEYS[::-1], "ff" * 32])
    assert set(found) == set(KEYS)
    assert all(np.array_equal(found[key], row) for key, row in zip(KEYS, ROWS, strict=True))


def test_another_fingerprint_knows_nothing(tmp_path: Path) -> None:
    Store(tmp_path).write("one", KEYS, ROWS)
    assert Store(tmp_path).read("two", KEYS) == {}


def test_tidying_keeps_every_row_in_one_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for start in range(0, 40, 2):
        store.write("f", KEYS[start : start + 2], ROWS[start : start + 2])
    store.tidy("f")
    assert len(list(tmp_path.rglob("*.safetensors"))) == 1
    assert all(
        np.array_equal(store.read("f", KEYS)[key], ROWS[row]) for row, key in enumerate(KEYS)
    )


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda i: store.write("f", KEYS[i : i + 1], ROWS[i : i + 1]), range(40)))
    assert set(store.read("f", KEYS)) == set(KEYS)


def test_a_half_written_file_is_not_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("f", KEYS[:3], ROWS[:3])
    whole = next(tmp_path.rglob("*.safetensors"))
    whole.with_name("half.safetensors").write_bytes(whole.read_bytes()[:100])
    assert set(store.read("f", KEYS)) == set(KEYS[:3])


def test_tables_come_back_by_hash(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.read_table("images", KEYS) is None
    store.add_table("images", pd.DataFrame({"hash": KEYS[:3], "width": [1, 2, 3]}))
    store.add_table("images", pd.DataFrame({"hash": KEYS[2:4], "width": [3, 4]}))
    found = store.read_table("images", KEYS[1:4])
    assert found is not None
    assert found["width"].to_dict() == {KEYS[1]: 2, KEYS[2]: 3, KEYS[3]: 4}


def test_a_record_is_remembered_until_replaced(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.recall("encoders", "a") is None
    store.remember("encoders", "a", {"dim": 1})
    store.remember("encoders", "a", {"dim": 2})
    assert store.recall("encoders", "a") == {"dim": 2}


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write to the store"):
        Store(tmp_path / "file").write("f", KEYS, ROWS)


@given(st.text(), st.text())
def test_texts_have_the_same_key_only_if_equal(one: str, other: str) -> None:
    assert (text_key(one) == text_key(other)) == (one == other)
