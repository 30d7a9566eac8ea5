"""Robustness: what corrupted images cost an encoder; `ranking` says which one is most robust."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64, Int
from sklearn.preprocessing import normalize

from embedbench.analysis.inputs import EvaluationSettings
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
    "noisy_plane",
    "noisy_vectors",
]

_FAR = 1000
"""How far off a plane is seen from, for its size."""

Key = tuple[str, str]


@dataclass(frozen=True, eq=False)
class CleanBaseline:
    """The images as they are, to which corrupted ones are compared; made by `clean_baseline`.

    Attributes:
        vectors: what the encoder made of them, or their places on a plane.
        truth: codes of the labels, -1 where not known; None without labels.
        groups: images of the same number are copies of one another.
        measured: every metric of them.
        centres: of K-means on the vectors of unit length, or on the plane, for each seed.
        on_plane: whether they are places on a plane: there directions mean nothing.
    """

    vectors: Vectors
    truth: Int[np.ndarray, " images"] | None
    groups: Int[np.ndarray, " images"]
    measured: Evaluation
    centres: Float64[np.ndarray, "seeds clusters dim"]
    on_plane: bool


@dataclass(frozen=True, eq=False)
class CorruptionEffect:
    """What one corruption made of an encoder's numbers.

    Attributes:
        corruption: which.
        table: `ROBUSTNESS_COLUMNS`, a row for each clusterer and metric, clusterer "" for what
            needs none; change is corrupted less clean, nan where either has no number; its
            interval is nan for metrics of which no image's influence is known.
        before: the AMI of each clusterer on the clean images, of which all images in
            `CleanBaseline` tell their influence, 0 for those that could not be corrupted.
        after: the same of the corrupted images, and `NEIGHBOUR_RETENTION` and `CLUSTER_CHANGES`.
    """

    corruption: Corruption
    table: pd.DataFrame
    before: dict[Key, Estimate]
    after: dict[Key, Estimate]


def clean_baseline(
    vectors: Vectors,
    truth: Int[np.ndarray, " images"] | None,
    groups: Int[np.ndarray, " images"],
    how: EvaluationSettings,
    on_plane: bool = False,
) -> CleanBaseline:
    """Return the images as they are, measured once for all corruptions of one encoder.

    Where they are too few or too much alike to be clustered, they have no metrics.

    Args:
        vectors: what the encoder made of those images that are to be corrupted.
        truth: codes of their labels, -1 where not known; None without labels.
        groups: images of the same number are copies of one another.
        how: clusterers, space, k and seeds.
        on_plane: `vectors` are places on a plane, clustered as they are; give `raw` as the space.
    """
    measured = _try_measure(vectors, truth, groups, how)
    points = _points(vectors, on_plane)
    k = max(1, min(measured.k, max_k(points)))
    fits = fit_kmeans(points, [(k, seed) for seed in how.seeds])
    centres = np.array([_centres(points, fit.labels, k) for fit in fits])
    return CleanBaseline(vectors, truth, groups, measured, centres, on_plane)


def corruption_effect(
    clean: CleanBaseline, corruption: Corruption, vectors: Vectors, how: EvaluationSettings
) -> CorruptionEffect:
    """Return what a corruption changes: every metric, the neighbours, and the clusters.

    The corrupted images are clustered on their own and measured as the clean ones were. Changes
    have intervals by paired resamples of images and seeds. Images that could not be corrupted
    are left out on both sides; where the corrupted ones are too much alike to be clustered,
    their metrics are nan. Beside the metrics stand two shares, of which the clean images have 1
    and 0 by definition:

    - `neighbour_retention`: of the ten clean images nearest to an image by cosine, itself and its
      copies left out, the share that is nearest to its corrupted version too; by chance ten of
      all others. The criterion of light changes of this name is the Jaccard index instead.
    - `cluster_changes`: the share of images whose corrupted version is nearest to the centre of
      another K-means cluster of the clean images than they are themselves.

    On a plane both go by Euclidean distance, and metrics of directions are left out.

    Args:
        clean: the images as they are.
        corruption: what was done to them.
        vectors: of each of them when it is corrupted; nan where it could not be.
        how: the same as of `clean`.
    """
    made = np.isfinite(vectors).all(axis=1)
    truth = None if clean.truth is None else clean.truth[made]
    left = truth, clean.groups[made], how
    before = clean.measured if made.all() else _try_measure(clean.vectors[made], *left)
    after = _try_measure(vectors[made], *left)
    keys = [
        key for key in clean.measured.values if not (clean.on_plane and key[0] == ENCODER_ALONE)
    ]
    both = [key for key in keys if key in before.scores and key in after.scores]
    old = {key: _of_all(before.scores[key], made) for key in both}
    new = {key: _of_all(after.scores[key], made) for key in both}
    shares = {
        NEIGHBOUR_RETENTION: _neighbour_retention(clean, vectors),
        CLUSTER_CHANGES: _cluster_changes(clean, vectors),
    }
    resamples = PairedBootstrap(np.unique(clean.groups, return_inverse=True)[1], how.seeds[0])
    ends = _intervals(old, new, resamples)
    rows = []
    for key in keys:
        one, other = before.values.get(key, np.nan), after.values.get(key, np.nan)
        rows.append((*key, one, other, other - one, *ends.get(key, (np.nan, np.nan))))
    for name, (low, high) in resamples.intervals(shares).items():
        value, start = shares[name].mean, 1.0 if name == NEIGHBOUR_RETENTION else 0.0
        rows.append((ENCODER_ALONE, name, start, value, value - start, low - start, high - start))
    table = pd.DataFrame(rows, columns=ROBUSTNESS_COLUMNS[2:])
    table.insert(0, "corruption", corruption.kind)
    table.insert(1, "severity", corruption.severity)
    amis = [key for key in both if key[1] == "ami"]
    own = {(ENCODER_ALONE, name): score for name, score in shares.items()}
    before_after = {key: old[key] for key in amis}, {key: new[key] for key in amis} | own
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


def _try_measure(
    vectors: Vectors,
    truth: Int[np.ndarray, " images"] | None,
    groups: Int[np.ndarray, " images"],
    how: EvaluationSettings,
) -> Evaluation:
    """Return every metric of the images; none where they cannot be clustered."""
    try:
        return evaluate_clusters(vectors, truth, groups, how)
    except InputError:
        return Evaluation({}, {}, 0)


def _centres(
    points: Points, labels: Int[np.ndarray, " images"], k: int
) -> Float64[np.ndarray, "clusters dim"]:
    """Return k centres; of points too close to be parted some come twice, which changes nothing."""
    there = np.unique(labels)
    means = [points[labels == cluster].mean(axis=0, dtype=np.float64) for cluster in there]
    return np.resize(np.array(means), (k, points.shape[1]))


def _neighbour_retention(clean: CleanBaseline, vectors: Vectors) -> Estimate:
    rows = np.arange(len(vectors))
    one, other = clean.vectors, vectors
    if clean.on_plane:
        # Seen from far off, the order by angle is that by distance.
        far = _FAR * (np.abs(clean.vectors).max() or np.float32(1))
        one, other = (np.insert(plane, 2, far, axis=1) for plane in (one, other))
    found = consistency(one, other[None], rows, clean.groups, NEIGHBOURS)
    # Of two sets of the same size, the Jaccard index tells the share of either in the other.
    return mean_estimate(2 * found.kept / (1 + found.kept))


def _cluster_changes(clean: CleanBaseline, vectors: Vectors) -> Estimate:
    made = np.isfinite(vectors).all(axis=1)
    changed = np.full((len(clean.centres), len(vectors)), np.nan)
    if clean.centres.shape[1] > 1 and made.any():
        own = _points(clean.vectors[made], clean.on_plane).astype(np.float64)
        moved = _points(vectors[made], clean.on_plane).astype(np.float64)
        for row, centres in zip(changed, clean.centres, strict=True):
            row[made] = _nearest(own, centres) != _nearest(moved, centres)
    return mean_estimate(changed)


def _nearest(
    points: Float64[np.ndarray, "images dim"], centres: Float64[np.ndarray, "clusters dim"]
) -> Int[np.ndarray, " images"]:
    return np.asarray(np.argmin((centres**2).sum(axis=1) - 2 * points @ centres.T, axis=1))


def _points(vectors: Vectors, on_plane: bool) -> Points:
    if on_plane:
        return vectors
    unit: Points = normalize(vectors.astype(np.float64)).astype(np.float32)
    return unit


def _of_all(score: Estimate, made: Bool[np.ndarray, " images"]) -> Estimate:
    """Return the score of some images with the influence of all: none of the others."""
    influence = np.zeros((len(score.influence), len(made)))
    influence[:, made] = score.influence
    return replace(score, influence=influence)


def noisy_vectors(vectors: Vectors, severity: int, seed: int) -> Vectors:
    """Return the vectors at unit length with Gaussian noise: `vector-noise`.

    The noise's root mean square length is 0.5, 1, 1.5, 2 or 3 times that of the unit vectors
    around their mean, so that encoders whose vectors all point much the same way suffer as
    others do. It is that long because in many dimensions little of it lies along any difference.

    Args:
        vectors: what the encoder made.
        severity: 1 to 5.
        seed: of the noise.
    """
    from sklearn.preprocessing import normalize  # takes a second, which workers that encode save

    unit = normalize(vectors.astype(np.float64))
    spread = np.sqrt(((unit - unit.mean(axis=0)) ** 2).sum(axis=1).mean())
    noise = np.random.default_rng([seed, severity]).normal(size=unit.shape)
    length = (0.5, 1, 1.5, 2, 3)[severity - 1] * spread
    noisy = unit + length / np.sqrt(unit.shape[1]) * noise
    return np.asarray(noisy, dtype=np.float32)


def noisy_plane(plane: Vectors, severity: int, seed: int) -> Vectors:
    """Return the places on a plane, such as that of t-SNE, with Gaussian noise: `plane-noise`.

    The noise's deviation along each axis is 10 to 50 % of that of the places, both axes together.

    Args:
        plane: a place for each image.
        severity: 1 to 5.
        seed: of the noise.
    """
    spread = np.sqrt(plane.astype(np.float64).var(axis=0).mean())
    noise = np.random.default_rng([seed, severity]).normal(size=plane.shape)
    noisy = plane + severity / 10 * spread * noise
    return np.asarray(noisy, dtype=np.float32)
