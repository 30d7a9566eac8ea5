"""Consistency: whether augmented views stay close to their images in the embedding."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int
from sklearn.preprocessing import normalize

from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.clustering.agreement import ami_score

__all__ = ["Consistency", "Copies", "Rows", "cluster_retention", "consistency"]

Copies = Float32[np.ndarray, "changes sampled dim"]
Rows = Int[np.ndarray, " sampled"]


@dataclass(frozen=True, eq=False)
class Consistency:
    """Retrieval by the augmented views of the sampled images.

    Attributes:
        found: for each view, 1 if the nearest image by cosine is its original, else 0; nan if
            there is no view.
        kept: for each view, Jaccard index of its nearest images and those of its original, 0 to
            1; nan if there is no view.
    """

    found: Float64[np.ndarray, "changes sampled"]
    kept: Float64[np.ndarray, "changes sampled"]


def consistency(
    vectors: Vectors,
    copies: Copies,
    rows: Rows,
    groups: Int[np.ndarray, " images"],
    neighbours: int = 10,
) -> Consistency:
    """Return how well augmented views retrieve their originals and the neighbours of these.

    Higher is better for both. By chance a view finds its original with probability 1 / images.

    Args:
        vectors: embeddings, one row per image.
        copies: embeddings of the augmented views, by augmentation; rows of nan if there is none.
        rows: original of each view.
        groups: near-duplicate group of each image; finding one of the group counts, and the group
            is not among the neighbours.
        neighbours: number of nearest images; fewer if there are not as many.
    """
    unit = normalize(vectors.astype(np.float64))
    same_group: Bool[np.ndarray, "sampled images"] = groups[rows][:, None] == groups[None]
    neighbours = min(neighbours, int((~same_group).sum(axis=1).min()))
    around = _nearest(unit[rows] @ unit.T, same_group, neighbours)
    recalled, overlap = np.full((2, *copies.shape[:2]), np.nan)
    for change, views in enumerate(copies):
        valid = np.isfinite(views).all(axis=1)
        if not valid.any():
            continue
        cosines = normalize(views[valid].astype(np.float64)) @ unit.T
        nearest = np.argmax(cosines, axis=1)
        recalled[change, valid] = groups[nearest] == groups[rows[valid]]
        if neighbours:
            neighbour_mask = _nearest(cosines, same_group[valid], neighbours)
            common = (around[valid] & neighbour_mask).sum(axis=1)
            overlap[change, valid] = common / (2 * neighbours - common)
    return Consistency(recalled, overlap)


def _nearest(
    cosines: Float64[np.ndarray, "rows images"],
    own: Bool[np.ndarray, "rows images"],
    neighbours: int,
) -> Bool[np.ndarray, "rows images"]:
    """Return which images are the nearest of each row, without its own group."""
    order = np.argsort(np.where(own, np.inf, -cosines), axis=1, kind="stable")[:, :neighbours]
    nearest = np.zeros(cosines.shape, dtype=bool)
    np.put_along_axis(nearest, order, True, axis=1)
    return nearest


def cluster_retention(
    vectors: Vectors,
    labels: Int[np.ndarray, "ks seeds images"],
    copies: Copies,
    rows: Rows,
) -> Estimate:
    """Return the AMI between clusters of augmented views and of their originals.

    A view is assigned to the cluster with the nearest mean. The AMI is averaged over
    augmentations, and over the ks at which the originals have two clusters or more. At most 1,
    higher is better, 0 is chance; nan if there is no view or no such k.

    Args:
        vectors: embeddings, one row per image.
        labels: partitions of all images at several ks; noise, -1, is no cluster.
        copies: embeddings of the augmented views, by augmentation; rows of nan if there is none.
        rows: original of each view.
    """
    unit = normalize(vectors.astype(np.float64))
    valid = np.isfinite(copies).all(axis=(0, 2))
    ks, seeds, images = labels.shape
    estimates, doubt = np.full((2, ks, seeds), np.nan)
    influence = np.zeros((ks, seeds, images))
    if valid.any():
        moved = [normalize(views[valid].astype(np.float64)) for views in copies]
        for run in np.ndindex(ks, seeds):
            score = _kept(unit, labels[run], moved, rows[valid])
            estimates[run], doubt[run] = score.mean, score.smoothing_error.mean()
            influence[run][rows[valid]] = score.influence.mean(axis=0)
    defined = np.isfinite(estimates).all(axis=1)
    if not defined.any():
        return mean_estimate(np.full((seeds, images), np.nan), low=-1.0)
    return Estimate(
        estimates[defined].mean(axis=0),
        influence[defined].mean(axis=0),
        doubt[defined].mean(axis=0),
        int(valid.sum()),
    )


def _kept(
    unit: Float64[np.ndarray, "images dim"],
    own: Int[np.ndarray, " images"],
    moved: list[Float64[np.ndarray, "sampled dim"]],
    rows: Rows,
) -> Estimate:
    """Return the estimate of one partition, with augmentations in place of seeds."""
    clusters = np.unique(own[own >= 0])
    if not len(clusters):
        return mean_estimate(np.full((len(moved), len(rows)), np.nan), low=-1.0)
    means = np.stack([unit[own == cluster].mean(axis=0) for cluster in clusters])
    lengths = (means**2).sum(axis=1)
    nearest = [clusters[np.argmin(lengths - 2 * copies @ means.T, axis=1)] for copies in moved]
    return ami_score(np.array(nearest), own[rows])
