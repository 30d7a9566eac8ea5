"""Promises of fitting: lost columns and values of another kind are told, all else is left alone."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench.results.tables.column import content, integer, number, text, yes_no
from embedbench.results.tables.fitting import misfit
from embedbench.results.tables.table import Table

TABLE = Table(
    "One row for each image.",
    {
        "image": text("The image."),
        "rank": integer("Its rank.", 1, nullable=True),
        "score": number("Its score."),
        "tied": yes_no("Whether it is tied."),
        "thumbnail": content("A picture."),
        "domain": text("Its domain."),
    },
    conditional=frozenset({"domain"}),
    is_open=True,
    others=number("A metric."),
)
FRAME = pd.DataFrame(
    {"image": ["a", "b"], "rank": [1, 2], "score": [0.5, 1.0], "tied": [True, False],
     "thumbnail": [b"1", b"2"]}
)  # fmt: skip


def test_a_table_without_rows_or_without_what_is_conditional_fits() -> None:
    assert misfit(TABLE, FRAME) is None
    assert misfit(TABLE, pd.DataFrame(columns=list(TABLE.columns))) is None


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("image", pd.Categorical(["a", "b"])),
        ("image", pd.Series(["a", "b"], dtype="string")),
        ("rank", [1.0, np.nan]),
        ("rank", pd.array([1, None], dtype="Int64")),
        ("score", [1, 2]),
        ("score", [np.nan, np.inf]),
        ("tied", pd.array([True, None], dtype="boolean")),
        ("tied", pd.Series([True, np.nan], dtype=object)),
        ("domain", pd.Categorical(["x", None])),
        ("ami", [0.5, np.nan]),
    ],
)
def test_the_same_kind_may_be_stored_in_several_ways(column: str, values: Any) -> None:
    assert misfit(TABLE, FRAME.assign(**{column: values})) is None


@pytest.mark.parametrize(
    ("column", "values", "reason"),
    [
        ("image", [1, 2], "`image` must hold texts; not 1"),
        ("image", pd.Categorical([1, 2]), "`image` must hold texts; not 1"),
        ("rank", [1.0, 1.5], "`rank` must hold whole numbers; not 1.5"),
        ("rank", ["first", "2"], "`rank` must hold whole numbers; not 'first'"),
        ("rank", [True, False], "`rank` must hold whole numbers; not True"),
        ("score", ["0.5", "x" * 99], "`score` must hold numbers; not '0.5'"),
        ("tied", [0, 1], "`tied` must hold True or False; not 0"),
        ("tied", ["yes", "no"], "`tied` must hold True or False; not 'yes'"),
        ("thumbnail", ["1", "2"], "`thumbnail` must hold bytes; not '1'"),
        ("ami", ["good", "bad"], "`ami` must hold numbers; not 'good'"),
    ],
)
def test_another_kind_is_told_with_a_value(column: str, values: Any, reason: str) -> None:
    assert misfit(TABLE, FRAME.assign(**{column: values})) == reason


def test_of_a_long_value_the_start_is_told() -> None:
    reason = misfit(TABLE, FRAME.assign(score=["x" * 99, "y"]))
    assert reason is not None and reason.endswith("x...") and len(reason) < 90


def test_a_lost_column_is_told() -> None:
    assert misfit(TABLE, FRAME.drop(columns="rank")) == "it has no column `rank`"
