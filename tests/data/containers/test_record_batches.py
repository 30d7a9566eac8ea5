"""Promises of cells: in any order, from any thread, within bounded memory."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embedbench.data.containers import record_batches
from embedbench.data.containers.record_batches import TableCell, is_arrow_name
from embedbench.errors import ImageError

ROWS = 300


def cells(tmp_path: Path) -> tuple[list[TableCell], list[bytes]]:
    contents = [np.random.default_rng(row).bytes(2000) for row in range(ROWS)]
    file = tmp_path / "a.parquet"
    pd.DataFrame({"image": contents}).to_parquet(file, row_group_size=200)
    return [TableCell(file, row // 200, row % 200, ("image",)) for row in range(ROWS)], contents


def test_cells_are_read_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_batches, "_KEPT_BYTES", 10_000)
    found, contents = cells(tmp_path)
    for row in [0, 299, 5, 150, 149, 250, 0, 199, 200]:
        assert pickle.loads(pickle.dumps(found[row])).read(10**9) == contents[row]
    assert found[3].read(5) == contents[3][:5]


def test_threads_read_cells_at_once(tmp_path: Path) -> None:
    found, contents = cells(tmp_path)
    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(lambda cell: cell.read(10**9), found)) == contents


def test_a_row_that_is_gone_is_an_image_error(tmp_path: Path) -> None:
    file = tmp_path / "b.parquet"
    pd.DataFrame({"image": [b"a"]}).to_parquet(file)
    with pytest.raises(ImageError, match="^its row is missing: the file has changed"):
        TableCell(file, 0, 1, ("image",)).read(10)
    with pytest.raises(ImageError, match="broken in 'b.parquet'"):
        TableCell(file, 0, 0, ("other",)).read(10)


def test_arrow_files_are_known_by_their_suffix() -> None:
    assert is_arrow_name("a.ARROW") and not is_arrow_name("a.parquet")
