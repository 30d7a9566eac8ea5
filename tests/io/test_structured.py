"""Promises of structured files: what was written comes back, and nothing else is built or run."""

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.analysis.inputs import Targets
from embedbench.io.structured import parts_of, read_structured, write_structured
from embedbench.metrics.base import Estimate, mean_estimate

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text() | st.integers(), part),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_values_come_back(value: Any) -> None:
    assert read_structured(write_structured(value), ()) == value


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.int32).reshape(2, 3),
        np.array([[1.5, np.nan, -0.0]], np.float32),
        np.empty((0, 4)),
        np.array(["a", "\N{SNOWMAN}"]),
        np.array([True, False]),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(3.5),
    ],
)
def test_arrays_come_back_with_kind_shape_and_bits(array: np.ndarray) -> None:
    again = read_structured(write_structured({"a": (array, [array])}), ())
    for found in (again["a"][0], again["a"][1][0]):
        assert found.dtype == array.dtype and found.shape == array.shape
        assert found.tobytes() == array.tobytes()


def test_a_number_of_numpy_stays_one() -> None:
    again = read_structured(write_structured((np.float64(0.1), np.int32(3), 0.1, 3)), ())
    assert [type(one) for one in again] == [np.float64, np.int32, float, int]


def test_tables_come_back_with_the_kinds_of_their_columns() -> None:
    table = pd.DataFrame(
        {
            "number": [1, 2, 3],
            "missing": [1.5, np.nan, -np.inf],
            "text": ["x", None, "null"],
            "object": np.array([None, 3, "a"], dtype=object),
            "kind": pd.Categorical(["u", None, "v"], categories=["v", "u", "never"]),
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "flag": pd.array([True, None, False], dtype="boolean"),
        },
        index=[5, 7, 9],
    )
    again = read_structured(write_structured(table), ())
    pd.testing.assert_frame_equal(again, table)
    empty = read_structured(write_structured(table.iloc[:0]), ())
    pd.testing.assert_frame_equal(empty, table.iloc[:0], check_index_type=False)


def test_dataclasses_come_back_where_they_are_expected() -> None:
    estimate = mean_estimate(np.array([[0.5, np.nan, 1.0]]))
    content = write_structured({"ami": estimate})
    again = read_structured(content, [Estimate])["ami"]
    assert isinstance(again, Estimate) and again.mean == estimate.mean
    np.testing.assert_array_equal(again.influence, estimate.influence)
    with pytest.raises(ValueError, match="not a whole file"):
        read_structured(content, [Targets])


@dataclass
class Foreign:
    """Of a package whose code is not known."""

    value: int = 1


@pytest.mark.parametrize("value", [Foreign(), {1, 2}, object(), len, 1j, Foreign])
def test_what_cannot_be_told_apart_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be written"):
        parts_of([value])


def test_equal_values_have_equal_parts_and_others_do_not() -> None:
    def parts(labels: list[int], name: str) -> tuple[Any, list[bytes]]:
        outline, arrays = parts_of(
            (mean_estimate, Targets(np.array(labels), (name,), np.arange(2)))
        )
        return outline, [array.tobytes() for array in arrays]

    assert parts([0, 1], "a") == parts([0, 1], "a")
    assert parts([0, 1], "a") != parts([0, 1], "b")
    assert parts([0, 1], "a") != parts([1, 1], "a")


def test_broken_bytes_are_a_value_error() -> None:
    content = write_structured({"a": np.arange(4), "b": [1, "x"]})
    for end in (0, 1, 10, len(content) // 2, len(content) - 1):
        with pytest.raises(ValueError):
            read_structured(content[:end], ())


def test_a_file_that_says_it_is_huge_is_refused_without_the_memory() -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000,), }"
    header += b" " * (118 - 1 - len(header)) + b"\n"
    lie = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as file:
            file.writestr("outline.npy", lie)
        with pytest.raises(ValueError):
            read_structured(buffer.getvalue(), ())


def test_a_deep_outline_is_a_value_error() -> None:
    text = np.frombuffer((b'{"list": [' * 5000) + b"1" + (b"]}" * 5000), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, outline=text)
    with pytest.raises(ValueError):
        read_structured(buffer.getvalue(), ())


def test_a_file_with_a_pickle_is_refused() -> None:
    buffer = io.BytesIO()
    outline = np.frombuffer(json.dumps({"array": 0}).encode(), np.uint8)
    np.savez(buffer, outline=outline, a0=np.array([{"x": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_structured(buffer.getvalue(), ())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("outline.npy", b"\x80\x04.")
    with pytest.raises(ValueError):
        read_structured(buffer.getvalue(), ())
