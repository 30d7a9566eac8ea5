"""Promises of the table of shortcuts and of the warnings."""

import dataclasses

import numpy as np
import pytest

from embedbench.report.shortcuts import shortcut_table, shortcut_warnings
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()


def test_shortcuts_are_told_with_what_chance_gives() -> None:
    attributes, rows = shortcut_table(RESULTS)
    assert attributes == ["brightness", "folder"]
    assert [(cell.text, cell.chance) for cell in rows[2].cells] == [
        ("0.01", "0.02"),
        ("0.95", "0.02"),
    ]


@pytest.mark.parametrize("truth", [True, False])
def test_only_the_encoder_that_groups_by_what_should_not_matter_is_warned_of(truth: bool) -> None:
    (found,) = shortcut_warnings(example_results(truth))
    assert (found.encoder, found.by_folder) == (ENCODERS[2], True)
    rival = "than by the labels" if truth else "than as the other encoders do (0.20)"
    assert rival in found.sentence


def test_the_names_in_a_warning_are_escaped() -> None:
    bad = {"encoder": {ENCODERS[2]: "<b>&"}}
    renamed = dataclasses.replace(
        RESULTS,
        shortcuts=RESULTS.shortcuts.replace(bad),
        comparison=RESULTS.comparison.replace(bad),
        encoders=RESULTS.encoders.replace(bad),
    )
    (found,) = shortcut_warnings(renamed)
    assert found.sentence.startswith("<strong>&lt;b&gt;&amp;</strong> groups by folder")


def test_without_shortcuts_there_is_no_table_and_no_warning() -> None:
    nothing = dataclasses.replace(RESULTS, shortcuts=RESULTS.shortcuts.iloc[:0])
    assert shortcut_table(nothing) == ([], [])
    assert shortcut_warnings(nothing) == []


def test_an_attribute_that_an_encoder_lacks_is_a_dash() -> None:
    rows = RESULTS.shortcuts
    lacks = rows[(rows["encoder"] != ENCODERS[1]) | (rows["attribute"] != "folder")]
    _, found = shortcut_table(dataclasses.replace(RESULTS, shortcuts=lacks))
    assert [row.cells[1].text for row in found] == ["0.01", "–", "0.95"]


def test_what_chance_gives_is_left_out_where_it_is_not_known() -> None:
    unknown = dataclasses.replace(RESULTS, shortcuts=RESULTS.shortcuts.assign(null=np.nan))
    assert {cell.chance for row in shortcut_table(unknown)[1] for cell in row.cells} == {""}
