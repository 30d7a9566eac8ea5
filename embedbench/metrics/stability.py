"""Stability: whether a clusterer finds the same clusters when part of the images is left out."""

import warnings
from itertools import combinations

import numpy as np
from jaxtyping import Float32, Int
from sklearn.metrics import adjusted_mutual_info_score

from embedbench.cluster import Clusterer, highest_k
from embedbench.metrics.evaluation import noise_as_singletons

__all__ = ["stability"]


def stability(
    points: Float32[np.ndarray, "images dim"],
    clusterer: Clusterer,
    k: int | None,
    seed: int,
    resamples: int = 10,
    share: float = 0.8,
) -> float:
    """Return the mean AMI between partitions of pairs of subsamples, at most 1, higher is better.

    Two partitions are compared on the images that are in both, each noise image as a cluster of
    its own (Ben-Hur, Elisseeff, Guyon 2002; von Luxburg 2010). Stable does not mean right. nan
    where a subsample holds too few different images for k, or where none has a cluster.

    Args:
        points: the space that is clustered.
        clusterer: what clusters each subsample.
        k: the number of clusters; None for a clusterer that finds its own.
        seed: of the subsamples, which are the same whatever the points, and of the clusterer.
        resamples: how many subsamples; at least 2.
        share: the share of the images in each, drawn without replacement.
    """
    generator = np.random.default_rng(seed)
    size = round(share * len(points))
    samples = [
        np.sort(generator.permutation(len(points))[:size]).astype(np.int64)
        for _ in range(resamples)
    ]
    if k is not None and any(highest_k(points[sample]) < k for sample in samples):
        return float("nan")
    labels = np.full((resamples, len(points)), -1)
    found = False
    for row, sample in zip(labels, samples, strict=True):
        partition = clusterer.run(points[sample], [] if k is None else [k], [seed])
        found |= bool((partition.labels >= 0).any())
        row[sample] = noise_as_singletons(partition.labels)[0]
    if not found:
        return float("nan")
    return float(np.mean([_agreement(one, other) for one, other in combinations(labels, 2)]))


def _agreement(one: Int[np.ndarray, " images"], other: Int[np.ndarray, " images"]) -> float:
    both = (one >= 0) & (other >= 0)
    with warnings.catch_warnings():
        # scikit-learn wonders whether many different labels are meant to be measurements.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        return float(adjusted_mutual_info_score(one[both], other[both]))
