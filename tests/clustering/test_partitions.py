"""Promises of partitions: cluster numbers, the settings of the runs, noise."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import adjusted_rand_score

from embedbench.clustering.partitions import distinct_rows, make_partitions, noise_as_singletons

LABELS = arrays(np.int64, (2, 7), elements=st.integers(-2, 3))


def test_clusters_are_numbered_by_appearance_and_negative_labels_are_noise() -> None:
    points = np.zeros((5, 2), dtype=np.float32)
    labels = [np.array([7, 7, -3, 2, 7]), np.array([1, 0, 1, 0, -1])]
    partitions = make_partitions("made", points, labels, [(2, 4, 1.5), (None, 9, np.nan)])
    assert partitions.labels.dtype == np.int32
    assert partitions.labels.tolist() == [[0, 0, -1, 1, 0], [0, 1, 0, 1, -1]]


def test_the_runs_hold_the_settings_with_k_and_inertia_missing_where_there_are_none() -> None:
    points = np.zeros((3, 2), dtype=np.float32)
    labels = [np.zeros(3, dtype=int)] * 2
    runs = make_partitions("made", points, labels, [(2, 4, 1.5), (None, 9, np.nan)]).runs
    assert runs["clusterer"].tolist() == ["made", "made"]
    assert runs["k"].dtype == "Int64" and runs["k"].isna().tolist() == [False, True]
    assert runs["seed"].tolist() == [4, 9]
    assert runs["inertia"].isna().tolist() == [False, True] and runs["inertia"][0] == 1.5


def test_no_runs_keep_the_number_of_images() -> None:
    partitions = make_partitions("made", np.zeros((3, 2), dtype=np.float32), [], [])
    assert partitions.labels.shape == (0, 3) and partitions.runs.empty


def test_equal_rows_and_the_two_zeros_count_once_and_counting_stops_where_it_may() -> None:
    points = np.array([[0, 1], [-0.0, 1], [2, 3], [0, 1]] * 200, dtype=np.float32)
    assert distinct_rows(points) == 2 and distinct_rows(points[:0]) == 0
    many = np.arange(1000, dtype=np.float32)[:, None]
    assert distinct_rows(many) == 1000 and distinct_rows(many, 7) == 7
    assert distinct_rows(points, 7) == 2


@given(LABELS)
def test_renumbering_changes_no_partition(labels: np.ndarray) -> None:
    points = np.zeros((7, 1), dtype=np.float32)
    numbered = make_partitions("made", points, list(labels), [(None, 0, 0.0)] * 2).labels
    for before, after in zip(labels, numbered, strict=True):
        assert np.array_equal(before < 0, after < 0)
        inside = before >= 0
        assert adjusted_rand_score(before[inside], after[inside]) == 1 or not inside.any()


def test_noise_images_become_clusters_above_the_others() -> None:
    labels = np.array([[0, -1, 1, -1], [-1, -1, -1, -1], [0, 0, 1, 2]], dtype=np.int32)
    assert noise_as_singletons(labels).tolist() == [[0, 2, 1, 3], [0, 1, 2, 3], [0, 0, 1, 2]]
