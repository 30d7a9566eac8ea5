"""What each image does to the retrieval of the others by being there to be found.

A retrieval score is a mean over queries, but every image is also in the gallery of all others. An
interval over images that took the gallery as fixed would be too narrow.
"""

import numpy as np
from jaxtyping import Bool, Float64

__all__ = ["retrieval_influence"]


def retrieval_influence(
    right: Bool[np.ndarray, " ranked"],
) -> tuple[Float64[np.ndarray, " ranked"], Float64[np.ndarray, " ranked"]]:
    """Return by how much each ranked image lifts a query's scores: with it, less without it.

    The first array is of the average precision, the second of the R-precision. nan where the
    image is the only right one, for without it there is no score.

    Args:
        right: whether each image is of the query's class, the nearest first; at least one is.
    """
    ranks = np.arange(1, len(right) + 1)
    hits = np.cumsum(right)
    total = int(hits[-1])
    terms = right * hits / ranks
    earlier = np.cumsum(terms) - terms
    up = np.maximum(ranks - 1, 1)  # the rank of a later image once an earlier one is gone
    later_same, later_fewer = (_later(right * found / up) for found in (hits, hits - 1))
    without = (earlier + later_same) / total
    precision = hits[total - 1] / total
    following = right[total] if total < len(right) else False
    cut = np.where(ranks <= total, (hits[total - 1] + following) / total, precision)
    if total > 1:
        fewer = total - 1
        without = np.where(right, (earlier + later_fewer) / fewer, without)
        found = np.where(ranks <= total, hits[total - 1] - 1, hits[fewer - 1])
        cut = np.where(right, found / fewer, cut)
    else:
        without, cut = np.where(right, np.nan, without), np.where(right, np.nan, cut)
    return terms.sum() / total - without, precision - cut


def _later(values: Float64[np.ndarray, " ranked"]) -> Float64[np.ndarray, " ranked"]:
    """Return the sum of all values behind each."""
    return np.asarray(values.sum() - np.cumsum(values))
