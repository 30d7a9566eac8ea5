"""Stability: whether a clusterer finds the same clusters in random subsamples."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int
from scipy.stats import t

from embedbench.clustering.clusterers import Clusterer, max_k
from embedbench.clustering.partitions import noise_as_singletons
from embedbench.metrics.clustering.agreement import LEVEL
from embedbench.metrics.clustering.ami import pairwise_ami

__all__ = ["Stability", "stability"]

_LEAST_FOR_INTERVAL = 3


class Stability(NamedTuple):
    """Mean agreement over pairs of subsamples, with its interval; nan if undefined."""

    value: float
    low: float
    high: float


_UNKNOWN = Stability(float("nan"), float("nan"), float("nan"))


def stability(
    points: Float32[np.ndarray, "images dim"],
    clusterer: Clusterer,
    k: int | None,
    seed: int,
    resamples: int = 10,
    share: float = 0.8,
) -> Stability:
    """Return the mean AMI between partitions of pairs of subsamples, at most 1, higher is better.

    Two partitions are compared on the images in both subsamples, each noise image as its own
    cluster (Ben-Hur, Elisseeff, Guyon 2002; von Luxburg 2010). Stable does not mean correct. nan
    if a subsample has too few distinct images for k, or if no subsample has a cluster.

    Args:
        points: points to cluster, one row per image.
        clusterer: clusterer of each subsample.
        k: number of clusters; None for a clusterer that finds its own.
        seed: seed of the clusterer and of the subsamples, which do not depend on the points.
        resamples: number of subsamples; at least 2.
        share: share of the images in each subsample, drawn without replacement.
    """
    generator = np.random.default_rng(seed)
    size = round(share * len(points))
    samples = [
        np.sort(generator.permutation(len(points))[:size]).astype(np.int64)
        for _ in range(resamples)
    ]
    if k is not None and any(max_k(points[sample]) < k for sample in samples):
        return _UNKNOWN
    labels = np.full((resamples, len(points)), -1)
    any_cluster = False
    for row, sample in zip(labels, samples, strict=True):
        partition = clusterer.run(points[sample], [] if k is None else [k], [seed])
        any_cluster |= bool((partition.labels >= 0).any())
        row[sample] = noise_as_singletons(partition.labels)[0]
    if not any_cluster:
        return _UNKNOWN
    agreements = np.zeros((resamples, resamples))
    for first, second in combinations(range(resamples), 2):
        agreements[first, second] = agreements[second, first] = _agreement(
            labels[first], labels[second]
        )
    return _mean_of_pairs(agreements)


def _mean_of_pairs(agreements: Float64[np.ndarray, "resamples resamples"]) -> Stability:
    """Return the mean, with the jackknife interval over subsamples and Student's t (Tukey 1958)."""
    count = len(agreements)
    value = agreements.sum() / (count * (count - 1))
    if count < _LEAST_FOR_INTERVAL:
        return Stability(float(value), float("nan"), float("nan"))
    without = (agreements.sum() - 2 * agreements.sum(axis=1)) / ((count - 1) * (count - 2))
    error = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
    reach = t.ppf((1 + LEVEL) / 2, count - 1) * error
    return Stability(float(value), float(value - reach), float(min(1.0, value + reach)))


def _agreement(one: Int[np.ndarray, " images"], other: Int[np.ndarray, " images"]) -> float:
    both = (one >= 0) & (other >= 0)
    return float(pairwise_ami(one[None, both], other[None, both])[0, 0])
