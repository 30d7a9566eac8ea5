"""Promises of tables in the store: rows are read back by hash, from all complete files."""

from pathlib import Path

import pandas as pd
import pytest

from embedbench.errors import StoreError
from embedbench.io.store import Store
from embedbench.io.table_store import TableStore

KEYS = [f"{number:064x}" for number in range(5)]


def test_rows_are_read_back_by_hash(tmp_path: Path) -> None:
    tables = TableStore(Store(tmp_path), "images")
    assert tables.read(KEYS) is None
    tables.add(pd.DataFrame({"hash": KEYS[:3], "width": [1, 2, 3]}))
    tables.add(pd.DataFrame({"hash": KEYS[2:4], "width": [3, 4]}))
    table = tables.read(KEYS[1:4])
    assert table is not None
    assert table["width"].to_dict() == {KEYS[1]: 2, KEYS[2]: 3, KEYS[3]: 4}


def test_no_hashes_have_no_rows(tmp_path: Path) -> None:
    tables = TableStore(Store(tmp_path), "images")
    tables.add(pd.DataFrame({"hash": KEYS, "width": 1}))
    assert tables.read([]) is None


def test_kinds_are_separate(tmp_path: Path) -> None:
    TableStore(Store(tmp_path), "images").add(pd.DataFrame({"hash": KEYS, "width": 1}))
    assert TableStore(Store(tmp_path), "texts").read(KEYS) is None


def test_an_incomplete_file_is_skipped(tmp_path: Path) -> None:
    tables = TableStore(Store(tmp_path), "images")
    tables.add(pd.DataFrame({"hash": KEYS, "width": 1}))
    complete = next(tmp_path.rglob("*.parquet"))
    complete.with_name("half.parquet").write_bytes(complete.read_bytes()[:-20])
    table = tables.read(KEYS)
    assert table is not None and sorted(table.index) == KEYS


def test_a_table_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write to the store"):
        TableStore(Store(tmp_path / "file"), "images").add(pd.DataFrame({"hash": KEYS}))


def test_a_kind_is_a_single_folder_name(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="must be letters and digits; not '../images'"):
        TableStore(Store(tmp_path / "store"), "../images").add(pd.DataFrame({"hash": KEYS}))
    assert list(tmp_path.iterdir()) == []
