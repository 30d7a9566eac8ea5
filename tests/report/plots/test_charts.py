"""Promises of the charts of numbers: elbow, silhouettes, classes, agreement."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from sklearn.metrics import adjusted_rand_score

from embedbench.report.looks import encoder_colours
from embedbench.report.plots.charts import (
    agreement_figure,
    class_table,
    classes_figure,
    elbow_figure,
    silhouette_chart,
    silhouette_figure,
)
from embedbench.report.plots.style import save
from embedbench.results.views import chosen_k, headline_rows
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()


def test_encoders_keep_their_colour_where_others_are_left_out() -> None:
    colours = encoder_colours(RESULTS.encoders["encoder"])
    assert len(set(colours.values())) == 4
    figure = agreement_figure(headline_rows(RESULTS))
    bars = [mpl.colors.to_hex(bar.get_facecolor()).upper() for bar in figure.axes[0].patches]
    assert bars == [colours[name] for name in ENCODERS]


def titles(figure: Figure) -> list[str]:
    return [axes.get_title("left") for axes in figure.axes]


def elbow(encoder: str) -> pd.DataFrame:
    return RESULTS.elbow[RESULTS.elbow["encoder"] == encoder]


def test_the_elbow_says_which_k_was_chosen_and_where_none_is_clear() -> None:
    table = elbow(ENCODERS[1])
    assert [chosen_k(table, name) for name in ("elbow", "silhouette", "gap")] == [4, None, 4]
    assert titles(elbow_figure(table, "a", "red")) == [
        "elbow: k = 4",
        "silhouette: no clear k",
        "gap: k = 4",
    ]
    assert titles(elbow_figure(table[table["k"] <= 4], "a", "red"))[2] == "gap: k = 4 or more"


def test_the_elbow_says_nothing_of_a_k_that_was_not_asked_for() -> None:
    table = elbow(ENCODERS[0])[["k", "inertia", "silhouette"]].assign(gap=np.nan, chosen="")
    figure = elbow_figure(table, "a", "red")
    assert titles(figure) == ["", "", ""]
    assert [axes.get_ylabel() for axes in figure.axes] == ["inertia", "silhouette", "gap"]


def test_silhouettes_show_every_image_and_the_mean() -> None:
    table = pd.DataFrame({"cluster": [0, 0, 1, 1, -1], "silhouette": [0.5, 0.1, 0.3, -0.1, np.nan]})
    axes = silhouette_figure(table, "title").axes[0]
    bars = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
    assert np.concatenate([bar.get_data()[0] for bar in bars]).tolist() == [0.5, 0.1, 0.3, -0.1]
    assert np.asarray(axes.lines[0].get_xdata())[0] == pytest.approx(0.2)
    assert "1 without one" in axes.get_xlabel()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0 (2)", "1 (2)"]


def test_one_cluster_has_no_silhouette_to_draw() -> None:
    table = pd.DataFrame({"cluster": [0, 0], "silhouette": [np.nan, np.nan]})
    assert "two clusters" in silhouette_figure(table, "title").axes[0].texts[0].get_text()


def test_classes_stand_on_the_diagonal_and_noise_last() -> None:
    clusters = pd.Series([1, 1, 1, 0, 0, 2, -1, 0])
    truth = pd.Series(["a", "a", "b", "b", "b", "c", "a", None])
    table = class_table(clusters, truth)
    assert list(table.columns) == ["b", "a", "c"]
    assert list(table.index) == [0, 1, 2, -1]
    assert table.to_numpy().tolist() == [[2, 0, 0], [1, 2, 0], [0, 0, 1], [0, 1, 0]]


@given(st.lists(st.tuples(st.integers(-1, 4), st.sampled_from("abc")), min_size=1))
def test_the_class_table_counts_every_image_once(pairs: list[tuple[int, str]]) -> None:
    clusters, truth = (pd.Series(values) for values in zip(*pairs, strict=True))
    table = class_table(clusters, truth)
    assert table.to_numpy().sum() == len(pairs)
    assert sorted(table.index) == sorted(set(clusters))


@given(st.permutations(range(4)))
def test_a_perfect_grouping_is_all_diagonal_whatever_its_numbers(order: list[int]) -> None:
    truth = pd.Series(np.repeat(list("abcd"), 3))
    clusters = pd.Series(np.repeat(order, 3))
    assert adjusted_rand_score(truth, clusters) == 1
    assert class_table(clusters, truth).to_numpy().tolist() == (3 * np.eye(4)).tolist()


def test_whiskers_run_from_low_to_high() -> None:
    rows = headline_rows(RESULTS)
    lines = [np.asarray(line.get_xdata()) for line in agreement_figure(rows).axes[0].lines][1:]
    mine = rows[rows["clusterer"] == "kmeans"]
    assert np.allclose(np.stack(lines), mine[["ami_low", "ami_high"]])


def test_silhouettes_of_encoders_never_share_a_panel() -> None:
    figure = silhouette_chart(headline_rows(example_results(truth=False)))
    assert len(figure.axes) == len(ENCODERS)
    assert "not comparable" in figure.get_suptitle()


def test_a_missing_number_is_said_to_be_missing() -> None:
    rows = headline_rows(RESULTS).assign(ami=np.nan)
    texts = [text.get_text() for text in agreement_figure(rows).axes[0].texts]
    assert texts == [" no number"] * 3


def test_labels_that_matplotlib_would_read_as_formulas_are_drawn_as_they_are(
    tmp_path: Path,
) -> None:
    clusters, truth = pd.Series([0, 0, 1, -1]), pd.Series(["$x^", "_hidden", "猫", "%s"])
    figure = classes_figure(clusters, truth, "$title")
    names = {label.get_text() for label in figure.axes[0].get_xticklabels()}
    assert names == {"$x^", "_hidden", "猫", "%s"}
    save(figure, tmp_path / "classes.png")


def test_without_any_label_the_figure_of_classes_says_so() -> None:
    figure = classes_figure(pd.Series([0, 1]), pd.Series([None, None], dtype=object), "title")
    assert [text.get_text() for text in figure.axes[0].texts] == ["no image has a label"]
