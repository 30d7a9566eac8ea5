"""Promises of packed records: they read back as they were, and end no script."""

import base64
import json

import numpy as np
import pytest

from embedbench.report.page_data.packing import as_script_data, packed


def test_numbers_read_back_as_they_were() -> None:
    for values in (
        np.array([0, 1, 65535], np.uint16),
        np.array([[-2, 3], [4, 5]], np.int16)[:, ::-1],
        np.array([0.5, np.nan, -1], np.float32),
    ):
        record = packed(values)
        again = np.frombuffer(base64.b64decode(record["data"]), record["type"])
        np.testing.assert_array_equal(again, values.ravel())


def test_an_array_that_browsers_are_not_told_of_is_refused() -> None:
    with pytest.raises(TypeError, match="not int64"):
        packed(np.array([1], np.int64))


@pytest.mark.parametrize(
    "name", ["</script><script>", "<!--", "a&b", "\u2028\u2029", "\u202egpj", "\ud800", "\x00"]
)
def test_a_name_stays_text_inside_a_script_element(name: str) -> None:
    text = as_script_data({name: [name]})
    assert text.isascii() and not set("<>&\x00") & set(text)
    assert json.loads(text) == {name: [name]}


def test_a_number_that_json_lacks_is_refused() -> None:
    with pytest.raises(ValueError):
        as_script_data({"value": float("nan")})
