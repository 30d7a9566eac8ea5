"""Promises of the null references: the moments of the points, and no clusters."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import normalize

from embedbench.clustering.null_reference import null_references

POINTS = make_blobs(300, 6, centers=3, cluster_std=0.5, random_state=0)[0].astype(np.float32)


def test_a_reference_has_the_mean_and_covariance_of_the_points() -> None:
    for reference in null_references(POINTS, 0, 3):
        assert reference.dtype == np.float32 and reference.shape == POINTS.shape
        assert reference.mean(axis=0) == pytest.approx(POINTS.mean(axis=0), abs=1e-3)
        assert np.cov(reference.T) == pytest.approx(np.cov(POINTS.T), abs=2e-3)


def test_a_reference_has_no_clusters() -> None:
    (reference,) = null_references(POINTS, 0, 1)
    scores = [
        silhouette_score(data, KMeans(3, n_init=3, random_state=0).fit_predict(data))
        for data in (POINTS, reference)
    ]
    assert scores[0] > 0.7 and scores[1] < 0.5


def test_references_of_unit_length_points_have_unit_length() -> None:
    for reference in null_references(normalize(POINTS), 0, 2):
        assert np.linalg.norm(reference, axis=1) == pytest.approx(np.ones(300), abs=1e-5)


def test_each_data_set_is_the_same_whatever_their_number_and_differs_by_seed() -> None:
    one, *_ = null_references(POINTS, 0, 4)
    (alone,) = null_references(POINTS, 0, 1)
    first, second = null_references(POINTS, 1, 2)
    assert np.array_equal(one, alone)
    assert not np.array_equal(one, first) and not np.array_equal(first, second)


def test_constant_columns_stay_constant() -> None:
    points = np.concatenate([POINTS, np.full((300, 1), 2.0, dtype=np.float32)], axis=1)
    (reference,) = null_references(points, 0, 1)
    assert reference[:, -1] == pytest.approx(np.full(300, 2.0), abs=1e-4)
