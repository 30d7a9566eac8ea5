"""One encoder looked at alone: what its vectors find, with labels and without, and by chance."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int
from sklearn.preprocessing import normalize

from embedbench.analysis.measurement import evaluate_vectors
from embedbench.clustering.clusterers import KMeans
from embedbench.clustering.limits import DEFAULT_LIMIT, SampleLimit
from embedbench.clustering.subsample import kmeans_from_sample, sample_points
from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.clustering.stability import stability
from embedbench.metrics.embedding.consistency import cluster_retention, consistency
from embedbench.metrics.embedding.neighbours import NEIGHBOURS, Neighbourhood

__all__ = ["AugmentedViews", "EncoderScores", "score_encoder"]


@dataclass(frozen=True, eq=False)
class AugmentedViews:
    """Lightly changed copies of some of the images.

    Attributes:
        vectors: of each change's copies; rows of nan where there is none.
        rows: the images that they were made from.
    """

    vectors: Float32[np.ndarray, "changes sampled dim"]
    rows: Int[np.ndarray, " sampled"]


@dataclass(frozen=True, eq=False)
class EncoderScores:
    """What was found.

    Attributes:
        scores: those that are means over images, by the names of `embedbench.metrics.METRICS`.
        numbers: the others.
        shuffled: what the criteria without labels are where each column is dealt anew among the
            images: the columns keep their values, the images lose theirs.
        random: what they are for random directions of the same dimension.
        neighbours: of each image.
        shuffled_labels: partitions of the shuffled vectors, one at each of those ks.
    """

    scores: dict[str, Estimate]
    numbers: dict[str, float]
    shuffled: dict[str, float]
    random: dict[str, float]
    neighbours: Neighbourhood
    shuffled_labels: Int[np.ndarray, "ks images"]


def score_encoder(
    vectors: Vectors,
    copies: AugmentedViews | None,
    truth: Int[np.ndarray, " images"] | None,
    groups: Int[np.ndarray, " images"],
    labels: Int[np.ndarray, "ks seeds images"],
    shared: int,
    seed: int,
    limits: SampleLimit = DEFAULT_LIMIT,
) -> EncoderScores:
    """Return an encoder's criteria.

    Args:
        vectors: what the encoder made of the images.
        copies: what it made of changed ones; None where it cannot.
        truth: codes of the labels, -1 where not known; None without labels.
        groups: images of the same number are copies of one another.
        labels: its K-means partitions at several ks.
        shared: the k at which encoders are compared.
        seed: of the folds, the shuffling and the random vectors, and of the sample of many.
        limits: up to how many images everything is looked at.
    """
    sample = limits.sample(len(vectors), seed)
    found, scores, numbers = evaluate_vectors(vectors, truth, groups, seed, limits)
    scores |= _of_copies(vectors, copies, groups, labels)
    ks = [len(np.unique(rows[0])) for rows in labels]
    generator = np.random.default_rng(seed)
    nulls, null_labels = [], []
    for make in (_shuffled, _random):
        blank = make(vectors, generator)
        blanks = copies and _blank(copies, make, generator)
        distinct = len(np.unique(blank, axis=0))
        points = _unit(blank)
        pairs = [(min(k, distinct), seed) for k in ks]
        fits = kmeans_from_sample(points, pairs, sample)
        null_labels.append(np.array([fit.labels for fit in fits], dtype=np.int32))
        _, _, others = evaluate_vectors(blank, None, groups, seed, limits)
        means = _of_copies(blank, blanks, groups, null_labels[-1][:, None])
        some = sample_points(points, sample)
        others["stability"] = stability(some, KMeans(), shared, seed).value
        nulls.append({name: score.mean for name, score in means.items()} | others)
    return EncoderScores(scores, numbers, nulls[0], nulls[1], found, null_labels[0])


def _of_copies(
    vectors: Vectors,
    copies: AugmentedViews | None,
    groups: Int[np.ndarray, " images"],
    labels: Int[np.ndarray, "ks seeds images"],
) -> dict[str, Estimate]:
    if copies is None:
        return {}
    kept = consistency(vectors, copies.vectors, copies.rows, groups, NEIGHBOURS)
    return {
        "augmentation_recall": _score_of_sample(kept.found, copies.rows, len(vectors)),
        "neighbour_retention": _score_of_sample(kept.kept, copies.rows, len(vectors)),
        "cluster_retention": cluster_retention(vectors, labels, copies.vectors, copies.rows),
    }


def _score_of_sample(
    values: Float64[np.ndarray, "changes sampled"], rows: Int[np.ndarray, " sampled"], images: int
) -> Estimate:
    """Return the mean over the sampled images of each one's mean over the changes."""
    there = ~np.isnan(values)
    means = np.full(images, np.nan)
    counts = there.sum(axis=0)
    sums = np.where(there, values, 0).sum(axis=0)
    means[rows[counts > 0]] = sums[counts > 0] / counts[counts > 0]
    return mean_estimate(means[None])


def _blank(
    copies: AugmentedViews,
    make: Callable[[Vectors, np.random.Generator], Vectors],
    generator: np.random.Generator,
) -> AugmentedViews:
    """Return the copies with vectors that say nothing; what is missing stays missing."""
    vectors = np.full_like(copies.vectors, np.nan)
    for blank, rows in zip(vectors, copies.vectors, strict=True):
        there = np.isfinite(rows).all(axis=1)
        blank[there] = make(rows[there], generator)
    return AugmentedViews(vectors, copies.rows)


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = normalize(vectors.astype(np.float64)).astype(np.float32)
    return unit


def _shuffled(vectors: Vectors, generator: np.random.Generator) -> Vectors:
    shuffled: Vectors = generator.permuted(vectors, axis=0)
    return shuffled


def _random(vectors: Vectors, generator: np.random.Generator) -> Vectors:
    return generator.normal(size=vectors.shape).astype(np.float32)
