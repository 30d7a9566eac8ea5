"""Geometry: how an encoder uses its space, without labels, on rows of unit length."""

import numpy as np
from jaxtyping import Float64, Int
from scipy.linalg import eigvalsh
from scipy.special import entr
from scipy.stats import skew
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from embedbench.encoder import Vectors
from embedbench.metrics.embedding.neighbours import Neighbourhood, first_neighbours

__all__ = ["anisotropy", "centred_directions", "effective_rank", "hubness", "intrinsic_dimension"]

_LEAST_RATIOS = 10
"""Minimum number of points for the line fit."""


def centred_directions(vectors: Vectors) -> Float64[np.ndarray, "images dim"] | None:
    """Return the rows at unit length, minus their mean; None if they have no spread.

    A row of zeros stays zeros before centring. There is no spread if the rows differ by float32
    rounding only, as for one image or for copies of one.
    """
    if not vectors.size:
        return None
    rows = normalize(vectors.astype(np.float64))
    rows -= rows.mean(axis=0)
    spread = np.linalg.norm(rows) / np.sqrt(len(rows))
    return rows if spread > np.finfo(np.float32).eps else None


def effective_rank(vectors: Vectors) -> float:
    """Return the effective number of directions of the vectors, 1 to min(images - 1, dim).

    The exponential of the entropy of the normalised singular values (Roy, Vetterli 2007) of the
    centred rows. RankMe (arXiv 2210.02885) does not centre; here the mean direction, which does
    not distinguish images, is left to `anisotropy`. Neither high nor low is better. It grows with
    the number of images, so compare it on the same images. nan if all rows have one direction.

    Args:
        vectors: embeddings, one row per image.
    """
    rows = centred_directions(vectors)
    if rows is None:
        return float("nan")
    # Both products have the same eigenvalues, the squared singular values; take the smaller.
    gram = rows.T @ rows if rows.shape[0] >= rows.shape[1] else rows @ rows.T
    squared = eigvalsh(gram, overwrite_a=True, check_finite=False)
    # Zero eigenvalues come out as rounding errors of either sign.
    squared = squared[squared > squared[-1] * len(squared) * np.finfo(np.float64).eps]
    values = np.sqrt(squared)
    return float(np.exp(entr(values / values.sum()).sum()))


def intrinsic_dimension(
    vectors: Vectors,
    share_discarded: float = 0.1,
    asked: Int[np.ndarray, " sampled"] | None = None,
) -> float:
    """Return the local dimension of the vectors, more than 0.

    TwoNN (Facco et al. 2017, doi 10.1038/s41598-017-11873-y): the ratio of the distances from an
    image to its second and first neighbour follows a Pareto law whose exponent is the dimension;
    it is the slope, through the origin, of -log(1 - rank / images) on log(ratio). Neither high
    nor low is better. Above about 10 it is underestimated, more so with fewer images. Equal rows
    count once. nan if fewer than ten ratios are left, or if none of them is above 1.

    Args:
        vectors: embeddings, one row per image.
        share_discarded: share of the largest ratios to leave out of the fit.
        asked: images whose two nearest to find, among all; all if None.

    Raises:
        ValueError: `share_discarded` is not in [0, 1).
    """
    if not 0 <= share_discarded < 1:
        raise ValueError(f"`share_discarded` must be at least 0 and below 1; not {share_discarded}")
    if not vectors.size:
        return float("nan")
    unit = normalize(vectors.astype(np.float64))
    rows = np.unique(unit, axis=0)
    queries = rows if asked is None else np.unique(unit[asked], axis=0)
    # The largest ratio has rank / images = 1, whose term is infinite.
    count = min(len(queries) - 1, len(queries) - round(share_discarded * len(queries)))
    if count < _LEAST_RATIOS:
        return float("nan")
    nearest = _two_nearest(rows, queries)
    ratios = np.sort(np.log(nearest[:, 1] / nearest[:, 0]))[:count]
    ranks = -np.log1p(-np.arange(1, count + 1) / len(queries))
    squares = float(ratios @ ratios)
    return float(ratios @ ranks) / squares if squares > 0 else float("nan")


def _two_nearest(
    rows: Float64[np.ndarray, "images dim"], queries: Float64[np.ndarray, "asked dim"]
) -> Float64[np.ndarray, "asked 2"]:
    """Return the distances to the two nearest other rows, the nearer first."""
    if queries is rows:
        search = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(rows)
        neighbours = search.kneighbors(return_distance=False)
    else:
        # The query is one of its three nearest rows, but not always the first: others may be
        # closer than rounding.
        search = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(rows)
        neighbours = search.kneighbors(queries, return_distance=False)
    # Small distances are inaccurate as roots of differences of squares, so compute them again.
    distances = [np.linalg.norm(queries - rows[column], axis=1) for column in neighbours.T]
    return np.sort(np.stack(distances, axis=1), axis=1)[:, -2:]


def anisotropy(vectors: Vectors) -> float:
    """Return the mean cosine between two different images, -1 / (images - 1) to 1.

    Lower is better: near 1 all vectors lie in a narrow cone, and their cosines hold little
    information (Ethayarajh 2019, arXiv 1909.00512, who samples pairs; here all pairs count). The
    cosine with a row of zeros is 0. nan for fewer than two images.

    Args:
        vectors: embeddings, one row per image.
    """
    images = len(vectors)
    if images < 2 or not vectors.size:
        return float("nan")
    rows = normalize(vectors.astype(np.float64))
    total = rows.sum(axis=0)
    # Sum over all pairs, minus each image with itself.
    cosines = float(total @ total) - float(np.einsum("ij,ij->", rows, rows))
    return min(cosines / (images * (images - 1)), 1.0)


def hubness(found: Neighbourhood, neighbours: int = 10) -> float:
    """Return the hubness: the skewness of the k-occurrence.

    The k-occurrence of an image is the number of images that have it among their k nearest
    (Radovanovic, Nanopoulos, Ivanovic 2010, JMLR 11). Lower is better: 0 is even, above 1 there
    are hubs; it has no upper bound. nan if all images occur equally often, as when there are at
    most `neighbours` others.

    Args:
        found: neighbours from `neighbourhood`.
        neighbours: number k of nearest images.

    Raises:
        ValueError: `found` has fewer neighbours per image.
    """
    nearest = first_neighbours(found.nearest, neighbours)
    occurrences = np.bincount(nearest[nearest >= 0], minlength=len(nearest))
    if np.ptp(occurrences) == 0:
        return float("nan")
    if found.asked is None:
        return float(skew(occurrences))
    return _skew_of_all(occurrences, len(found.asked))


def _skew_of_all(occurrences: Int[np.ndarray, " images"], asked: int) -> float:
    """Return the skewness of the k-occurrence among all images, estimated from a sample.

    Queries are a random sample, so the counts c are hypergeometric, and the mean of
    c (c - 1) (c - 2) ... is that of all images up to a known factor. This estimates the moments
    without bias. nan if the estimated variance is not positive.
    """
    counts = occurrences.astype(np.float64)
    every, moments = len(counts), []
    product, factor = np.ones(every), 1.0
    for step in range(3):
        product = product * (counts - step)
        factor *= (every - step) / (asked - step)
        moments.append(float(product.mean()) * factor)
    mean, second, third = moments
    variance = second + mean - mean**2
    if variance <= 0:
        return float("nan")
    cubes = third + 3 * second + mean
    return float((cubes - 3 * mean * (second + mean) + 2 * mean**3) / variance**1.5)
