"""Promises of stability."""

import warnings
from itertools import combinations

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_mutual_info_score

from embedbench.clustering.clusterers import Agglomerative, Hdbscan, KMeans
from embedbench.clustering.partitions import noise_as_singletons
from embedbench.metrics.clustering.stability import stability

RANDOM = np.random.default_rng(0)
BLOBS = make_blobs(120, 5, centers=4, cluster_std=0.3, random_state=0)[0].astype(np.float32)
NOISE = RANDOM.normal(size=(120, 5)).astype(np.float32)


def test_separated_blobs_are_stable() -> None:
    assert stability(BLOBS, KMeans(), 4, 0).value == 1
    assert stability(BLOBS, Agglomerative(), 4, 0).value == 1
    assert stability(BLOBS, Hdbscan(), None, 0).value > 0.98


def test_data_without_clusters_is_unstable() -> None:
    assert stability(NOISE, KMeans(), 4, 0).value < 0.8


def test_the_right_k_is_the_stablest() -> None:
    scores = {k: stability(BLOBS, KMeans(), k, 0).value for k in (2, 4, 6, 9)}
    assert max(scores, key=lambda k: scores[k]) in (2, 4)
    assert scores[4] > max(scores[6], scores[9])


def test_the_same_seed_gives_the_same_number_and_another_seed_another() -> None:
    assert stability(NOISE, KMeans(), 4, 1) == stability(NOISE, KMeans(), 4, 1)
    assert stability(NOISE, KMeans(), 4, 1) != stability(NOISE, KMeans(), 4, 2)


def test_it_is_the_mean_of_scikit_learns_ami_over_pairs_of_subsamples() -> None:
    generator = np.random.default_rng(0)
    samples = [np.sort(generator.permutation(120)[:96]) for _ in range(10)]
    labels = np.full((10, 120), -1)
    for row, sample in zip(labels, samples, strict=True):
        row[sample] = noise_as_singletons(Hdbscan().run(NOISE[sample], [], [0]).labels)[0]
    amis = []
    for one, other in combinations(labels, 2):
        both = (one >= 0) & (other >= 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            amis.append(adjusted_mutual_info_score(one[both], other[both]))
    assert stability(NOISE, Hdbscan(), None, 0).value == pytest.approx(np.mean(amis), abs=1e-8)


def test_all_noise_has_no_stability() -> None:
    few = NOISE[:6]
    assert np.isnan(stability(few, Hdbscan(), None, 0)).all()


def test_it_is_nan_where_a_subsample_has_too_few_different_images() -> None:
    assert np.isnan(stability(NOISE[:10], KMeans(), 8, 0)).all()
    assert np.isnan(stability(np.repeat(NOISE[:3], 20, axis=0), KMeans(), 4, 0)).all()


def test_the_interval_is_the_jackknife_of_the_subsamples() -> None:
    found = stability(NOISE, KMeans(), 4, 1)
    assert found.low < found.value < found.high <= 1
    sure = stability(BLOBS, KMeans(), 4, 0)
    assert sure.low == sure.value == sure.high == 1
    wide, narrow = (stability(NOISE, KMeans(), 4, 1, resamples=count) for count in (4, 16))
    assert narrow.high - narrow.low < wide.high - wide.low
    assert np.isnan(stability(NOISE, KMeans(), 4, 1, resamples=2).low)
