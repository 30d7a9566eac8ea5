"""Promises of the chart of how alike encoders are."""

from itertools import permutations

import numpy as np
import pandas as pd

from embedbench.report.plots.similarity import similarity_figure
from tests.support.example_results import example_results

RESULTS = example_results()


def alike(encoders: int) -> pd.DataFrame:
    names = [f"encoder {number}" for number in range(encoders)]
    rows = [(one, two, 0.25, 0.5, -0.001) for one, two in permutations(names, 2)]
    return pd.DataFrame(rows, columns=list(RESULTS.similarity.columns))


def test_up_to_twelve_encoders_have_numbers_in_the_cells_and_none_with_themselves() -> None:
    figure = similarity_figure(alike(3))
    texts = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert texts == [["0.25"] * 6, ["0.50"] * 6, ["0.00"] * 6]
    assert len(similarity_figure(alike(12)).axes[0].texts) == 132
    assert not similarity_figure(alike(13)).axes[0].texts


def test_rows_are_named_and_numbered_and_columns_bear_the_numbers() -> None:
    table = alike(3).replace({"encoder 1": "%s <b>{0}</b>"})
    first, *others = similarity_figure(table).axes
    names = [label.get_text() for label in first.get_yticklabels()]
    assert names == ["encoder 0  1", "%s <b>{0}</b>  2", "encoder 2  3"]
    for axes in (first, *others):
        assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "3"]


def test_the_cell_of_two_encoders_stands_in_the_row_of_the_first_and_the_column_of_the_second() -> (
    None
):
    table = alike(3)
    table.loc[(table["encoder"] == "encoder 2") & (table["other"] == "encoder 0"), "cka"] = 0.75
    last = similarity_figure(table).axes[2]
    (place,) = [text.get_position() for text in last.texts if text.get_text() == "0.75"]
    assert place == (0.5, 2.5)


def test_a_similarity_that_is_not_known_leaves_its_cell_empty() -> None:
    assert not similarity_figure(alike(2).assign(cka=np.nan)).axes[2].texts


def test_forty_encoders_have_a_row_each_inside_the_figure() -> None:
    figure = similarity_figure(alike(40))
    figure.draw_without_rendering()
    labels = figure.axes[0].get_yticklabels()
    assert len(labels) == 40
    assert all(label.get_window_extent().x0 >= 0 for label in labels)
    assert all(axes.get_window_extent().height > 100 for axes in figure.axes)
