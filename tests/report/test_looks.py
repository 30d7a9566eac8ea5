"""Promises of the looks: colours that are told apart, names and order of clusters."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from embedbench.report.looks import (
    COLOURS,
    NOISE,
    cluster_colour,
    cluster_marker,
    cluster_name,
    encoder_colours,
    in_order,
)

# What the eyes of deuteranopes and protanopes make of linear RGB: Machado et al. 2009.
EYES = {
    "normal": np.eye(3),
    "deuteranope": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "protanope": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
}


@pytest.mark.parametrize("eyes", EYES)
def test_colours_are_told_apart_by_all_eyes(eyes: str) -> None:
    rgb = np.array([mpl.colors.to_rgb(colour) for colour in (*COLOURS, NOISE)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.asarray(EYES[eyes]).T, 0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055))
    distances = deltaE_ciede2000(lab[:, None], lab[None, :])  # type: ignore[no-untyped-call]
    # Two is what an eye just sees side by side.
    assert distances[np.triu_indices(len(lab), 1)].min() > 9


def test_noise_is_grey_and_a_repeated_colour_has_another_marker() -> None:
    assert cluster_colour(-1) == NOISE
    assert cluster_colour(3) == cluster_colour(3 + len(COLOURS))
    assert cluster_marker(3) != cluster_marker(3 + len(COLOURS))


def test_noise_comes_last_and_clusters_in_the_order_of_their_numbers() -> None:
    assert in_order(pd.Series([10, -1, 2, 10, 0])) == [0, 2, 10, -1]
    assert in_order(pd.Series([], dtype=int)) == []


@pytest.mark.parametrize(
    ("cluster", "name", "text"),
    [(0, "", "cluster 0"), (-1, "", "noise"), (3, "{0} %s <b>", "cluster 3: {0} %s <b>")],
)
def test_a_cluster_is_called_by_its_number_and_name(cluster: int, name: str, text: str) -> None:
    assert cluster_name(cluster, name) == text


def test_forty_encoders_have_a_colour_each_and_neighbours_differ() -> None:
    colours = encoder_colours([f"encoder {number}" for number in range(40)])
    assert len(colours) == 40
    shown = list(colours.values())
    assert all(one != other for one, other in pairwise(shown))
    assert set(shown) == set(COLOURS)
