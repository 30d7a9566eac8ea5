"""Rankings of a gallery for several queries, with equally near images known as such."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int, UInt64

__all__ = ["Ranked", "rank"]

Moves = Float64[np.ndarray, "queries ranked"]
Places = Int[np.ndarray, "queries ranked"]

_WRONG = 1 << 31
_COLUMN = np.uint64(_WRONG - 1)


@dataclass(frozen=True, eq=False)
class Ranked:
    """Rankings of several queries, the nearest image first, of equally near ones the right first.

    Attributes:
        order: column of each ranked image in the gallery.
        right: whether it is a right answer; at least one of each query is.
        hits: number of right answers up to and including it.
        first: place of the first image that is as near; None where no two are.
        last: place of the last image that is as near; None where no two are.
    """

    order: Places
    right: Bool[np.ndarray, "queries ranked"]
    hits: Float64[np.ndarray, "queries ranked"]
    first: Places | None = None
    last: Places | None = None

    @property
    def total(self) -> Float64[np.ndarray, " queries"]:
        """Number of right answers of each query."""
        return self.hits[:, -1]

    def at_first(self, values: Moves) -> Moves:
        """Return, for each image, the value of the first that is as near."""
        return values if self.first is None else np.take_along_axis(values, self.first, axis=1)

    def at_last(self, values: Moves) -> Moves:
        """Return, for each image, the value of the last that is as near."""
        return values if self.last is None else np.take_along_axis(values, self.last, axis=1)

    def sum_of_tie(self, values: Moves) -> Moves:
        """Return, for each image, the sum of the values of those as near, itself among them."""
        if self.first is None or self.last is None:
            return values
        tied = self.first != self.last
        rows = np.flatnonzero(tied.any(axis=1))
        sums, first, last = np.cumsum(values[rows], axis=1), self.first[rows], self.last[rows]
        of_ties = np.take_along_axis(sums, last, axis=1)
        of_ties -= np.take_along_axis(sums - values[rows], first, axis=1)
        found = values.copy()
        found[rows] = np.where(tied[rows], of_ties, values[rows])
        return found

    def until(self, length: int) -> "Ranked":
        """Return the rankings of the nearest alone: `length`, and all that are as near."""
        if self.first is None or self.last is None:
            return Ranked(self.order[:, :length], self.right[:, :length], self.hits[:, :length])
        length = int(self.last[:, length - 1].max()) + 1
        first, last = self.first[:, :length], self.last[:, :length].clip(max=length - 1)
        rows = (self.order[:, :length], self.right[:, :length], self.hits[:, :length])
        if (first == last).all():
            return Ranked(*rows)
        return Ranked(*rows, first, last)


def rank(
    distances: Float32[np.ndarray, "queries gallery"],
    right: Bool[np.ndarray, "queries gallery"],
    length: int,
) -> Ranked:
    """Return the rankings of the `length` nearest images of each query.

    Args:
        distances: from each query to each image; at least 0.
        right: whether each image is a right answer; at least one of each query's nearest is.
        length: number of images to rank.
    """
    # Bits of non-negative floats sort as the floats do: one sort of keys also orders ties.
    keys: UInt64[np.ndarray, "queries gallery"] = distances.view(np.uint32).astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= np.where(right, np.uint64(0), np.uint64(_WRONG))
    keys |= np.arange(distances.shape[1], dtype=np.uint64)
    keys.sort(axis=1)
    keys = keys[:, :length]
    order = (keys & _COLUMN).astype(np.int64)
    is_right = (keys & np.uint64(_WRONG)) == 0
    hits = np.cumsum(is_right, axis=1, dtype=np.float64)
    far = keys >> np.uint64(32)
    is_new = far[:, 1:] != far[:, :-1]
    if is_new.all():
        return Ranked(order, is_right, hits, None, None)
    places = np.broadcast_to(np.arange(length), order.shape)
    edge = np.ones((len(order), 1), dtype=bool)
    starts = np.where(np.hstack([edge, is_new]), places, 0)
    ends = np.where(np.hstack([is_new, edge]), places, length - 1)
    first = np.maximum.accumulate(starts, axis=1)
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    return Ranked(order, is_right, hits, first, last)
