"""Similarity: how alike two encoders are, in their vectors and in the clusters found in them."""

import numpy as np
from jaxtyping import Float32, Float64, Int

from embedbench.encoder import Vectors
from embedbench.metrics.clustering.ami import pairwise_ami
from embedbench.metrics.embedding.geometry import centred_directions

__all__ = ["Rows", "agreement", "linear_cka"]

Rows = Float64[np.ndarray, "images dim"]
OtherRows = Float64[np.ndarray, "images other_dim"]

_BLOCK = 1024
"""How many images are compared with all others at once."""

_LEAST_IMAGES = 4
"""With fewer, the unbiased estimate is not defined."""

_ROUNDING = 1e-12
"""A difference smaller than this share of its terms is taken for zero."""


def linear_cka(one: Vectors, other: Float32[np.ndarray, "images other_dim"]) -> float:
    """Return how alike the similarities between images are in two encoders, -1 to 1.

    Debiased linear CKA: centred kernel alignment (Kornblith et al. 2019, arXiv 1905.00414) of the
    cosines, from the unbiased estimate of the independence criterion (Song et al. 2012; Nguyen et
    al. 2021, arXiv 2010.15327). Rows are scaled to length one. 1 where one is the other rotated;
    about 0, either side of it, where they have nothing in common, also where there are more
    columns than images, which lifts the biased one (Murphy et al. 2024, arXiv 2405.01012). Higher
    is more alike, not better. nan for fewer than 4 images, or where all pairs of images are
    equally alike in one of the two.

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
    """Return images (images - 3) times the unbiased criterion, for rows with a mean of zero.

    Of the kernels without their diagonals the criterion takes the sum of products, of all
    entries and of the sums of rows. As centred rows add up to zero, the sum of a kernel's row
    without its diagonal is what was taken out, negative.
    """
    images = len(one)
    lengths, others = (np.einsum("ij,ij->i", rows, rows) for rows in (one, other))
    products = _sum_of_products(one, other)
    within = float(lengths @ others) * images / (images - 2)
    between = float(lengths.sum() * others.sum()) / ((images - 1) * (images - 2))
    dependence = products - within + between
    return dependence if abs(dependence) > _ROUNDING * products else 0.0


def _sum_of_products(one: Rows, other: OtherRows) -> float:
    """Return the sum, over all pairs of images, of the product of their two similarities."""
    images = len(one)
    if one.shape[1] * other.shape[1] <= images * images:
        return float(np.square(one.T @ other).sum())
    blocks = [slice(start, start + _BLOCK) for start in range(0, images, _BLOCK)]
    return float(sum(np.vdot(one[rows] @ one.T, other[rows] @ other.T) for rows in blocks))


def agreement(
    one: Int[np.ndarray, "runs images"], other: Int[np.ndarray, "others images"]
) -> float:
    """Return the mean AMI over all pairs of a run of one encoder and a run of the other.

    Adjusted mutual information (Vinh, Epps, Bailey 2010): at most 1, the same clusters; 0 is what
    chance gives. Higher is more alike, not better. nan where one of the two has no runs.

    Args:
        one: cluster of each image in each run of the first encoder. A negative number is a
            cluster like others: turn noise into clusters of one image first
            (`embedbench.clustering.partitions.noise_as_singletons`).
        other: those of the second encoder, of the same images.
    """
    amis = pairwise_ami(one, other)
    return float(amis.mean()) if amis.size else float("nan")
