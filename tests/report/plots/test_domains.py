"""Promises of the figures of domains."""

import matplotlib.colors as colours_of
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from embedbench.report.looks import NOISE, encoder_colours
from embedbench.report.plots.domains import composition_figure, domains_figure
from tests.support.domain_tables import (
    COLOURS,
    DOMAINS,
    ENCODERS,
    composition_table,
    domain_table,
    value_of,
)


def texts(figure: Figure) -> set[str]:
    found = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    for axes in figure.axes:
        labels = (*axes.get_xticklabels(), *axes.get_yticklabels(), *axes.texts)
        found += [axes.get_title("left"), axes.get_xlabel(), *(one.get_text() for one in labels)]
    return set(found)


def test_each_encoder_and_domain_is_a_dot_at_its_value_and_a_line_over_its_interval() -> None:
    figure = domains_figure(domain_table(), COLOURS, "kmeans")
    assert [axes.get_title("left") for axes in figure.axes] == [
        "AMI, kmeans", "kNN accuracy", "retrieval mAP",
    ]  # fmt: skip
    assert {*ENCODERS, *DOMAINS} <= texts(figure)
    for axes in figure.axes:
        lines = {line.get_label(): line for line in axes.lines}
        for domain in DOMAINS:
            wanted = [value_of(encoder, domain) for encoder in ENCODERS]
            assert np.asarray(lines[domain].get_xdata()) == pytest.approx(wanted)
        ends = sorted(
            float(x) for lines in axes.collections for segment in lines.get_segments()  # type: ignore[attr-defined]
            for x in segment[:, 0]
        )  # fmt: skip
        values = [value_of(encoder, domain) for encoder in ENCODERS for domain in DOMAINS]
        assert ends == pytest.approx(sorted([value + 0.05 for value in values]
                                            + [value - 0.05 for value in values]))  # fmt: skip


def test_domains_differ_in_colour_and_in_marker_and_none_has_the_colour_of_an_encoder() -> None:
    lines = domains_figure(domain_table(), COLOURS, "kmeans").axes[0].lines
    mine = [line for line in lines if line.get_label() in DOMAINS]
    looks = {(colours_of.to_hex(line.get_color()), line.get_marker()) for line in mine}
    assert len(looks) == len({colour for colour, _ in looks}) == 3
    assert len({marker for _, marker in looks}) == 3
    assert not {colour.upper() for colour, _ in looks} & set(COLOURS.values())


def test_without_labels_the_silhouette_is_grey_and_says_that_it_compares_no_encoders() -> None:
    figure = domains_figure(domain_table(truth=False), COLOURS, "kmeans")
    stability, silhouette = figure.axes
    assert stability.get_title("left") == "stability, kmeans"
    assert "within an encoder only" in silhouette.get_xlabel()
    drawn = [line for line in silhouette.lines if line.get_label() in DOMAINS]
    assert {line.get_color() for line in drawn} == {NOISE}


def test_a_domain_that_an_encoder_lacks_leaves_a_gap_and_nothing_at_all_says_so() -> None:
    table = domain_table()
    lacks = table[(table["encoder"] != ENCODERS[1]) | (table["domain"] != DOMAINS[0])]
    axes = domains_figure(lacks, COLOURS, "kmeans").axes[0]
    line = next(line for line in axes.lines if line.get_label() == DOMAINS[0])
    assert np.isnan(np.asarray(line.get_xdata(), dtype=float)).tolist() == [False, True]
    nothing = domains_figure(table.assign(value=np.nan), COLOURS, "kmeans")
    assert "no domain could be measured" in texts(nothing)


@pytest.mark.parametrize("domains", [2, 6, 9])
@pytest.mark.parametrize("encoders", [1, 8])
def test_few_and_many_can_be_drawn(encoders: int, domains: int) -> None:
    one = domain_table()[lambda table: (table["encoder"] == ENCODERS[0])
                         & (table["domain"] == DOMAINS[0])]  # fmt: skip
    table = pd.concat(
        [one.assign(encoder=f"e{a}", domain=f"a rather long domain {b}") for a in range(encoders)
         for b in range(domains)]
    )  # fmt: skip
    figure = domains_figure(table, encoder_colours(table["encoder"]), "kmeans")
    figure.canvas.draw()
    legend = figure.legends[0]
    assert len(legend.get_texts()) == domains
    box = legend.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 + 1


def test_rows_of_a_composition_add_up_and_clusters_of_one_domain_stand_together() -> None:
    axes = composition_figure(composition_table(), "title").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "cluster 2 (3)", "cluster 0 (8)", "cluster 1 (5)", "noise (4)", "all images (20)",
    ]  # fmt: skip
    assert [label.get_text() for label in axes.get_xticklabels()] == ["photo", "sketch & ink"]
    shares = np.asarray(axes.collections[0].get_array()).reshape(5, 2)
    by_hand = [[1, 0], [0.75, 0.25], [0, 1], [0.25, 0.75], [0.5, 0.5]]
    assert shares == pytest.approx(np.array(by_hand))
    shown = [text.get_text() for text in axes.texts]
    assert shown == ["100 %", "", "75 %", "25 %", "", "100 %", "25 %", "75 %", "50 %", "50 %"]


def test_a_composition_of_nothing_says_so() -> None:
    empty = composition_table().iloc[:0]
    assert "no image has a domain" in texts(composition_figure(empty, "title"))
