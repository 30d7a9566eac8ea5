"""Similarity of two encoders: of their vectors, and of their clusters."""

import numpy as np
from jaxtyping import Float32, Float64, Int

from embedbench.encoder import Vectors
from embedbench.metrics.clustering.ami import pairwise_ami
from embedbench.metrics.embedding.geometry import centred_directions

__all__ = ["Rows", "agreement", "linear_cka"]

Rows = Float64[np.ndarray, "images dim"]
OtherRows = Float64[np.ndarray, "images other_dim"]

_BLOCK = 1024
"""Number of images that are compared with all others at once."""

_LEAST_IMAGES = 4
"""With fewer images, the unbiased estimate is undefined."""

_ROUNDING = 1e-12
"""A difference smaller than this share of its terms is taken for zero."""


def linear_cka(one: Vectors, other: Float32[np.ndarray, "images other_dim"]) -> float:
    """Return the debiased linear CKA of two encoders, -1 to 1.

    Centred kernel alignment (Kornblith et al. 2019, arXiv 1905.00414) of the cosines, from the
    unbiased estimate of the independence criterion (Song et al. 2012; Nguyen et al. 2021, arXiv
    2010.15327). Rows are scaled to unit length. 1 if one is the other rotated; about 0, of either
    sign, if they are unrelated, also with more columns than images, where the biased CKA is too
    high (Murphy et al. 2024, arXiv 2405.01012). Higher is more alike, not better. nan for fewer
    than 4 images, or if all pairs of images are equally similar in one of the two.

    Args:
        one: embeddings by the first encoder, one row per image.
        other: those by the second, of the same images.
    """
    first, second = centred_directions(one), centred_directions(other)
    if first is None or second is None or len(first) < _LEAST_IMAGES:
        return float("nan")
    alone = _dependence(first, first) * _dependence(second, second)
    if alone == 0:
        return float("nan")
    return float(np.clip(_dependence(first, second) / np.sqrt(alone), -1, 1))


def _dependence(one: Rows, other: OtherRows) -> float:
    """Return images (images - 3) times the unbiased criterion, for centred rows.

    The criterion combines, for kernels without diagonals, the sum of products, the sums of all
    entries and the row sums. As centred rows sum to zero, a row sum without the diagonal is the
    negative diagonal entry.
    """
    images = len(one)
    lengths, other_lengths = (np.einsum("ij,ij->i", rows, rows) for rows in (one, other))
    products = _sum_of_products(one, other)
    within = float(lengths @ other_lengths) * images / (images - 2)
    between = float(lengths.sum() * other_lengths.sum()) / ((images - 1) * (images - 2))
    dependence = products - within + between
    return dependence if abs(dependence) > _ROUNDING * products else 0.0


def _sum_of_products(one: Rows, other: OtherRows) -> float:
    """Return the sum over all pairs of images of the product of their two similarities."""
    images = len(one)
    if one.shape[1] * other.shape[1] <= images * images:
        return float(np.square(one.T @ other).sum())
    blocks = [slice(start, start + _BLOCK) for start in range(0, images, _BLOCK)]
    return float(sum(np.vdot(one[rows] @ one.T, other[rows] @ other.T) for rows in blocks))


def agreement(
    one: Int[np.ndarray, "runs images"], other: Int[np.ndarray, "others images"]
) -> float:
    """Return the mean AMI over all pairs of a run of one encoder and a run of the other.

    Adjusted mutual information (Vinh, Epps, Bailey 2010): at most 1, for equal clusters; 0 is
    chance. Higher is more alike, not better. nan if one of the two has no runs.

    Args:
        one: cluster of each image in each run of the first encoder. A negative number is a
            cluster like others: turn noise into clusters of one image first
            (`embedbench.clustering.partitions.noise_as_singletons`).
        other: those of the second encoder, of the same images.
    """
    amis = pairwise_ami(one, other)
    return float(amis.mean()) if amis.size else float("nan")
