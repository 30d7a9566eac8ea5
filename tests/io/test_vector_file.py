"""Promises of vector files: keys and rows read back exactly; other files are a ValueError."""

from io import BufferedReader, BytesIO
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from embedbench.io.vector_file import RowFile, row_file

KEYS = [f"{number:064x}" for number in (7, 3, 2**255, 0, 11)]
ROWS = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


def opened(content: bytes) -> RowFile:
    raw: Any = BytesIO(content)
    return RowFile.open(BufferedReader(raw))


def test_keys_and_rows_are_read_back_in_their_order() -> None:
    file = opened(row_file(KEYS, ROWS))
    keys, rows = file.rows(set(KEYS))
    assert file.keys == keys == KEYS
    np.testing.assert_array_equal(rows, ROWS)


@pytest.mark.parametrize("numbers", [[0], [4], [1, 3], [0, 4], [2, 3]])
def test_only_wanted_rows_are_read(numbers: list[int]) -> None:
    keys, rows = opened(row_file(KEYS, ROWS)).rows({*(KEYS[row] for row in numbers), "ff" * 32})
    assert keys == [KEYS[row] for row in numbers]
    np.testing.assert_array_equal(rows, ROWS[numbers])


def test_without_wanted_rows_the_result_is_empty_with_the_dimension() -> None:
    keys, rows = opened(row_file(KEYS, ROWS)).rows({"ff" * 32})
    assert keys == [] and rows.shape == (0, 4)


def test_the_format_is_safetensors() -> None:
    arrays = safetensors.numpy.load(row_file(KEYS, ROWS.T.copy().T))
    assert set(arrays) == {"keys", "vectors"}
    assert [key.tobytes().hex() for key in arrays["keys"]] == KEYS
    np.testing.assert_array_equal(arrays["vectors"], ROWS)


@pytest.mark.parametrize("length", [0, 5, 60, 300, 320])
def test_a_truncated_file_is_a_value_error(length: int) -> None:
    content = row_file(KEYS, ROWS)
    assert length < len(content)
    with pytest.raises(ValueError):
        opened(content[:length]).rows(set(KEYS))


def test_other_files_are_a_value_error() -> None:
    other = safetensors.numpy.save({"weights": ROWS})
    for content in (other, b"\xff" * 100, b"<html></html>" * 10):
        with pytest.raises(ValueError):
            opened(content)
