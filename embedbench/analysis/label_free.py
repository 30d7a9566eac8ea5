"""Scores of one encoder by itself: with labels, without, and what chance gives."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int
from sklearn.preprocessing import normalize

from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.analysis.measurement import evaluate_vectors
from embedbench.clustering.clusterers import KMeans
from embedbench.clustering.subsample import kmeans_from_sample, sample_points
from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.clustering.stability import stability
from embedbench.metrics.embedding.consistency import cluster_retention, consistency
from embedbench.metrics.embedding.neighbours import NEIGHBOURS, Neighbourhood
from embedbench.metrics.embedding.retrieval import Retrieval

__all__ = ["AugmentedViews", "EncoderScores", "score_encoder"]


@dataclass(frozen=True, eq=False)
class AugmentedViews:
    """Vectors of augmented versions of some images.

    Attributes:
        vectors: of each augmentation's versions; rows of nan where there is none.
        rows: the images that they were made from.
    """

    vectors: Float32[np.ndarray, "augmentations sampled dim"]
    rows: Int[np.ndarray, " sampled"]


@dataclass(frozen=True, eq=False)
class EncoderScores:
    """All that one encoder's vectors show by themselves.

    Attributes:
        scores: those that are means over images, by their names in `metrics.embedding.catalogue`.
        numbers: the others.
        shuffled: the criteria without labels after each column is shuffled among the images: the
            columns keep their values, the images lose theirs. Empty where this was not asked for.
        random: the same for random directions of the same dimension.
        neighbours: of each image.
        retrieval: of each image among the others; None without labels.
        shuffled_assignments: partitions of the shuffled vectors, one for each k.
    """

    scores: dict[str, Estimate]
    numbers: dict[str, float]
    shuffled: dict[str, float]
    random: dict[str, float]
    neighbours: Neighbourhood
    retrieval: Retrieval | None
    shuffled_assignments: Int[np.ndarray, "ks images"]


def score_encoder(
    vectors: Vectors,
    augmented: AugmentedViews | None,
    targets: Targets,
    assignments: Int[np.ndarray, "ks seeds images"],
    settings: EvaluationSettings,
    with_chance: bool = True,
) -> EncoderScores:
    """Return an encoder's criteria, with labels and without, and what chance gives.

    Args:
        vectors: embeddings, one row per image.
        augmented: vectors of changed images; None where the encoder has none.
        targets: labels and near-duplicate groups.
        assignments: the encoder's K-means partitions at several ks.
        settings: the k at which encoders are compared; the seed of folds, shuffling, random
            vectors and the sample of many images; the limit.
        with_chance: whether the criteria without labels are computed for vectors without
            information too, which takes as long as all the rest.
    """
    groups, seed = targets.groups, settings.seed
    sample = settings.sample(len(vectors))
    neighbours, retrieval, scores, numbers = evaluate_vectors(
        vectors, targets, seed, settings.limit
    )
    scores |= _augmentation_scores(vectors, augmented, groups, assignments)
    ks = [len(np.unique(runs[0])) for runs in assignments]
    if not with_chance:
        nothing = np.empty((0, len(vectors)), dtype=np.int32)
        return EncoderScores(scores, numbers, {}, {}, neighbours, retrieval, nothing)
    generator = np.random.default_rng(seed)
    nulls, null_assignments = [], []
    for make in (_shuffled, _random):
        blank = make(vectors, generator)
        blank_views = augmented and _blank(augmented, make, generator)
        distinct = len(np.unique(blank, axis=0))
        points = _unit(blank)
        fits = kmeans_from_sample(points, [(min(k, distinct), seed) for k in ks], sample)
        null_assignments.append(np.array([fit.labels for fit in fits], dtype=np.int32))
        *_, null_numbers = evaluate_vectors(blank, targets.unlabelled(), seed, settings.limit)
        means = _augmentation_scores(blank, blank_views, groups, null_assignments[-1][:, None])
        some = sample_points(points, sample)
        null_numbers["stability"] = stability(some, KMeans(), settings.k, seed).value
        nulls.append({name: score.mean for name, score in means.items()} | null_numbers)
    return EncoderScores(
        scores, numbers, nulls[0], nulls[1], neighbours, retrieval, null_assignments[0]
    )


def _augmentation_scores(
    vectors: Vectors,
    augmented: AugmentedViews | None,
    groups: Int[np.ndarray, " images"],
    assignments: Int[np.ndarray, "ks seeds images"],
) -> dict[str, Estimate]:
    """Return how well augmented images are recognised; an empty dict without any."""
    if augmented is None:
        return {}
    rows = augmented.rows
    consistencies = consistency(vectors, augmented.vectors, rows, groups, NEIGHBOURS)
    return {
        "augmentation_recall": _score_of_sample(consistencies.found, rows, len(vectors)),
        "neighbour_retention": _score_of_sample(consistencies.kept, rows, len(vectors)),
        "cluster_retention": cluster_retention(vectors, assignments, augmented.vectors, rows),
    }


def _score_of_sample(
    values: Float64[np.ndarray, "augmentations sampled"],
    rows: Int[np.ndarray, " sampled"],
    images: int,
) -> Estimate:
    """Return the mean over the sampled images of each one's mean over the augmentations."""
    has_value = ~np.isnan(values)
    means = np.full(images, np.nan)
    counts = has_value.sum(axis=0)
    sums = np.where(has_value, values, 0).sum(axis=0)
    means[rows[counts > 0]] = sums[counts > 0] / counts[counts > 0]
    return mean_estimate(means[None])


def _blank(
    augmented: AugmentedViews,
    make: Callable[[Vectors, np.random.Generator], Vectors],
    generator: np.random.Generator,
) -> AugmentedViews:
    """Return views whose vectors carry no information; missing views stay missing."""
    vectors = np.full_like(augmented.vectors, np.nan)
    for blank, original in zip(vectors, augmented.vectors, strict=True):
        has_view = np.isfinite(original).all(axis=1)
        blank[has_view] = make(original[has_view], generator)
    return AugmentedViews(vectors, augmented.rows)


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = normalize(vectors.astype(np.float64)).astype(np.float32)
    return unit


def _shuffled(vectors: Vectors, generator: np.random.Generator) -> Vectors:
    shuffled: Vectors = generator.permuted(vectors, axis=0)
    return shuffled


def _random(vectors: Vectors, generator: np.random.Generator) -> Vectors:
    return generator.normal(size=vectors.shape).astype(np.float32)
