"""Promises of the maps side by side: the same pictures and colours on each."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.offsetbox import AnnotationBbox

from embedbench.report.looks import encoder_colours
from embedbench.report.plots.aligned import aligned_figure, highlights, variance_figure
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()


def test_a_picture_that_is_followed_lies_on_every_map(tmp_path: Path) -> None:
    """Its frame has the same colour in each panel, and stands where the map has it."""
    maps = RESULTS.projections[RESULTS.projections["projection"] == "pca"]
    images = RESULTS.images.set_index("image")
    followed = {name: images["thumbnail"][name] for name in images.index[[0, 15]]}
    figure = aligned_figure(maps, dict.fromkeys(images.index, 0), followed, "maps")
    panels = figure.axes[: len(ENCODERS)]
    frames = [[box for box in axes.artists if isinstance(box, AnnotationBbox)] for axes in panels]
    assert [len(boxes) for boxes in frames] == [2, 2, 2]
    colours = [[box.patch.get_edgecolor() for box in boxes] for boxes in frames]
    assert colours[0] == colours[1] == colours[2]
    for axes, boxes in zip(panels, frames, strict=True):
        dots = np.asarray(axes.collections[0].get_offsets())
        assert [tuple(box.xy) for box in boxes] == [tuple(dots[0]), tuple(dots[15])]
        assert axes.get_xlim() == axes.get_ylim()


def test_pictures_to_follow_are_the_medoids_of_the_largest_clusters() -> None:
    members = pd.DataFrame(
        {"image": list("abcdef"), "cluster": [0, 0, 1, 1, 1, -1],
         "medoid_distance": [0.5, 0.0, 0.2, 0.0, 0.1, np.nan]}
    )  # fmt: skip
    assert highlights(members) == ["b", "d"]


def test_an_image_keeps_its_place_where_another_encoder_only_turned_the_map() -> None:
    """A map turned by a right angle and mirrored is drawn as the first one."""
    random = np.random.default_rng(0)
    first = pd.DataFrame(random.normal(size=(9, 2)), columns=["x", "y"])
    first = first.assign(image=list("abcdefghi"), encoder="{0}")
    turned = first.assign(x=-first["y"], y=-first["x"], encoder="%s")
    places = pd.concat([first, turned.iloc[::-1]])
    one, two = aligned_figure(places, {}, {}, "maps").axes
    assert [axes.get_title("left") for axes in (one, two)] == ["{0}", "%s"]
    dots = [np.asarray(axes.collections[0].get_offsets()) for axes in (one, two)]
    np.testing.assert_allclose(dots[0], dots[1], atol=1e-9)


def test_forty_encoders_have_a_panel_each_and_no_panel_is_left_empty() -> None:
    places = pd.DataFrame({"image": list("abc"), "x": [0.0, 1, 2], "y": [0.0, 2, 1]})
    names = [f"encoder {number}" for number in range(40)]
    many = pd.concat([places.assign(encoder=name) for name in names])
    figure = aligned_figure(many, {"a": 0}, {}, "maps")
    assert [axes.get_title("left") for axes in figure.axes if axes.axison] == names


def test_a_line_of_each_encoder_leads_to_all_of_its_variance() -> None:
    figure = variance_figure(RESULTS.variance, encoder_colours(ENCODERS))
    lines = figure.axes[0].lines[: len(ENCODERS)]
    for line, colour in zip(lines, encoder_colours(ENCODERS).values(), strict=True):
        assert line.get_color() == colour
        np.testing.assert_allclose(np.asarray(line.get_ydata(), float), [0.5, 0.8, 1.0])


def test_the_names_of_forty_encoders_beside_their_variance_can_be_read() -> None:
    names = [f"encoder {number}" for number in range(40)]
    rows = RESULTS.variance.head(3)
    table = pd.concat([rows.assign(encoder=name) for name in names])
    figure = variance_figure(table, encoder_colours(names))
    figure.draw_without_rendering()
    legend = figure.axes[0].get_legend()
    assert legend is not None
    box = legend.get_window_extent()
    assert box.y0 >= 0 and box.y1 <= figure.bbox.y1
