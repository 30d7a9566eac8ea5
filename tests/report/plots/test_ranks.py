"""Promises of the charts of ranks and of signals without labels."""

from io import BytesIO

import numpy as np
import pandas as pd
from matplotlib.text import Annotation

from embedbench.report.looks import encoder_colours
from embedbench.report.plots.ranks import pareto_figure, ranks_figure, signals_figure
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()


def test_ranks_are_dots_and_their_intervals_lines() -> None:
    ranks = RESULTS.encoders.dropna(subset=["rank"])
    colours = encoder_colours(ENCODERS)
    axes = ranks_figure(ranks, colours, "title").axes[0]
    drawn = [np.asarray(line.get_xdata()).tolist() for line in axes.lines]
    assert drawn == [[1, 2], [1], [1, 2], [2], [3, 3], [3]]
    assert [line.get_color() for line in axes.lines[1::2]] == list(colours.values())


def test_signals_stand_beside_their_values_by_chance() -> None:
    figure = signals_figure(RESULTS.label_free, ENCODERS, encoder_colours(ENCODERS))
    assert [axes.get_title("left") for axes in figure.axes] == ["cluster retention", "consensus"]
    kept = figure.axes[0]
    dots = [np.asarray(line.get_xdata()) for line in kept.lines[1::2]]
    assert np.allclose(dots, [[0.9], [0.7], [0.5]])
    chance = [np.asarray(marks.get_offsets())[:, 0] for marks in kept.collections]
    assert np.allclose(chance, [[0.011] * 3, [0.022] * 3])


def test_a_sign_that_has_no_number_at_all_is_left_out() -> None:
    less = RESULTS.label_free[RESULTS.label_free["criterion"] != "cluster_retention"]
    figure = signals_figure(less, ENCODERS, encoder_colours(ENCODERS))
    assert [axes.get_title("left") for axes in figure.axes] == ["consensus"]


def test_a_sign_without_a_number_is_said_to_be_missing() -> None:
    mine = (RESULTS.label_free["encoder"] == ENCODERS[1]) & (
        RESULTS.label_free["criterion"] == "cluster_retention"
    )
    less = RESULTS.label_free[~mine]
    axes = signals_figure(less, ENCODERS, encoder_colours(ENCODERS)).axes[0]
    assert [text.get_text() for text in axes.texts] == ["no number"]
    assert axes.texts[0].get_position()[1] == 1


def test_names_of_encoders_of_about_the_same_speed_and_quality_can_be_read() -> None:
    speeds = [2.2, 2.8, 2.9, 5.0, 58.0, 60.0]
    values = [0.96, 0.96, 0.955, 0.7, 0.5, 0.5]
    points = pd.DataFrame({"encoder": list("abcdef"), "speed": speeds, "value": values})
    points["encoder"] = "encoder of a long name " + points["encoder"]
    points = points.assign(low=points["value"] - 0.05, high=points["value"] + 0.05)
    figure = pareto_figure(points, encoder_colours(points["encoder"]), "AMI")
    figure.savefig(BytesIO())  # which lays it out
    names = [one for one in figure.axes[0].texts if isinstance(one, Annotation)]
    boxes = [one.get_window_extent().shrunk(1, 0.7) for one in names]
    assert len(boxes) == 6
    assert [box.count_overlaps(boxes) for box in boxes] == [1] * 6  # each with itself
