"""Promises of robustness: by hand, against scikit-learn, and nothing where nothing changed."""

from dataclasses import replace

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.analysis.robustness.corruption_effects import (
    CleanBaseline,
    CorruptionEffect,
    clean_baseline,
    corruption_effect,
    noisy_projection,
)
from embedbench.clustering.clusterers import parse_clusterer
from embedbench.data.images.corruptions import Corruption
from embedbench.results.schema import ROBUSTNESS_COLUMNS

NOISE = Corruption("noise", 3)
HOW = EvaluationSettings([parse_clusterer("kmeans")], "l2", (3,), (0, 1))
BOTH = replace(HOW, clusterers=[*HOW.clusterers, parse_clusterer("agglomerative")])
TRUTH = np.repeat(np.arange(3), 10)
ALL = np.arange(30)


def blobs(seed: int = 0, spread: float = 0.1) -> np.ndarray:
    """Thirty vectors, ten around each of three directions."""
    random = np.random.default_rng(seed)
    points = np.eye(3, 8)[TRUTH] + spread * random.normal(size=(30, 8))
    return points.astype(np.float32)


def clean_of(
    vectors: np.ndarray, groups: np.ndarray = ALL, how: EvaluationSettings = HOW
) -> CleanBaseline:
    return clean_baseline(vectors, Targets(TRUTH, "abc", groups), how)


def numbers(held: CorruptionEffect, column: str = "value") -> dict[tuple[str, str], float]:
    keys = zip(held.table["clusterer"], held.table["metric"], strict=True)
    return dict(zip(keys, held.table[column], strict=True))


def share_kept(clean: np.ndarray, other: np.ndarray, neighbours: int = 10) -> float:
    """By scikit-learn: the neighbours of each row, the image itself left out."""
    finder = NearestNeighbors(n_neighbors=neighbours + 1).fit(clean)
    kept = []
    for row in range(len(clean)):
        sets = []
        for point in (clean[row], other[row]):
            found = finder.kneighbors(point[None], return_distance=False)[0]
            sets.append(set([one for one in found if one != row][:neighbours]))
        kept.append(len(sets[0] & sets[1]) / neighbours)
    return float(np.mean(kept))


def test_what_changes_nothing_costs_nothing() -> None:
    vectors = blobs(spread=0.6)
    held = corruption_effect(clean_of(vectors), NOISE, vectors, HOW)
    assert held.table.columns.tolist() == ROBUSTNESS_COLUMNS
    assert (held.table["corruption"] == "noise").all() and (held.table["severity"] == 3).all()
    np.testing.assert_allclose(held.table["change"].dropna(), 0, atol=1e-12)
    known = held.table.dropna(subset=["change_low"])
    assert (known["change_low"] <= 1e-12).all() and (known["change_high"] >= -1e-12).all()
    assert (
        numbers(held)["", "neighbour_retention"] == 1 and numbers(held)["", "cluster_changes"] == 0
    )


def test_every_metric_of_each_clusterer_and_of_the_vectors_has_a_row() -> None:
    held = corruption_effect(clean_of(blobs(), how=BOTH), NOISE, blobs(1), BOTH)
    keys = set(numbers(held))
    for clusterer in ("kmeans", "agglomerative"):
        assert {
            (clusterer, name) for name in ("ami", "ari", "nmi", "stability", "coverage")
        } <= keys
    assert {("", name) for name in ("knn_accuracy", "hubness", "linear_probe")} <= keys
    assert len(held.table) == len(keys)
    unsure = held.table.set_index(["clusterer", "metric"])["change_low"].isna()
    assert not unsure["kmeans", "ami"] and not unsure["", "knn_accuracy"]
    assert unsure["kmeans", "nmi"] and unsure["", "hubness"]


def test_the_change_is_the_corrupted_number_less_the_clean_one() -> None:
    """Images that trade places with others keep the clusters, but not their labels."""
    order = np.random.default_rng(2).permutation(30)
    held = corruption_effect(clean_of(blobs(), how=BOTH), NOISE, blobs()[order], BOTH)
    expected = adjusted_mutual_info_score(TRUTH[order], TRUTH)
    for clusterer in ("kmeans", "agglomerative"):
        clean, value, change, low, high = (
            numbers(held, column)[clusterer, "ami"] for column in ROBUSTNESS_COLUMNS[4:]
        )
        assert clean == pytest.approx(1) and value == pytest.approx(expected)
        assert change == pytest.approx(expected - 1)
        assert low < change < high < 0


@pytest.mark.parametrize("seed", [0, 10])
def test_neighbour_retention_are_those_of_scikit_learn(seed: int) -> None:
    vectors, other = blobs(seed, 0.5), blobs(seed + 1, 0.5)
    held = corruption_effect(clean_of(vectors), NOISE, other, HOW)
    row = held.table.set_index("metric").loc["neighbour_retention"]
    assert row["value"] == pytest.approx(share_kept(normalize(vectors), normalize(other)))
    assert row["clean"] == 1 and row["change"] == pytest.approx(row["value"] - 1)
    assert row["change_low"] <= row["change"] <= row["change_high"] <= 0


def test_copies_of_an_image_are_none_of_its_neighbours() -> None:
    """The second half repeats the first; were copies neighbours, half would be kept at least."""
    vectors = np.concatenate([blobs(spread=1)[:15]] * 2)
    random = np.random.default_rng(0).normal(size=(15, 8)).astype(np.float32)
    held = corruption_effect(
        clean_of(vectors, np.tile(np.arange(15), 2)), NOISE, np.concatenate([random] * 2), HOW
    )
    unit, other = normalize(vectors[:15]), normalize(random)
    # Of 28 others in pairs the ten nearest are the five nearest of 14.
    assert numbers(held)["", "neighbour_retention"] == pytest.approx(share_kept(unit, other, 5))


def test_cluster_changes_is_where_kmeans_puts_the_corrupted_image() -> None:
    vectors, other = blobs(0, 0.3), blobs(7, 0.9)
    held = corruption_effect(clean_of(vectors), NOISE, other, HOW)
    kmeans = KMeans(3, n_init=10, random_state=0).fit(normalize(vectors))
    expected = (kmeans.predict(normalize(other)) != kmeans.labels_).mean()
    assert 0 < expected < 1
    row = held.table.set_index("metric").loc["cluster_changes"]
    assert row["value"] == pytest.approx(expected) and row["clean"] == 0
    assert row["change_low"] < row["change"] == row["value"] < row["change_high"]


def test_images_that_could_not_be_corrupted_are_left_out_on_both_sides() -> None:
    vectors, other = blobs(0, 0.4), blobs(1, 0.4)
    other[[3, 14]] = np.nan
    made = np.isfinite(other).all(axis=1)
    held = corruption_effect(clean_of(vectors), NOISE, other, HOW)
    fewer = clean_baseline(vectors[made], Targets(TRUTH[made], "abc", np.arange(28)), HOW)
    expected = corruption_effect(fewer, NOISE, other[made], HOW)
    for column in ("clean", "value", "change"):
        found, wanted = (
            {key: value for key, value in numbers(one, column).items() if key[0]}
            for one in (held, expected)
        )
        assert found == pytest.approx(wanted, nan_ok=True)
    kept, ami = held.after["", "neighbour_retention"], held.after["kmeans", "ami"]
    assert kept.n_images == ami.n_images == held.before["kmeans", "ami"].n_images == 28
    assert ami.influence.shape[1] == 30 and not ami.influence[:, [3, 14]].any()


def test_what_is_all_alike_has_no_metrics_and_keeps_few_neighbours() -> None:
    """All see the same ten images: a third of the others on average."""
    held = corruption_effect(clean_of(blobs()), NOISE, np.ones((30, 8), np.float32), HOW)
    metrics = held.table[~held.table["metric"].isin(["neighbour_retention", "cluster_changes"])]
    assert metrics["value"].isna().all() and metrics["change_low"].isna().all()
    assert metrics.set_index(["clusterer", "metric"])["clean"]["kmeans", "ami"] == pytest.approx(1)
    assert 0.2 < numbers(held)["", "neighbour_retention"] < 0.5
    assert numbers(held)["", "cluster_changes"] == pytest.approx(2 / 3)


def test_where_no_image_could_be_corrupted_there_is_nan() -> None:
    held = corruption_effect(clean_of(blobs()), NOISE, np.full((30, 8), np.nan, np.float32), HOW)
    assert held.table["value"].isna().all() and held.table["change_high"].isna().all()


def test_without_labels_there_are_no_numbers_about_them() -> None:
    clean = clean_baseline(blobs(), Targets(None, (), ALL), HOW)
    held = corruption_effect(clean, NOISE, blobs(1), HOW)
    assert not {"ami", "knn_accuracy"} & set(held.table["metric"])
    assert {"silhouette", "neighbour_retention", "cluster_changes"} <= set(held.table["metric"])
    assert set(held.after) == {("", "neighbour_retention"), ("", "cluster_changes")}


@pytest.mark.parametrize("images", [1, 2, 30])
def test_clean_images_that_cannot_be_clustered_have_no_metrics(images: int) -> None:
    vectors, groups = np.ones((images, 8), np.float32), np.arange(images)
    clean = clean_baseline(vectors, Targets(TRUTH[:images], "abc", groups), HOW)
    held = corruption_effect(clean, NOISE, blobs()[:images], HOW)
    assert held.table["metric"].tolist() == ["neighbour_retention", "cluster_changes"]
    assert not held.before and np.isnan(numbers(held)["", "cluster_changes"])


def test_on_a_plane_distance_counts() -> None:
    """Where directions counted, points on a ray from the origin would be neighbours."""
    random = np.random.default_rng(0)
    plane = (random.normal(size=(30, 2)) * 5 + [40, 0]).astype(np.float32)
    how = replace(HOW, space="raw")
    clean = clean_baseline(plane, Targets(TRUTH, "abc", ALL), how, is_projection=True)
    noisy = noisy_projection(plane, 5, 0)
    held = corruption_effect(clean, Corruption("plane-noise", 5), noisy, how)
    assert numbers(held)["", "neighbour_retention"] == pytest.approx(share_kept(plane, noisy))
    kmeans = KMeans(3, n_init=10, random_state=0).fit(plane)
    expected = (kmeans.predict(noisy) != kmeans.labels_).mean()
    assert numbers(held)["", "cluster_changes"] == pytest.approx(expected, abs=0.07)
    assert {metric for clusterer, metric in numbers(held) if not clusterer} == {
        "neighbour_retention",
        "cluster_changes",
    }
    still = corruption_effect(clean, Corruption("plane-noise", 1), plane, how)
    assert numbers(still)["", "neighbour_retention"] == 1


def test_no_argument_is_changed_and_all_travels_to_a_worker() -> None:
    vectors, other = blobs(), blobs(1)
    clean = clean_of(vectors)
    before = [part.copy() for part in (vectors, other, clean.centres)]
    held = corruption_effect(clean, NOISE, other, HOW)
    for part, old in zip((vectors, other, clean.centres), before, strict=True):
        np.testing.assert_array_equal(part, old)
    elsewhere = cloudpickle.loads(cloudpickle.dumps(clean))
    again = cloudpickle.loads(cloudpickle.dumps(corruption_effect(elsewhere, NOISE, other, HOW)))
    pd.testing.assert_frame_equal(again.table, held.table)
