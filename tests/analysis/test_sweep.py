"""Promises of a sweep: every run is there, and its numbers are those of scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans as SklearnKMeans
from sklearn.metrics import adjusted_mutual_info_score, silhouette_score
from sklearn.preprocessing import normalize

from embedbench.analysis.inputs import EvaluationSettings
from embedbench.analysis.sweep import (
    KCandidate,
    Sweep,
    choose_k,
    comparison_rows,
    inertia_curve,
    kmeans_assignments_at,
    sweep_encoder,
)
from embedbench.clustering.clusterers import parse_clusterer
from embedbench.clustering.limits import SampleLimit
from embedbench.metrics.bootstrap import PairedBootstrap

LABELS = np.arange(60) % 4
RANDOM = np.random.default_rng(0)
VECTORS = (3 * np.eye(4, 8)[LABELS] + RANDOM.normal(size=(60, 8))).astype(np.float32)
BOTH = [parse_clusterer(name) for name in ("kmeans", "hdbscan,min_cluster_size=3")]
SETTINGS = EvaluationSettings(BOTH, "l2", (2, 3, 4), (0, 5))


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    return sweep_encoder(VECTORS, LABELS, SETTINGS)


def test_each_clusterer_is_run_with_every_k_and_seed_that_it_takes(sweep: Sweep) -> None:
    runs = sweep.runs
    kmeans = runs[runs["clusterer"] == "kmeans"]
    assert sorted(zip(kmeans["k"], kmeans["seed"], strict=True)) == [
        (k, seed) for k in (2, 3, 4) for seed in (0, 5)
    ]
    assert runs["k"].isna().sum() == 1 and len(runs) == len(sweep.assignments) == 7
    assert [len(set(row.tolist())) for row in sweep.assignments[kmeans.index]] == kmeans[
        "k"
    ].tolist()


def test_the_numbers_of_a_run_are_those_of_scikit_learn(sweep: Sweep) -> None:
    for row in np.flatnonzero(sweep.runs["clusterer"] == "kmeans"):
        run, assignments = sweep.runs.loc[row], sweep.assignments[row]
        assert run["ami"] == pytest.approx(adjusted_mutual_info_score(LABELS, assignments))
        expected = silhouette_score(normalize(VECTORS), assignments)
        assert run["silhouette"] == pytest.approx(expected, abs=1e-5)
        assert run["silhouette_l2"] == run["silhouette"]
        assert sweep.silhouettes[row].mean() == pytest.approx(expected, abs=1e-5)


def test_in_another_space_the_silhouette_among_the_vectors_is_kept_too() -> None:
    settings = EvaluationSettings(BOTH[:1], "pca:2", (3,), (0,))
    sweep = sweep_encoder(VECTORS, None, settings)
    run, assignments = sweep.runs.iloc[0], sweep.assignments[0]
    assert sweep.points.shape == (60, 2) and "ami" not in sweep.runs
    among_vectors = silhouette_score(normalize(VECTORS), assignments)
    assert run["silhouette_l2"] == pytest.approx(among_vectors, abs=1e-5)
    assert run["silhouette"] == pytest.approx(silhouette_score(sweep.points, assignments), abs=1e-5)


def test_ks_are_chosen_by_the_runs_of_the_sweep_or_by_some_made_for_it(sweep: Sweep) -> None:
    """Four clouds: the silhouette of k = 4 is the highest."""
    assert sweep.choice is None
    for one in (sweep, sweep_encoder(VECTORS, None, EvaluationSettings(BOTH[1:], "l2", (), (5,)))):
        choice = choose_k(one, (2, 3, 4), (0, 5))
        assert choice.curve["k"].tolist() == [2, 3, 4]
        assert choice.curve["silhouette"].argmax() + 2 == 4


def test_the_curve_of_the_inertia_starts_with_that_of_one_cluster(sweep: Sweep) -> None:
    curve = inertia_curve(sweep, (2, 3, 4), (0, 5))
    fits = [
        [
            SklearnKMeans(k, n_init=10, random_state=seed).fit(sweep.points).inertia_
            for seed in (0, 5)
        ]
        for k in (1, 2, 3, 4)
    ]
    assert curve == pytest.approx(np.log(np.mean(fits, axis=1)), abs=1e-3)


def test_known_rows_are_taken_as_they_are(sweep: Sweep) -> None:
    resamples = PairedBootstrap(np.arange(60), 0)
    rest = (LABELS, SETTINGS)
    first, _ = comparison_rows(sweep, *rest, [KCandidate("truth", 4)], resamples)
    candidates = [KCandidate("truth", 4), KCandidate("elbow", 3), KCandidate("gap", None)]
    whole, _ = comparison_rows(sweep, *rest, candidates, resamples)
    again, _ = comparison_rows(sweep, *rest, candidates, resamples, first)
    pd.testing.assert_frame_equal(again, whole, check_exact=True)
    marked = first.assign(ami=0.123)
    taken, _ = comparison_rows(sweep, *rest, candidates, resamples, marked)
    assert taken["ami"].tolist()[:1] == [0.123] and taken["ami"][1] == whole["ami"][1]


def test_a_row_is_the_mean_over_the_seeds_with_its_interval(sweep: Sweep) -> None:
    candidates = [KCandidate("truth", 4), KCandidate("elbow", None), KCandidate("gap", 4)]
    resamples = PairedBootstrap(np.arange(60), 0)
    rows, scores = comparison_rows(sweep, LABELS, SETTINGS, candidates, resamples)
    assert rows["k_from"].tolist() == ["truth", "elbow", "gap", "own"]
    first, unclear, same, own = rows.to_dict("records")
    amis = [
        adjusted_mutual_info_score(LABELS, assignments)
        for assignments in kmeans_assignments_at(sweep, [4], (0, 5))[0]
    ]
    assert first["ami"] == pytest.approx(np.mean(amis)) == scores["kmeans"]["ami"].mean
    assert first["ami_low"] <= first["ami"] <= first["ami_high"]
    assert np.isnan(unclear["ami"]) and np.isnan(unclear["k"])
    assert {**first, "k_from": ""} == {**same, "k_from": ""}
    assert own["clusterer"].startswith("hdbscan") and np.isfinite(own["ami"])
    assert set(scores) == {clusterer.name for clusterer in BOTH}


def test_without_resamples_only_stability_has_an_interval(sweep: Sweep) -> None:
    rows, scores = comparison_rows(sweep, None, SETTINGS, [KCandidate("given", 3)], None)
    assert "silhouette_low" not in rows and rows["stability_low"].notna().any()
    assert list(scores["kmeans"]) == ["silhouette"]


def test_partitions_at_some_ks_are_those_of_the_sweep_or_made_where_it_has_none(
    sweep: Sweep,
) -> None:
    taken = kmeans_assignments_at(sweep, [2, 4], [5])
    assert taken.shape == (2, 1, 60)
    for assignments, k in zip(taken[:, 0], (2, 4), strict=True):
        runs = sweep.runs
        row = runs[(runs["clusterer"] == "kmeans") & (runs["k"] == k) & (runs["seed"] == 5)]
        assert np.array_equal(assignments, sweep.assignments[row.index[0]])
    alone = sweep_encoder(VECTORS, None, EvaluationSettings(BOTH[1:], "l2", (2, 4), (5,)))
    made = kmeans_assignments_at(alone, [2, 4], [5])
    for one, other in zip(made[:, 0], taken[:, 0], strict=True):
        assert adjusted_mutual_info_score(one, other) == pytest.approx(1)


def test_of_many_images_the_others_have_no_silhouette() -> None:
    settings = EvaluationSettings(BOTH[:1], "l2", (4,), (0,), SampleLimit(20))
    sweep = sweep_encoder(VECTORS, LABELS, settings)
    assert sweep.sample is not None and len(sweep.sample) == 20
    known = np.flatnonzero(~np.isnan(sweep.silhouettes[0]))
    assert np.array_equal(known, sweep.sample)
