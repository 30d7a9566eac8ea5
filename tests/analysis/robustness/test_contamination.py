"""Promises of mixed-in images: in which clusters they are, from cases by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.analysis.robustness.contamination import contamination_table
from embedbench.clustering.clusterers import parse_clusterer
from embedbench.errors import InputError
from embedbench.results.schema import CONTAMINATION_COLUMNS

CLUSTERERS = [parse_clusterer(name) for name in ("kmeans", "agglomerative", "hdbscan")]
HOW = EvaluationSettings(CLUSTERERS, "raw", (2,), (0, 1, 2))
TRUTH = np.repeat([0, 1], 12)
LABELLED = Targets(TRUTH, "ab", np.arange(24))
SHARES = ["own_cluster", "noise", "scattered"]


def around(*places: tuple[float, float], count: int = 12, seed: int = 0) -> np.ndarray:
    """Return `count` points close around each place."""
    centres = np.repeat(np.array(places), count, axis=0)
    noise = np.random.default_rng(seed).normal(size=centres.shape)
    return (centres + 0.1 * noise).astype(np.float32)


CLEAN = around((0, 0), (10, 0))


def where(mixed: np.ndarray, how: EvaluationSettings = HOW, truth: bool = True) -> pd.DataFrame:
    """Values by clusterer and quantity."""
    table = contamination_table(CLEAN, mixed, LABELLED if truth else LABELLED.unlabelled(), how)
    assert table.columns.tolist() == CONTAMINATION_COLUMNS
    return table.pivot(index="clusterer", columns="quantity", values="value")


def numbers(table: pd.DataFrame, clusterer: str, *names: str) -> list[float]:
    return [float(table[name][clusterer]) for name in names]


def test_a_group_of_its_own_takes_a_cluster_from_the_others() -> None:
    """Two clusters for three groups: the mixed-in ones are far off, so the others are put together.

    HDBSCAN may have a third.
    """
    table = where(around((300, 300), count=8))
    for clusterer in ("kmeans", "agglomerative"):
        assert numbers(table, clusterer, *SHARES) == [1, 0, 0]
        # All in one cluster: it tells nothing of the labels, nor of the clusters there were.
        assert numbers(table, clusterer, "ami_change", "ari_change") == pytest.approx([-1, -1])
        assert table.loc[clusterer, "accuracy_change"] == pytest.approx(-0.5)
        assert table.loc[clusterer, "clean_change"] == pytest.approx(1)
    assert numbers(table, "hdbscan", *SHARES) == [1, 0, 0]
    assert table.loc["hdbscan", "clean_change"] == pytest.approx(0)


def test_what_looks_like_the_others_is_spread_among_them() -> None:
    table = where(around((0, 0), (10, 0), count=4, seed=1))
    assert (table["scattered"] == 1).all() and (table[["own_cluster", "noise"]] == 0).all(axis=None)
    assert table["ami_change"].tolist() == pytest.approx([0, 0, 0], abs=1e-9)
    assert table["clean_change"].tolist() == pytest.approx([0, 0, 0], abs=1e-9)
    assert table.loc["kmeans", "seed_change"] == pytest.approx(0)
    assert table.loc[["agglomerative", "hdbscan"], "seed_change"].isna().all()


def test_a_cluster_is_their_own_from_more_than_half_on() -> None:
    """Twelve images and twelve mixed-in ones in one place: it belongs to the others still."""
    assert where(around((0, 0), count=12, seed=1)).loc["agglomerative", "own_cluster"] == 0
    assert where(around((0, 0), count=13, seed=1)).loc["agglomerative", "own_cluster"] == 1


def test_scattered_images_are_noise_to_hdbscan_alone() -> None:
    scattered = np.array([[-500, 0], [500, 300], [0, 900], [0, -400]], np.float32)
    table = where(scattered)
    assert numbers(table, "hdbscan", *SHARES) == [0, 1, 0]
    assert (table.loc[["kmeans", "agglomerative"], "noise"] == 0).all()


@settings(max_examples=4)
@given(seed=st.integers(0, 999), count=st.integers(1, 9))
def test_shares_sum_to_1_and_lie_in_their_intervals(seed: int, count: int) -> None:
    mixed = 8 * np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)
    table = contamination_table(CLEAN, mixed, LABELLED, HOW)
    shares = table[table["quantity"].isin(SHARES)]
    sums = shares.groupby("clusterer")["value"].sum()
    assert sums.tolist() == pytest.approx([1, 1, 1])
    known = table.dropna(subset=["value"])
    assert (known["low"] <= known["value"] + 1e-9).all()
    assert (known["value"] <= known["high"] + 1e-9).all()
    assert shares["low"].min() >= 0 and shares["high"].max() <= 1


def test_an_interval_says_how_few_were_mixed_in() -> None:
    widths = []
    for count in (4, 40):
        mixed = around((300, 300), count=count)
        table = contamination_table(CLEAN, mixed, LABELLED, HOW).set_index(
            ["clusterer", "quantity"]
        )
        own, noise = (table.loc[[("kmeans", name)]].iloc[0] for name in ("own_cluster", "noise"))
        widths.append(own["high"] - own["low"])
        # K-means calls nothing noise: of that there is no doubt.
        assert (noise["low"], noise["high"]) == (0, 0)
    assert widths[0] > 2 * widths[1] > 0


def test_without_labels_there_are_no_changes_against_them() -> None:
    table = where(around((300, 300), count=8), truth=False)
    assert set(table.columns) == {*SHARES, "clean_change", "seed_change"}


def test_no_argument_is_changed() -> None:
    mixed, truth, groups = around((5, 5), count=3), TRUTH.copy(), np.arange(24) // 2
    before = [part.copy() for part in (CLEAN, mixed, truth, groups)]
    contamination_table(CLEAN, mixed, Targets(truth, "ab", groups), HOW)
    for part, old in zip((CLEAN, mixed, truth, groups), before, strict=True):
        np.testing.assert_array_equal(part, old)


def test_images_too_much_alike_to_be_clustered_are_told() -> None:
    with pytest.raises(InputError):
        contamination_table(
            np.ones((5, 2), np.float32), CLEAN, Targets(None, (), np.arange(5)), HOW
        )
