"""Promises of HDBSCAN with shared distances: exactly the labels of the library."""

import numpy as np
import pytest
from hdbscan import HDBSCAN
from sklearn.datasets import load_digits, make_blobs

from embedbench.clustering.clusterers import Hdbscan, run_clusterers
from embedbench.clustering.density import DensityTrees

RANDOM = np.random.default_rng(0)
BLOBS = make_blobs(300, 100, centers=6, cluster_std=6, random_state=0)[0]
SETS = {
    "blobs": BLOBS,
    "sphere": BLOBS / np.linalg.norm(BLOBS, axis=1, keepdims=True),
    "no clusters": RANDOM.normal(size=(200, 80)),
    "copies": np.repeat(BLOBS[:100], RANDOM.integers(1, 9, 100), axis=0),
    "whole numbers": load_digits().data[:400],
    "few dimensions": make_blobs(300, 10, centers=6, cluster_std=3, random_state=0)[0],
    "few images": RANDOM.normal(size=(4, 80)),
}
WAYS = [(5, 0), (15, 0), (5, 3), (12, 3)]


@pytest.mark.parametrize("points", SETS.values(), ids=SETS)
def test_labels_are_those_of_hdbscan_itself(points: np.ndarray) -> None:
    points = points.astype(np.float32)
    trees = DensityTrees(points)
    for min_cluster_size, min_samples in WAYS:
        peer = HDBSCAN(min_cluster_size, min_samples or None, core_dist_n_jobs=1)
        expected = peer.fit_predict(points.astype(np.float64))
        assert np.array_equal(trees.labels(min_cluster_size, min_samples), expected)


def test_a_tree_is_made_once_for_each_min_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    computed, by_prim = [], DensityTrees._by_prim

    def counted(trees: DensityTrees, min_samples: int) -> np.ndarray:
        computed.append(min_samples)
        return by_prim(trees, min_samples)

    monkeypatch.setattr(DensityTrees, "_by_prim", counted)
    points = BLOBS.astype(np.float32)
    clusterers = [Hdbscan(5, 4), Hdbscan(9, 4), Hdbscan(12, 7), Hdbscan(9, 7)]
    found = run_clusterers(points, clusterers, [], [0])
    assert computed == [4, 7]
    alone = [clusterer.run(points, [], [0]).labels[0] for clusterer in clusterers]
    assert np.array_equal(found.labels, alone)
