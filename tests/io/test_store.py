"""Promises of the store: rows are read back by key, also with several writers."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.data.images.decoding import open_rgb
from embedbench.data.images.sources import content_hash, read_source
from embedbench.data.loading import read_dataset
from embedbench.embedding.embed import embed
from embedbench.embedding.factory import make_engine
from embedbench.embedding.local_workers import LocalEngine
from embedbench.encoder import Encoder
from embedbench.errors import StoreError
from embedbench.io.store import Store, text_key
from embedbench.parallel.engine_options import EngineOptions
from embedbench.utils.progress import Progress

KEYS = [f"{number:064x}" for number in range(40)]
ROWS = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)


def test_rows_are_read_back_exactly(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("f", KEYS[:30], ROWS[:30])
    store.write("f", KEYS[30:], ROWS[30:])
    found = store.read("f", [*KEYS[::-1], "ff" * 32])
    assert set(found) == set(KEYS)
    assert all(np.array_equal(found[key], row) for key, row in zip(KEYS, ROWS, strict=True))


def test_a_table_of_rows_has_the_order_of_the_keys_and_nan_for_missing_rows(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("f", KEYS[:30], ROWS[:30])
    store.write("f", KEYS[30:], ROWS[30:])
    table = store.rows("f", [KEYS[35], "ff" * 32, KEYS[2], KEYS[35]])
    expected = np.array([ROWS[35], np.full(5, np.nan), ROWS[2], ROWS[35]], np.float32)
    np.testing.assert_array_equal(table, expected)


def test_rows_of_another_fingerprint_are_not_returned(tmp_path: Path) -> None:
    Store(tmp_path).write("one", KEYS, ROWS)
    assert Store(tmp_path).read("two", KEYS) == {}


def test_a_store_of_another_version_is_kept_and_reported_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "v10" / "vectors" / "kept"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"another form")
    (tmp_path / "downloads").mkdir()
    options = EngineOptions(store=tmp_path, offline=True)
    make_engine(options, Progress()).store.write("f", KEYS, ROWS)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"'{tmp_path}'" in said and "v10" in said
    assert kept.read_bytes() == b"another form"
    make_engine(options, Progress())
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("folders", [[], ["downloads"], ["v1"], ["v1", "v2"], ["videos", "v1x"]])
def test_a_store_that_is_new_or_of_this_version_has_no_note(
    tmp_path: Path, folders: list[str]
) -> None:
    for name in folders:
        (tmp_path / "store" / name).mkdir(parents=True)
    assert Store(tmp_path / "store").other_versions_note() is None


def test_compacting_keeps_every_row_in_one_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for start in range(0, 40, 2):
        store.write("f", KEYS[start : start + 2], ROWS[start : start + 2])
    store.compact("f")
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


def test_a_record_is_kept_until_it_is_replaced(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.get_record("encoders", "a") is None
    store.put_record("encoders", "a", {"dim": 1})
    store.put_record("encoders", "a", {"dim": 2})
    assert store.get_record("encoders", "a") == {"dim": 2}


def test_a_store_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write to the store"):
        Store(tmp_path / "file").write("f", KEYS, ROWS)


@given(st.text(), st.text())
def test_texts_have_the_same_key_only_if_equal(one: str, other: str) -> None:
    assert (text_key(one) == text_key(other)) == (one == other)


def test_a_full_disk_loses_nothing_and_the_next_run_continues(
    small_disk: Path, photographs: Path
) -> None:
    @dataclass(frozen=True)
    class Wide(Encoder):
        def encode_batch(self, images: Any) -> np.ndarray:
            rows = [np.resize(np.asarray(image, np.float32), 4000) for image in images]
            return np.stack(rows)  # 16 kB a row

    dataset = read_dataset(photographs)
    hashes = [content_hash(read_source(source)) for source in dataset.sources]
    engine = LocalEngine(Store(small_disk), workers=1, progress=Progress(quiet=True))
    first = embed("it", Wide(), dataset.take(range(8)), hashes[:8], engine)
    with pytest.raises(StoreError, match="No space left on device; make room and run again"):
        embed("it", Wide(), dataset, hashes, engine)
    left = {file.suffix for file in small_disk.rglob("*") if file.is_file()}
    assert left == {".safetensors", ".json"}
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    found = embed("it", Wide(), dataset, hashes, engine)
    assert found.encoded == 28 and np.array_equal(found.vectors[:8], first.vectors)
    assert np.array_equal(
        found.vectors, Wide().encode(map(open_rgb, map(read_source, dataset.sources)))
    )
