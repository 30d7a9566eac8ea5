"""Promises of the neighbours' record: nearest first, empty where a neighbour is not on the page."""

import base64
import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from embedbench.report.page_data.neighbours import SHOWN, neighbours_record
from embedbench.report.page_data.pictures import NOTHING
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()
NAMES = list(RESULTS.images["image"])


def nearest(record: dict[str, str]) -> np.ndarray:
    numbers = np.frombuffer(base64.b64decode(record["data"]), record["type"])
    return numbers.reshape(-1, SHOWN)


def with_neighbours(*rows: tuple[str, int, int, str]) -> Any:
    table = pd.DataFrame(rows, columns=["image", "rank", "of", "neighbour"]).drop(columns="of")
    table = table.assign(encoder=ENCODERS[1], similarity=0.5)
    return neighbours_record(dataclasses.replace(RESULTS, nearest=table), NAMES)


def test_neighbours_stand_in_the_order_of_their_ranks() -> None:
    record = with_neighbours((NAMES[3], 2, 0, NAMES[7]), (NAMES[3], 1, 0, NAMES[9]))
    assert record is not None
    [one] = record["lists"]
    assert one["encoder"] == ENCODERS[1]
    found = nearest(one["nearest"])
    assert found.shape == (len(NAMES), SHOWN)
    assert found[3].tolist() == [9, 7] + [NOTHING] * (SHOWN - 2)
    assert (np.delete(found, 3, axis=0) == NOTHING).all()


def test_a_neighbour_that_is_not_on_the_page_leaves_its_place_empty() -> None:
    record = with_neighbours(
        (NAMES[0], 1, 0, "gone.jpg"), (NAMES[0], 2, 0, NAMES[5]), ("gone.jpg", 1, 0, NAMES[5]),
        (NAMES[0], 99, 0, NAMES[6]),
    )  # fmt: skip
    assert record is not None
    [one] = record["lists"]
    assert nearest(one["nearest"])[0, :2].tolist() == [NOTHING, 5]


def test_every_encoder_of_the_run_has_its_list_by_rank() -> None:
    record = neighbours_record(RESULTS, NAMES)
    assert record is not None
    assert [one["encoder"] for one in record["lists"]] == list(ENCODERS)
    own = np.arange(len(NAMES))[:, None]
    assert all((nearest(one["nearest"]) != own).all() for one in record["lists"])


def test_a_run_folder_without_the_table_has_no_record() -> None:
    bare = dataclasses.replace(RESULTS, nearest=RESULTS.nearest.iloc[:0])
    assert neighbours_record(bare, NAMES) is None
    assert with_neighbours(("gone.jpg", 1, 0, NAMES[5])) is None
