"""Promises of what the page holds for its script: every picture, and the same each time."""

import dataclasses
import json

from embedbench.report.page_data.sections import live_part
from tests.support.example_results import example_results

RESULTS = example_results()
NAMES = list(RESULTS.images["image"])


def test_pictures_of_the_maps_stand_first_then_the_others_that_are_shown() -> None:
    places = RESULTS.projections[RESULTS.projections["image"] != NAMES[0]]
    part = live_part(dataclasses.replace(RESULTS, projections=places), {NAMES[0], NAMES[5]}, [])
    assert part.mapped == 39
    assert json.loads(part.data["pictures"])["names"] == [*NAMES[1:], NAMES[0]]
    assert set(part.sheets.tiles) == set(NAMES)


def test_a_run_without_projections_has_no_maps() -> None:
    part = live_part(dataclasses.replace(RESULTS, projections=RESULTS.projections.iloc[:0]), (), [])
    assert list(part.data) == ["pictures"] and part.mapped == 0


def test_the_same_results_give_the_same_part() -> None:
    assert live_part(RESULTS, set(NAMES), []) == live_part(example_results(), set(NAMES), [])
