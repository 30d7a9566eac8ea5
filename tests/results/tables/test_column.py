"""Promises of columns: what they say of themselves."""

import pytest

from embedbench.results.tables.column import Column, content, integer, number, text, yes_no


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (text("A name."), "text"),
        (text("A name.", nullable=True), "text, or empty"),
        (integer("A rank.", 1, nullable=True), "integer, at least 1, or empty"),
        (number("A share.", 0, 1), "number, 0 to 1"),
        (number("A change.", high=1), "number, at most 1"),
        (number("A size.", 0, unit="MB"), "number (MB), at least 0"),
        (yes_no("Whether."), "yes/no"),
        (content("A picture."), "bytes"),
    ],
)
def test_a_column_says_kind_unit_range_and_whether_it_may_be_empty(
    column: Column, words: str
) -> None:
    assert str(column) == words
