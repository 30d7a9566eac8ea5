"""Promises of the maps and contact sheets: each picture in its place and colour."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from embedbench.errors import InputError
from embedbench.report.looks import NOISE, cluster_colour
from embedbench.report.plots.maps import (
    contact_sheet,
    grid_cells,
    map_figure,
    picture_map,
    read_thumbnail,
)
from embedbench.report.plots.style import save
from tests.support.example_results import example_results

RESULTS = example_results()


def titles(figure: Figure) -> list[str]:
    return [axes.get_title("left") for axes in figure.axes]


def legend(axes: Axes) -> Legend:
    found = axes.get_legend()
    assert found is not None
    return found


def picture(axes: Axes) -> Shaped[np.ndarray, "height width 3"]:
    return np.asarray(axes.images[0].get_array())


def points(labels: bool = True) -> pd.DataFrame:
    table = pd.DataFrame({"x": [0.0, 0, 9, 9], "y": [0.0, 1, 8, 9], "cluster": [1, 1, 0, -1]})
    table["thumbnail"] = RESULTS.images["thumbnail"].head(4)
    return table.assign(truth=["b", "b", "a", "a"]) if labels else table


def test_labels_take_the_colour_of_the_cluster_that_holds_them() -> None:
    by_cluster, by_label = map_figure(points(), {}, "title").axes
    colours = {}
    for axes in (by_cluster, by_label):
        for text, handle in zip(legend(axes).get_texts(), legend(axes).legend_handles, strict=True):
            assert isinstance(handle, PathCollection)
            colours[text.get_text()] = mpl.colors.to_hex(np.asarray(handle.get_facecolor())[0])
    assert colours["a"] == colours["cluster 0"]
    assert colours["b"] == colours["cluster 1"]
    assert colours["noise"] == NOISE.lower()


def test_a_map_without_labels_has_one_panel() -> None:
    assert len(map_figure(points(labels=False), {}, "title").axes) == 1


def test_names_that_matplotlib_would_read_as_formulas_are_drawn_as_they_are(tmp_path: Path) -> None:
    table = points().assign(truth=["$x^", "_hidden", "猫", "a\nb"])
    save(map_figure(table, {1: r"$\frac"}, "$title^"), tmp_path / "map.png")
    texts = legend(map_figure(table, {}, "title").axes[1]).get_texts()
    assert {text.get_text().strip() for text in texts} == {"$x^", "_hidden", "猫", "a b"}


@given(arrays(float, (9, 2), elements=st.floats(-1e6, 1e6)))
def test_every_picture_has_a_cell_of_its_own(places: Float[np.ndarray, "9 2"]) -> None:
    cells = grid_cells(places, 4)
    assert len(np.unique(cells, axis=0)) == len(places)
    assert cells.min() >= 0 and cells.max() <= 3


def test_pictures_keep_their_places_on_the_map() -> None:
    places = np.array([[0, 0], [0, 5], [5, 0], [5, 5.0]])
    assert grid_cells(places, 6).tolist() == [[0, 5], [0, 0], [5, 5], [5, 0]]


def test_more_pictures_than_cells_are_refused() -> None:
    with pytest.raises(InputError, match="5 points need more cells than 2 x 2"):
        grid_cells(np.zeros((5, 2)), 2)


def test_pictures_on_the_map_have_frames_in_the_colour_of_their_cluster() -> None:
    canvas = picture(picture_map(points(), "title").axes[0])
    drawn = {tuple(pixel) for pixel in canvas.reshape(-1, 3).tolist()}
    for cluster in (0, 1, -1):
        wanted = np.round(255 * np.array(mpl.colors.to_rgb(cluster_colour(cluster))))
        assert tuple(wanted.astype(int).tolist()) in drawn


def test_a_thumbnail_that_cannot_be_read_is_grey() -> None:
    assert read_thumbnail(b"no picture", 4).getpixel((0, 0)) == (0xB8, 0xB8, 0xB8)
    assert read_thumbnail(None, 4).size == (4, 4)


def test_the_contact_sheet_starts_with_the_medoid() -> None:
    table = points().assign(medoid_distance=[0.7, 0.0, 0.0, np.nan])
    figure = contact_sheet(table, {1: "birds"}, "title")
    assert titles(figure) == [
        "cluster 0 · 1 image",
        "cluster 1: birds · 2 images",
        "noise · 1 image",
    ]
    medoid = read_thumbnail(table["thumbnail"][1], 96)
    assert picture(figure.axes[1])[50, 60].tolist() == np.asarray(medoid)[48, 48].tolist()


def test_of_many_clusters_the_contact_sheet_shows_the_forty_largest_and_says_so() -> None:
    sizes = [2] * 40 + [1] * 5
    clusters = np.repeat(np.arange(45), sizes)
    table = pd.DataFrame({"cluster": clusters, "medoid_distance": 0.0, "thumbnail": None})
    figure = contact_sheet(table, {}, "{0}")
    assert figure.get_suptitle() == "{0} (the 40 largest of 45)"
    assert titles(figure) == [f"cluster {number} · 2 images" for number in range(40)]


def test_of_many_clusters_the_legend_names_thirty_and_counts_the_others() -> None:
    table = pd.DataFrame({"x": 0.0, "y": 0.0, "cluster": range(33)})
    texts = [text.get_text() for text in legend(map_figure(table, {}, "t").axes[0]).get_texts()]
    assert len(texts) == 31 and texts[-1] == "and 3 more"
