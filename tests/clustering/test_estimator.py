"""Promises of the adapter for scikit-learn's clusterers."""

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering, SpectralClustering
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from embedbench.clustering.estimator import Estimator
from embedbench.errors import InputError

POINTS, TRUTH = make_blobs(90, 10, centers=3, cluster_std=0.5, random_state=0)
POINTS = POINTS.astype(np.float32)


@dataclass
class Halves:
    """Has neither `n_clusters` nor `random_state`, nor scikit-learn's base class."""

    def fit_predict(self, points: np.ndarray) -> np.ndarray:
        return np.where(np.arange(len(points)) < len(points) // 2, -5, 9)


@dataclass
class Wrong:
    """Returns one label, whatever the images."""

    def fit_predict(self, points: np.ndarray) -> np.ndarray:
        return np.zeros(1, dtype=int)


def test_an_estimator_runs_for_each_k_and_seed_that_it_takes() -> None:
    spectral = SpectralClustering()
    found = Estimator(spectral, "spectral").run(POINTS, [2, 3], [0, 1])
    assert found.runs[["k", "seed"]].values.tolist() == [[2, 0], [2, 1], [3, 0], [3, 1]]
    assert adjusted_rand_score(TRUTH, found.labels[2]) == 1
    assert spectral.n_clusters == 8 and not hasattr(spectral, "labels_")

    ward = Estimator(AgglomerativeClustering(), "ward").run(POINTS, [2, 3], [4, 1])
    assert ward.runs[["k", "seed"]].values.tolist() == [[2, 4], [3, 4]]


def test_an_estimator_without_k_and_seed_runs_once_and_negative_is_noise() -> None:
    found = Estimator(Halves(), "halves").run(POINTS, [2, 3], [4, 1])
    assert found.runs["k"].isna().tolist() == [True]
    assert found.labels.tolist() == [[-1] * 45 + [0] * 45]


def test_an_estimator_without_a_label_for_each_image_is_refused() -> None:
    with pytest.raises(InputError, match="'wrong' returned int64 labels of shape .1,.; .* 90 im"):
        Estimator(Wrong(), "wrong").run(POINTS, [2], [0])


def test_a_k_out_of_range_is_an_error() -> None:
    with pytest.raises(InputError, match="`k` must be between 2 and 89 for 90 images; not 90"):
        Estimator(AgglomerativeClustering(), "ward").run(POINTS, [90], [0])
