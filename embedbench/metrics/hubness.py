"""Hubness: how much a few images are neighbours of all."""

import numpy as np
from jaxtyping import Int
from scipy.stats import skew

from embedbench.metrics.neighbours import Neighbourhood, first_neighbours

__all__ = ["hubness"]


def hubness(found: Neighbourhood, neighbours: int = 10) -> float:
    """Return how much a few images are neighbours of all: the skewness of the k-occurrence.

    The k-occurrence of an image is the number of images that have it among their nearest
    (Radovanovic, Nanopoulos, Ivanovic 2010, JMLR 11). Lower is better: 0 is even, above 1 there
    are hubs; it has no upper bound. nan where all images occur equally often, as where there are
    no more than `neighbours` others.

    Args:
        found: from `neighbourhood`.
        neighbours: how many nearest images count.

    Raises:
        ValueError: found with fewer neighbours than are to count.
    """
    nearest = first_neighbours(found.nearest, neighbours)
    occurrences = np.bincount(nearest[nearest >= 0], minlength=len(nearest))
    if np.ptp(occurrences) == 0:
        return float("nan")
    if found.asked is None:
        return float(skew(occurrences))
    return _skew_of_all(occurrences, len(found.asked))


def _skew_of_all(occurrences: Int[np.ndarray, " images"], asked: int) -> float:
    """Return the skewness of the k-occurrence from that among some of the images.

    Each image that has another one among its nearest is asked or not, so the counts are
    hypergeometric, and the mean of c (c - 1) (c - 2) ... is, but for a known factor, that of all.
    The moments are so estimated without bias. nan where the sample does not tell their spread.
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
