"""Compare two encoders: how alike they are, and which pairs of images they dispute."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float32, Float64, Int
from sklearn.preprocessing import normalize

from embedbench.encoder import Vectors
from embedbench.metrics.clustering.ami import ExpectedMutualInformation, pairwise_ami
from embedbench.metrics.embedding.neighbours import NEIGHBOURS, Neighbourhood, overlap
from embedbench.metrics.embedding.similarity import agreement, linear_cka

__all__ = [
    "EncoderView",
    "NO_PAIRS",
    "agreement_by_k",
    "compare_encoders",
    "disagreement",
    "disputed_pairs",
    "similarity_of",
]

NO_PAIRS = pd.DataFrame(columns=["encoder", "other", "image", "partner", "strength"])
"""Disputed pairs where there is one encoder only."""

_ROWS = 256
"""How many images are compared with all others at once."""

_GALLERY = 12
"""How many pairs of pictures are listed for each ordered pair of encoders."""


@dataclass(frozen=True, eq=False)
class EncoderView:
    """How an encoder sees the images.

    Attributes:
        vectors: embeddings, one row per image.
        assignments: the encoder's K-means partitions at several ks.
        neighbours: of each image.
    """

    vectors: Vectors
    assignments: Int[np.ndarray, "ks seeds images"]
    neighbours: Neighbourhood


def agreement_by_k(
    one: Int[np.ndarray, "ks images"], other: Int[np.ndarray, "ks images"]
) -> Float64[np.ndarray, " ks"]:
    """Return the AMI between a partition of one encoder and one of another, at each k."""
    expected = ExpectedMutualInformation(one.shape[1])
    amis = [
        pairwise_ami(left[None], right[None], expected)[0, 0]
        for left, right in zip(one, other, strict=True)
    ]
    return np.array(amis)


def similarity_of(one: EncoderView, other: EncoderView) -> dict[str, float]:
    """Return how alike two encoders are.

    Returns:
        `partition_agreement`, the mean AMI between a partition of one and one of the other at
        the same k; `mutual_knn`, the share of common neighbours; `cka`, the debiased linear CKA.
        Higher is more alike; at most 1.
    """
    runs = zip(one.assignments, other.assignments, strict=True)
    return {
        "partition_agreement": float(np.mean([agreement(*both) for both in runs])),
        "mutual_knn": overlap(one.neighbours, other.neighbours, NEIGHBOURS),
        "cka": linear_cka(one.vectors, other.vectors),
    }


def compare_encoders(
    one: EncoderView,
    other: EncoderView,
    groups: Int[np.ndarray, " images"],
    image_names: Sequence[str],
) -> tuple[dict[str, float], pd.DataFrame, pd.DataFrame]:
    """Return `similarity_of` two encoders, and their `disputed_pairs` either way round."""
    return (
        similarity_of(one, other),
        disputed_pairs(one, other, groups, image_names),
        disputed_pairs(other, one, groups, image_names),
    )


def disputed_pairs(
    one: EncoderView,
    other: EncoderView,
    groups: Int[np.ndarray, " images"],
    image_names: Sequence[str],
) -> pd.DataFrame:
    """Return pairs of images that `one` puts together and `other` apart, the strongest first.

    Candidates are neighbours by `one`. Half of a pair's strength is the share of partitions in
    which `one` has the two in the same cluster, less that by `other`; half is the share of images
    that are farther from the first than the second is, by `one`, less that by `other`. 1 is the
    most; only pairs above 0 are listed, and no image twice.

    Args:
        one: the encoder that puts them together.
        other: the encoder that puts them apart.
        groups: near-duplicate group of each image.
        image_names: of the images.

    Returns:
        Columns `image, partner, strength`.
    """
    rows = np.repeat(np.arange(len(groups)), one.neighbours.nearest.shape[1])
    partners = one.neighbours.nearest.ravel()
    fits = (partners >= 0) & (rows != partners)
    rows, partners = rows[fits], partners[fits]
    together = [
        (view.assignments[..., rows] == view.assignments[..., partners]).mean(axis=(0, 1))
        for view in (one, other)
    ]
    split = together[0] > together[1]
    rows, partners = rows[split], partners[split]
    apart = (together[0] - together[1])[split]
    near = [_nearness(view.vectors, rows, partners) for view in (one, other)]
    strength = apart / 2 + (near[0] - near[1]) / 2
    order = np.lexsort((partners, rows, -strength.round(9)))
    used: set[int] = set()
    listed: list[tuple[str, str, float]] = []
    for pair in order:
        image, partner = int(rows[pair]), int(partners[pair])
        if len(listed) == _GALLERY or strength[pair] <= 0:
            break
        if used.isdisjoint({int(groups[image]), int(groups[partner])}):
            used |= {int(groups[image]), int(groups[partner])}
            listed.append((image_names[image], image_names[partner], float(strength[pair])))
    return pd.DataFrame(listed, columns=["image", "partner", "strength"])


def _nearness(
    vectors: Float32[np.ndarray, "images dim"],
    rows: Int[np.ndarray, " pairs"],
    partners: Int[np.ndarray, " pairs"],
) -> Float64[np.ndarray, " pairs"]:
    """Return the share of other images that are farther from the first than the second is."""
    unit = normalize(vectors.astype(np.float64))
    firsts, positions = np.unique(rows, return_inverse=True)
    order = np.argsort(positions, kind="stable")
    ends = np.searchsorted(positions[order], np.arange(len(firsts) + 1))
    nearness = np.empty(len(rows))
    for start in range(0, len(firsts), _ROWS):
        cosines = unit[firsts[start : start + _ROWS]] @ unit.T
        ranked = np.sort(cosines, axis=1)
        for line, (own, values) in enumerate(zip(ranked, cosines, strict=True), start):
            pairs = order[ends[line] : ends[line + 1]]
            nearness[pairs] = np.searchsorted(own, values[partners[pairs]]) / len(own)
    return nearness


def disagreement(
    neighbours: Sequence[Neighbourhood], count: int = NEIGHBOURS
) -> Float64[np.ndarray, " images"]:
    """Return how far the encoders disagree about the neighbours of each image, 0 to 1.

    It is the mean over all pairs of encoders of the share of its nearest images that are not in
    both. nan for one encoder, and for images outside the sample of queries.
    """
    nearest = [seen.nearest[:, :count] for seen in neighbours]
    shares = [
        1 - (left[:, :, None] == right[:, None, :]).any(axis=2).mean(axis=1)
        for number, left in enumerate(nearest)
        for right in nearest[:number]
    ]
    if not shares:
        return np.full(len(nearest[0]), np.nan)
    mean_share = np.asarray(np.mean(shares, axis=0))
    queries = neighbours[0].asked
    if queries is None:
        return mean_share
    sampled = np.full(len(mean_share), np.nan)
    sampled[queries] = mean_share[queries]
    return sampled
