"""Promises of the metrics with truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics

from embedbench.metrics.clustering.external import external

RANDOM = np.random.default_rng(0)
TRUTH = RANDOM.integers(0, 4, 60)
LABELS = RANDOM.integers(0, 6, (5, 60))
SCIKIT = {
    "ami": metrics.adjusted_mutual_info_score,
    "ari": metrics.adjusted_rand_score,
    "nmi": metrics.normalized_mutual_info_score,
    "v_measure": metrics.v_measure_score,
    "homogeneity": metrics.homogeneity_score,
    "completeness": metrics.completeness_score,
    "fowlkes_mallows": metrics.fowlkes_mallows_score,
}
small = arrays(np.int64, 12, elements=st.integers(0, 3))


@pytest.mark.parametrize("name", SCIKIT)
def test_a_score_is_that_of_scikit_learn(name: str) -> None:
    expected = [SCIKIT[name](TRUTH, row) for row in LABELS]
    assert external(LABELS, TRUTH)[name].tolist() == expected


def test_accuracy_and_purity_of_a_case_by_hand() -> None:
    # Clusters hold the labels {0, 0, 1}, {0, 0}, {1}: both large ones are mostly 0.
    truth = np.array([0, 0, 1, 0, 0, 1])
    labels = np.array([[0, 0, 0, 1, 1, 2]])
    scores = external(labels, truth).iloc[0]
    # Label 0 takes either large cluster and 1 the single image: 3 of 6 right.
    assert scores["accuracy"] == pytest.approx(3 / 6)
    assert scores["purity"] == pytest.approx(5 / 6)


@given(small, small, st.permutations(range(4)), st.permutations(range(4)))
def test_renaming_clusters_or_labels_changes_no_score(
    labels: np.ndarray, truth: np.ndarray, names: list[int], classes: list[int]
) -> None:
    before = external(labels[None], truth)
    after = external(np.array(names)[labels][None], np.array(classes)[truth])
    assert np.allclose(before, after, equal_nan=True)


@given(small)
def test_the_truth_itself_scores_one_everywhere(truth: np.ndarray) -> None:
    scores = external(truth[None], truth)
    assert np.allclose(scores, 1) or len(np.unique(truth)) == 1


@given(small, small)
def test_accuracy_is_at_most_purity_and_nmi_is_v_measure(
    labels: np.ndarray, truth: np.ndarray
) -> None:
    scores = external(labels[None], truth).iloc[0]
    assert np.isnan(scores["purity"]) or scores["accuracy"] <= scores["purity"] + 1e-12
    assert np.isclose(scores["nmi"], scores["v_measure"], equal_nan=True)


def test_noise_and_images_without_a_label_are_left_out() -> None:
    labels, truth = LABELS[:2].copy(), TRUTH.copy()
    labels[0, :10] = -1
    truth[50:] = -1
    found = external(labels, truth)
    assert found.iloc[[0]].equals(external(LABELS[:1, 10:50], TRUTH[10:50]))
    assert found["ami"][1] == external(LABELS[1:2, :50], TRUTH[:50])["ami"][0]


@pytest.mark.parametrize(
    ("labels", "truth"),
    [([0, 1, 1], [2, 2, 2]), ([-1, -1, -1], [0, 1, 2]), ([0, 1, 1], [-1, -1, 0])],
    ids=["one class", "all noise", "one label known"],
)
def test_scores_are_nan_where_there_is_nothing_to_agree_with(
    labels: list[int], truth: list[int]
) -> None:
    assert external(np.array([labels]), np.array(truth)).isna().all(axis=None)


def test_many_clusters_bring_no_warning() -> None:
    scores = external(np.arange(60)[None], TRUTH).iloc[0]
    assert scores["homogeneity"] == pytest.approx(1)
    assert scores["ami"] == pytest.approx(0, abs=1e-9)


def test_no_runs_give_no_rows() -> None:
    none = external(np.zeros((0, 60), dtype=int), TRUTH)
    assert len(none) == 0 and list(none) == list(external(LABELS, TRUTH))
