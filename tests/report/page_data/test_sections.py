"""Promises of what the page holds for its script: every picture, and the same each time."""

import dataclasses
import json

from embedbench.report.page_data.sections import live_part
from tests.support.example_results import example_results

RESULTS = example_results()
NAMES = list(RESULTS.images["image"])


def test_pictures_of_the_maps_stand_first_then_those_of_clusters_and_the_others() -> None:
    places = RESULTS.projections[RESULTS.projections["image"] != NAMES[0]]
    members = RESULTS.silhouettes[RESULTS.silhouettes["image"] != NAMES[1]]
    places = places[places["image"] != NAMES[1]]
    results = dataclasses.replace(RESULTS, projections=places, silhouettes=members)
    part = live_part(results, {NAMES[1], NAMES[5]}, [])
    assert (part.mapped, part.clustered) == (38, 39)
    assert json.loads(part.data["pictures"])["names"] == [*NAMES[2:], NAMES[0], NAMES[1]]
    assert set(part.sheets.tiles) == set(NAMES)


def test_a_run_without_projections_has_no_maps_but_all_pictures_in_their_clusters() -> None:
    part = live_part(dataclasses.replace(RESULTS, projections=RESULTS.projections.iloc[:0]), (), [])
    assert list(part.data) == ["pictures", "neighbours", "clusters", "moved"]
    assert (part.mapped, part.clustered) == (0, 40)
    assert json.loads(part.data["pictures"])["names"] == NAMES


def test_a_run_without_clusters_has_no_browser_of_them() -> None:
    part = live_part(dataclasses.replace(RESULTS, silhouettes=RESULTS.silhouettes.iloc[:0]), (), [])
    assert list(part.data) == ["pictures", "maps", "neighbours", "moved"]
    assert part.clustered == 0


def test_the_same_results_give_the_same_part() -> None:
    assert live_part(RESULTS, set(NAMES), []) == live_part(example_results(), set(NAMES), [])
