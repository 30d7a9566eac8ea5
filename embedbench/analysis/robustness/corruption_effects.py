"""Robustness: what corrupted images cost one encoder; `ranking` compares encoders."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64, Int
from sklearn.preprocessing import normalize

from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.analysis.measurement import Evaluation, evaluate_clusters
from embedbench.clustering.clusterers import max_k
from embedbench.clustering.kmeans import fit_kmeans
from embedbench.clustering.partitions import Points
from embedbench.data.images.corruptions import Corruption
from embedbench.encoder import Vectors
from embedbench.errors import InputError
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap, interval
from embedbench.metrics.embedding.consistency import consistency
from embedbench.metrics.embedding.neighbours import NEIGHBOURS
from embedbench.results.schema import (
    CLUSTER_CHANGES,
    ENCODER_ALONE,
    NEIGHBOUR_RETENTION,
    ROBUSTNESS_COLUMNS,
)

__all__ = [
    "CleanBaseline",
    "CorruptionEffect",
    "clean_baseline",
    "corruption_effect",
    "noisy_projection",
    "noisy_vectors",
]

_FAR = 1000
"""Viewing distance of a projection, as a multiple of its size."""

Key = tuple[str, str]


@dataclass(frozen=True, eq=False)
class CleanBaseline:
    """The clean images, to which corrupted ones are compared; made by `clean_baseline`.

    Attributes:
        vectors: embeddings, one row per image, or their places in a projection.
        targets: labels and near-duplicate groups.
        evaluation: every metric of the clean images.
        centres: of K-means on the vectors of unit length, or in the projection, for each seed.
        is_projection: whether the vectors are places in a projection, without directions.
    """

    vectors: Vectors
    targets: Targets
    evaluation: Evaluation
    centres: Float64[np.ndarray, "seeds clusters dim"]
    is_projection: bool


@dataclass(frozen=True, eq=False)
class CorruptionEffect:
    """How one corruption changes an encoder's numbers.

    Attributes:
        corruption: which.
        table: `ROBUSTNESS_COLUMNS`, a row for each clusterer and metric, clusterer "" for what
            needs none; change is corrupted less clean, nan where either has no number; its
            interval is nan for metrics without a known influence of each image.
        before: the AMI of each clusterer on the clean images, with the influence of all images
            in `CleanBaseline`: 0 for those that could not be corrupted.
        after: the same of the corrupted images, and `NEIGHBOUR_RETENTION` and `CLUSTER_CHANGES`.
    """

    corruption: Corruption
    table: pd.DataFrame
    before: dict[Key, Estimate]
    after: dict[Key, Estimate]


def clean_baseline(
    vectors: Vectors,
    targets: Targets,
    settings: EvaluationSettings,
    is_projection: bool = False,
) -> CleanBaseline:
    """Evaluate the clean images, once for all corruptions of one encoder.

    Where they are too few or too much alike to be clustered, they have no metrics.

    Args:
        vectors: embeddings of the images that will be corrupted, one row per image.
        targets: labels and near-duplicate groups of these images.
        settings: clusterers, space, k, seeds and limit.
        is_projection: `vectors` are places in a projection, clustered as they are; the space
            must be `raw`.
    """
    evaluation = _try_evaluate(vectors, targets, settings)
    points = _points(vectors, is_projection)
    k = max(1, min(evaluation.k, max_k(points)))
    fits = fit_kmeans(points, [(k, seed) for seed in settings.seeds])
    centres = np.array([_centres(points, fit.labels, k) for fit in fits])
    return CleanBaseline(vectors, targets, evaluation, centres, is_projection)


def corruption_effect(
    clean: CleanBaseline, corruption: Corruption, vectors: Vectors, settings: EvaluationSettings
) -> CorruptionEffect:
    """Return what a corruption changes: every metric, the neighbours, and the clusters.

    The corrupted images are clustered on their own and evaluated as the clean ones were. Changes
    have intervals by paired resamples of images and seeds. Images that could not be corrupted
    are left out on both sides; where the corrupted ones are too much alike to be clustered,
    their metrics are nan. Two shares are added, which for the clean images are 1 and 0 by
    definition:

    - `neighbour_retention`: of the ten clean images nearest to an image by cosine, without itself
      and its duplicates, the share that is nearest to its corrupted version too; by chance ten
      of all others. The metric of this name for augmented images is the Jaccard index instead.
    - `cluster_changes`: the share of images whose corrupted version is nearest to the centre of
      another K-means cluster of the clean images than they are themselves.

    In a projection both use Euclidean distance, and metrics of directions are left out.

    Args:
        clean: the clean images.
        corruption: what was done to them.
        vectors: of each image after corruption; nan where it could not be corrupted.
        settings: the same as of `clean`.
    """
    made = np.isfinite(vectors).all(axis=1)
    targets = clean.targets.take(made)
    before = clean.evaluation
    if not made.all():
        before = _try_evaluate(clean.vectors[made], targets, settings)
    after = _try_evaluate(vectors[made], targets, settings)
    keys = [
        key
        for key in clean.evaluation.values
        if not (clean.is_projection and key[0] == ENCODER_ALONE)
    ]
    both = [key for key in keys if key in before.scores and key in after.scores]
    old = {key: _of_all(before.scores[key], made) for key in both}
    new = {key: _of_all(after.scores[key], made) for key in both}
    shares = {
        NEIGHBOUR_RETENTION: _neighbour_retention(clean, vectors),
        CLUSTER_CHANGES: _cluster_changes(clean, vectors),
    }
    resamples = clean.targets.bootstrap(settings.seed)
    ends = _intervals(old, new, resamples)
    rows = []
    for key in keys:
        first, second = before.values.get(key, np.nan), after.values.get(key, np.nan)
        rows.append((*key, first, second, second - first, *ends.get(key, (np.nan, np.nan))))
    for name, (low, high) in resamples.intervals(shares).items():
        value, start = shares[name].mean, 1.0 if name == NEIGHBOUR_RETENTION else 0.0
        rows.append((ENCODER_ALONE, name, start, value, value - start, low - start, high - start))
    table = pd.DataFrame(rows, columns=ROBUSTNESS_COLUMNS[2:])
    table.insert(0, "corruption", corruption.kind)
    table.insert(1, "severity", corruption.severity)
    amis = [key for key in both if key[1] == "ami"]
    share_scores = {(ENCODER_ALONE, name): score for name, score in shares.items()}
    before_after = {key: old[key] for key in amis}, {key: new[key] for key in amis} | share_scores
    return CorruptionEffect(corruption, table, *before_after)


def _intervals(
    old: dict[Key, Estimate], new: dict[Key, Estimate], resamples: PairedBootstrap
) -> dict[Key, tuple[float, float]]:
    """Return low and high of the change of each score, both sides drawn alike."""
    moved = resamples.of([*new.values(), *old.values()])
    return {
        key: interval(new[key].mean - old[key].mean, moved[row] - moved[row + len(new)])
        for row, key in enumerate(new)
    }


def _try_evaluate(vectors: Vectors, targets: Targets, settings: EvaluationSettings) -> Evaluation:
    """Return every metric of the images; none where they cannot be clustered."""
    try:
        return evaluate_clusters(vectors, targets, settings)
    except InputError:
        return Evaluation({}, {}, 0)


def _centres(
    points: Points, assignments: Int[np.ndarray, " images"], k: int
) -> Float64[np.ndarray, "clusters dim"]:
    """Return k centres; if there are fewer clusters, some are repeated, which changes nothing."""
    clusters = np.unique(assignments)
    means = [points[assignments == cluster].mean(axis=0, dtype=np.float64) for cluster in clusters]
    return np.resize(np.array(means), (k, points.shape[1]))


def _neighbour_retention(clean: CleanBaseline, vectors: Vectors) -> Estimate:
    rows = np.arange(len(vectors))
    before, after = clean.vectors, vectors
    if clean.is_projection:
        # Seen from far away, the order by angle is that by distance.
        far = _FAR * (np.abs(clean.vectors).max() or np.float32(1))
        before, after = (np.insert(projection, 2, far, axis=1) for projection in (before, after))
    retention = consistency(before, after[None], rows, clean.targets.groups, NEIGHBOURS).kept
    # Of two sets of the same size, the Jaccard index gives the share of either in the other.
    return mean_estimate(2 * retention / (1 + retention))


def _cluster_changes(clean: CleanBaseline, vectors: Vectors) -> Estimate:
    made = np.isfinite(vectors).all(axis=1)
    changed = np.full((len(clean.centres), len(vectors)), np.nan)
    if clean.centres.shape[1] > 1 and made.any():
        clean_points = _points(clean.vectors[made], clean.is_projection).astype(np.float64)
        corrupted_points = _points(vectors[made], clean.is_projection).astype(np.float64)
        for row, centres in zip(changed, clean.centres, strict=True):
            row[made] = _nearest(clean_points, centres) != _nearest(corrupted_points, centres)
    return mean_estimate(changed)


def _nearest(
    points: Float64[np.ndarray, "images dim"], centres: Float64[np.ndarray, "clusters dim"]
) -> Int[np.ndarray, " images"]:
    return np.asarray(np.argmin((centres**2).sum(axis=1) - 2 * points @ centres.T, axis=1))


def _points(vectors: Vectors, is_projection: bool) -> Points:
    if is_projection:
        return vectors
    unit: Points = normalize(vectors.astype(np.float64)).astype(np.float32)
    return unit


def _of_all(score: Estimate, made: Bool[np.ndarray, " images"]) -> Estimate:
    """Return the score of some images with an influence for all: 0 for the others."""
    influence = np.zeros((len(score.influence), len(made)))
    influence[:, made] = score.influence
    return replace(score, influence=influence)


def noisy_vectors(vectors: Vectors, severity: int, seed: int) -> Vectors:
    """Return the vectors at unit length with Gaussian noise: `vector-noise`.

    The noise's root mean square length is 0.5, 1, 1.5, 2 or 3 times that of the unit vectors
    around their mean, so that it affects encoders with a narrow cone of vectors like others. It
    is that long because in many dimensions little of it lies along any difference.

    Args:
        vectors: embeddings, one row per image.
        severity: 1 to 5.
        seed: of the noise.
    """
    unit = normalize(vectors.astype(np.float64))
    spread = np.sqrt(((unit - unit.mean(axis=0)) ** 2).sum(axis=1).mean())
    noise = np.random.default_rng([seed, severity]).normal(size=unit.shape)
    length = (0.5, 1, 1.5, 2, 3)[severity - 1] * spread
    noisy = unit + length / np.sqrt(unit.shape[1]) * noise
    return np.asarray(noisy, dtype=np.float32)


def noisy_projection(projection: Vectors, severity: int, seed: int) -> Vectors:
    """Return the places in a projection, such as t-SNE, with Gaussian noise: `plane-noise`.

    The noise's standard deviation along each axis is 10 to 50 % of that of the places, both axes
    together.

    Args:
        projection: a place for each image.
        severity: 1 to 5.
        seed: of the noise.
    """
    spread = np.sqrt(projection.astype(np.float64).var(axis=0).mean())
    noise = np.random.default_rng([seed, severity]).normal(size=projection.shape)
    noisy = projection + severity / 10 * spread * noise
    return np.asarray(noisy, dtype=np.float32)
