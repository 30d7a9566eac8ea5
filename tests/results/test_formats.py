"""Promises of tables as text: numbers read well, and foreign texts stay texts."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from embedbench.results.formats import as_markdown, as_plain_text

Form = Callable[[pd.DataFrame], str]
FORMS = (as_plain_text, as_markdown)


def test_a_table_in_markdown_is_as_written_by_hand() -> None:
    table = pd.DataFrame({"name": ["a|b", "{0} %s"], "k": [20, 3], "AMI": [0.12345, np.nan]})
    assert as_markdown(table).splitlines() == [
        "| name   |   k |   AMI |",
        "|:-------|----:|------:|",
        r"| a\|b   |  20 | 0.123 |",
        "| {0} %s |   3 |       |",
    ]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("value", "text"), [(2.0, "2"), (1.0, "1.000"), (-0.0001, "0.000"), (0.9996, "1.000")]
)
def test_numbers_read_alike_in_every_form(form: Form, value: float, text: str) -> None:
    last = form(pd.DataFrame({"x": [value]})).replace("|", " ").split()
    assert text in last


@pytest.mark.parametrize("form", [as_plain_text, as_markdown])
def test_names_that_look_like_numbers_stay_as_they_are(form: Form) -> None:
    table = pd.DataFrame({"name": ["007", "1e5", "nan"], "x": [1.5, 2.5, 3.5]})
    words = form(table).replace("|", " ").split()
    assert {"007", "1e5", "nan"} <= set(words)


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_table_has_its_headings_alone(form: Form) -> None:
    text = form(pd.DataFrame({"encoder": pd.Series(dtype=str), "AMI": pd.Series(dtype=float)}))
    assert re.findall(r"encoder|AMI|nan", text) == ["encoder", "AMI"]


@pytest.mark.parametrize("form", FORMS)
def test_the_table_itself_is_not_changed(form: Form) -> None:
    table = pd.DataFrame({"name": ["<b>|*"], "x": [0.5]})
    form(table)
    pd.testing.assert_frame_equal(table, pd.DataFrame({"name": ["<b>|*"], "x": [0.5]}))
