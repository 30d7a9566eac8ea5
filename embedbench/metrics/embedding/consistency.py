"""Consistency: whether an encoder sees a lightly changed image as the same one."""

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
    """What the changed copies of the sampled images find.

    Attributes:
        found: of each copy, 1 where the image nearest to it by cosine is the one it was made
            from, else 0; nan where there is no copy.
        kept: of each copy, the Jaccard index of its nearest images and those of the image it was
            made from, 0 to 1; nan where there is no copy.
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
    """Return what the copies of the images in `rows` find among all images.

    Higher is better for both. Chance finds its own image once in as many images.

    Args:
        vectors: as the encoder made them.
        copies: the vectors of each change's copies; rows of nan where there is none.
        rows: the images that the copies were made from.
        groups: images of the same number are copies of one another: to find one is to find all,
            and they are not counted among the nearest.
        neighbours: how many nearest images; fewer where there are not as many.
    """
    unit = normalize(vectors.astype(np.float64))
    own: Bool[np.ndarray, "sampled images"] = groups[rows][:, None] == groups[None]
    neighbours = min(neighbours, int((~own).sum(axis=1).min()))
    around = _nearest(unit[rows] @ unit.T, own, neighbours)
    found, kept = np.full((2, *copies.shape[:2]), np.nan)
    for change, changed in enumerate(copies):
        there = np.isfinite(changed).all(axis=1)
        if not there.any():
            continue
        cosines = normalize(changed[there].astype(np.float64)) @ unit.T
        nearest = np.argmax(cosines, axis=1)
        found[change, there] = groups[nearest] == groups[rows[there]]
        if neighbours:
            others = _nearest(cosines, own[there], neighbours)
            common = (around[there] & others).sum(axis=1)
            kept[change, there] = common / (2 * neighbours - common)
    return Consistency(found, kept)


def _nearest(
    cosines: Float64[np.ndarray, "rows images"],
    own: Bool[np.ndarray, "rows images"],
    neighbours: int,
) -> Bool[np.ndarray, "rows images"]:
    """Return which images are the nearest of each row, its own left out."""
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
    """Return how well the copies' clusters agree with the images' own: AMI, mean over changes.

    A copy is in the cluster whose mean direction is the nearest to it. At most 1, higher is
    better, 0 is chance. It is the mean over those ks at which the images in `rows` have two
    clusters or more; nan where there is no copy or no such k.

    Args:
        vectors: as the encoder made them.
        labels: partitions of all images at several ks; noise, -1, is no cluster.
        copies: the vectors of each change's copies; rows of nan where there is none.
        rows: the images that the copies were made from.
    """
    unit = normalize(vectors.astype(np.float64))
    there = np.isfinite(copies).all(axis=(0, 2))
    ks, seeds, images = labels.shape
    estimates, doubt = np.full((2, ks, seeds), np.nan)
    influence = np.zeros((ks, seeds, images))
    if there.any():
        moved = [normalize(changed[there].astype(np.float64)) for changed in copies]
        for run in np.ndindex(ks, seeds):
            score = _kept(unit, labels[run], moved, rows[there])
            estimates[run], doubt[run] = score.mean, score.smoothing_error.mean()
            influence[run][rows[there]] = score.influence.mean(axis=0)
    known = np.isfinite(estimates).all(axis=1)
    if not known.any():
        return mean_estimate(np.full((seeds, images), np.nan), low=-1.0)
    return Estimate(
        estimates[known].mean(axis=0),
        influence[known].mean(axis=0),
        doubt[known].mean(axis=0),
        int(there.sum()),
    )


def _kept(
    unit: Float64[np.ndarray, "images dim"],
    own: Int[np.ndarray, " images"],
    moved: list[Float64[np.ndarray, "sampled dim"]],
    rows: Rows,
) -> Estimate:
    """Return the score of one partition, each change in the place of a seed."""
    clusters = np.unique(own[own >= 0])
    if not len(clusters):
        return mean_estimate(np.full((len(moved), len(rows)), np.nan), low=-1.0)
    means = np.stack([unit[own == cluster].mean(axis=0) for cluster in clusters])
    lengths = (means**2).sum(axis=1)
    nearest = [clusters[np.argmin(lengths - 2 * copies @ means.T, axis=1)] for copies in moved]
    return ami_score(np.array(nearest), own[rows])
