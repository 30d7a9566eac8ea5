"""Influence of each image on the retrieval scores of the others, as part of their gallery.

A retrieval score is a mean over queries, but every image is also in the gallery of all others. An
interval over images with a fixed gallery would be too narrow.
"""

import numpy as np
from jaxtyping import Bool, Float64

__all__ = ["retrieval_influence"]


def retrieval_influence(
    right: Bool[np.ndarray, " ranked"],
) -> tuple[Float64[np.ndarray, " ranked"], Float64[np.ndarray, " ranked"]]:
    """Return a query's scores minus the scores without each ranked image.

    The first array is for the average precision, the second for the R-precision. nan if the image
    is the only relevant one, since there is no score without it.

    Args:
        right: whether each image is of the query's class, nearest first; at least one is.
    """
    ranks = np.arange(1, len(right) + 1)
    hits = np.cumsum(right)
    total = int(hits[-1])
    terms = right * hits / ranks
    earlier = np.cumsum(terms) - terms
    up = np.maximum(ranks - 1, 1)  # the rank of a later image once an earlier one is gone
    later_same, later_fewer = (_later(right * counts / up) for counts in (hits, hits - 1))
    without = (earlier + later_same) / total
    precision = hits[total - 1] / total
    following = right[total] if total < len(right) else False
    cut = np.where(ranks <= total, (hits[total - 1] + following) / total, precision)
    if total > 1:
        fewer = total - 1
        without = np.where(right, (earlier + later_fewer) / fewer, without)
        within_cut = np.where(ranks <= total, hits[total - 1] - 1, hits[fewer - 1])
        cut = np.where(right, within_cut / fewer, cut)
    else:
        without, cut = np.where(right, np.nan, without), np.where(right, np.nan, cut)
    return terms.sum() / total - without, precision - cut


def _later(values: Float64[np.ndarray, " ranked"]) -> Float64[np.ndarray, " ranked"]:
    """Return the sum of all later values, for each position."""
    return np.asarray(values.sum() - np.cumsum(values))
