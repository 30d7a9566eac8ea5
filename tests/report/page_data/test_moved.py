"""Promises of the moved pictures: a point each, by the numbers of the page's pictures."""

import dataclasses

from embedbench.report.page_data.moved import moved_record
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()
NAMES = RESULTS.images["image"].tolist()


def test_each_point_has_its_pictures_the_furthest_first_and_what_they_keep() -> None:
    record = moved_record(RESULTS, NAMES)
    assert record is not None
    points = {(one["encoder"], one["corruption"], one["severity"]): one for one in record["points"]}
    assert len(points) == 3 * 2 * 3
    point = points[ENCODERS[1], "blur", 3]
    assert point["pictures"] == [1, 2, 3] and point["kept"] == [0, 10, 20]


def test_pictures_that_are_not_on_the_page_are_left_out() -> None:
    record = moved_record(RESULTS, NAMES[1:])
    assert record is not None
    first = record["points"][0]
    assert (first["encoder"], first["severity"], first["pictures"]) == (ENCODERS[0], 3, [0, 1])
    assert moved_record(RESULTS, []) is None
    nothing = dataclasses.replace(RESULTS, moved_images=RESULTS.moved_images.iloc[:0])
    assert moved_record(nothing, NAMES) is None
