"""Promises of the cells of a heat map: darker is more, nan stays empty, texts as they are."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedbench.report.plots.heatmap import draw_cells


def drawn(values: Any, texts: Any = None, **options: Any) -> Axes:
    axes = Figure().subplots()
    draw_cells(
        axes, pd.DataFrame(values), None if texts is None else pd.DataFrame(texts), **options
    )
    return axes


def brightness(axes: Axes) -> Float[np.ndarray, " cells"]:
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    colours: np.ndarray = np.asarray(axes.collections[0].get_facecolor())
    return np.asarray(colours[:, :3].mean(axis=1), dtype=float)


def test_a_higher_number_is_darker() -> None:
    shades = brightness(drawn([[0.0, 0.2, 0.5, 1.0]]))
    assert (np.diff(shades) < 0).all()
    assert shades[0] > 0.95


@pytest.mark.parametrize(("high", "is_darkest"), [(None, True), (0.5, True), (5.0, False)])
def test_the_darkest_number_is_the_highest_or_the_one_given(
    high: float | None, is_darkest: bool
) -> None:
    darkest = brightness(drawn([[0.0, 1.0]]))[1]
    found = brightness(drawn([[0.1, 0.5]], high=high))[1]
    assert bool(found == pytest.approx(darkest)) == is_darkest


def test_a_cell_without_a_number_stays_empty() -> None:
    axes = drawn([[0.5, np.nan], [np.nan, 1.0]], [["one", "two"], ["three", "four"]])
    shown: Any = np.ma.masked_invalid(np.ma.asarray(axes.collections[0].get_array()))
    assert np.ma.getmaskarray(shown).ravel().tolist() == [False, True, True, False]
    assert [text.get_text() for text in axes.texts] == ["one", "four"]


def test_texts_that_look_like_formats_stand_as_they_are() -> None:
    axes = drawn([[1, 2, 3]], [["{0}", "%s", "<b>"]])
    assert [text.get_text() for text in axes.texts] == ["{0}", "%s", "<b>"]


def test_a_bar_tells_the_shades_where_it_is_asked_for() -> None:
    assert len(drawn([[1, 2]]).figure.axes) == 1
    assert len(drawn([[1, 2]], bar=True).figure.axes) == 2
