"""Scores of rankings, and the influence of each ranked image on them.

A retrieval score is a mean over queries, but the gallery is a sample too. An interval over queries
with a fixed gallery would be too narrow. Each function here returns the score of each query, and,
for each image in its ranking, the score minus the score without that image.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int, UInt64

__all__ = [
    "Ranked",
    "at_cut",
    "average_precision",
    "r_precision",
    "rank",
    "reciprocal_rank",
]

PerQuery = Float64[np.ndarray, " queries"]
Moves = Float64[np.ndarray, "queries ranked"]
Places = Int[np.ndarray, "queries ranked"]
Place = Int[np.ndarray, " queries"]

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
    first: Places | None
    last: Places | None

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


def average_precision(ranked: Ranked) -> tuple[PerQuery, Moves]:
    """Return average precisions, ties counted together as scikit-learn does, and influence.

    The influence of an only right answer is the whole score: there is none without it.
    """
    right, total = ranked.right, ranked.total[:, None]
    places = np.broadcast_to(np.arange(1.0, right.shape[1] + 1), right.shape)
    hits, ranks = right * ranked.at_last(ranked.hits), ranked.at_last(places)
    terms = hits / ranks
    scores = np.empty(len(right))
    for count in np.unique(ranked.total):
        some = ranked.total == count
        scores[some] = terms[some][right[some]].reshape(-1, int(count)).mean(axis=1)
    earlier = ranked.at_first(np.cumsum(terms, axis=1) - terms)
    up = np.maximum(ranks - 1, 1)  # the rank of a later image once an earlier one is gone
    same = hits / up
    later = ranked.at_first(same.sum(axis=1)[:, None] - (np.cumsum(same, axis=1) - same))
    without = (earlier + later) / total
    fewer = right * (hits - 1) / up
    later = ranked.at_first(fewer.sum(axis=1)[:, None] - np.cumsum(fewer, axis=1))
    np.divide(earlier + later, np.maximum(total - 1, 1), out=without, where=right)
    moves = terms.sum(axis=1)[:, None] / total - without
    return scores, _with_only_answers(ranked, moves, scores)


def r_precision(ranked: Ranked) -> tuple[PerQuery, Moves]:
    """Return the shares of right answers among the R nearest, R their number, and influence.

    The mean over all orders of ties (McSherry and Najork 2008). The influence of an only right
    answer is the whole score.
    """
    right, total = ranked.right, ranked.total[:, None]
    count = ranked.total.astype(np.int64)
    whole, smaller = _Cut.of(ranked, count), _Cut.of(ranked, np.maximum(count - 1, 1))
    scores, left = whole.hits / ranked.total, np.maximum(ranked.total - 1, 1)
    moves: Moves = right * (scores - smaller.hits / left)[:, None]
    wide = max(whole.reach, smaller.reach)
    near = right[:, :wide]
    without = whole.without(np.zeros_like(near)) / total
    np.divide(smaller.without(near), left[:, None], out=without, where=near)
    moves[:, :wide] = scores[:, None] - without
    return scores, _with_only_answers(ranked, moves, scores)


def at_cut(ranked: Ranked, k: int) -> tuple[PerQuery, Moves, PerQuery, Moves]:
    """Return precision at k and its influence, recall at k and its influence.

    The mean over all orders of ties (McSherry and Najork 2008). Places that no image fills count
    as wrong, as in trec_eval. The influence of an only right answer is the whole score.
    """
    right, total = ranked.right, ranked.total[:, None]
    cut = _Cut.of(ranked, np.full(len(right), min(k, right.shape[1])))
    precision, recall = cut.hits / k, cut.hits / ranked.total
    near = right[:, : cut.reach]
    without = cut.without(near)
    moves = np.zeros(right.shape)
    moves[:, : cut.reach] = (cut.hits[:, None] - without) / k
    left = np.maximum(total - 1, 1)
    recall_moves: Moves = right * (recall[:, None] - cut.hits[:, None] / left)
    recall_moves[:, : cut.reach] = recall[:, None] - without / np.where(near, left, total)
    return (
        precision,
        _with_only_answers(ranked, moves, precision),
        recall,
        _with_only_answers(ranked, recall_moves, recall),
    )


def reciprocal_rank(ranked: Ranked) -> tuple[PerQuery, Moves]:
    """Return 1 / rank of the first right answer, and influence.

    The mean over all orders of ties. The influence of an only right answer is the whole score.
    """
    first = _Tie.of(ranked, ranked.right.argmax(axis=1))
    # Without an only right answer among the nearest, the next one comes first.
    following = _Tie.of(ranked, (ranked.hits > first.hits[:, None]).argmax(axis=1))
    scores = _expected(first.start, first.size, first.hits)
    sooner = _expected(np.maximum(first.start - 1, 0), first.size, first.hits)
    smaller = np.where(first.hits < first.size, first.size - 1, first.size)
    without_wrong = _expected(first.start, smaller, first.hits)
    without_right = np.where(
        first.hits > 1,
        _expected(first.start, np.maximum(first.size - 1, 1), np.maximum(first.hits - 1, 1)),
        _expected(np.maximum(following.start - 1, 0), following.size, following.hits),
    )
    moves = np.zeros(ranked.right.shape)
    places = np.arange(int((first.start + first.size).max()))
    beside = np.where(
        ranked.right[:, : len(places)], without_right[:, None], without_wrong[:, None]
    )
    without = np.where(places < first.start[:, None], sooner[:, None], beside)
    within = places < (first.start + first.size)[:, None]
    moves[:, : len(places)] = np.where(within, scores[:, None] - without, 0)
    return scores, _with_only_answers(ranked, moves, scores)


@dataclass(frozen=True, eq=False)
class _Tie:
    """Images as near as one place of each ranking: where they start, how many, how many right."""

    start: Place
    size: Place
    before: PerQuery
    hits: PerQuery

    @classmethod
    def of(cls, ranked: Ranked, place: Place) -> "_Tie":
        rows = np.arange(len(place))
        start = place if ranked.first is None else ranked.first[rows, place]
        end = place if ranked.last is None else ranked.last[rows, place]
        before = ranked.hits[rows, start] - ranked.right[rows, start]
        return cls(start, end - start + 1, before, ranked.hits[rows, end] - before)


@dataclass(frozen=True, eq=False)
class _Cut:
    """The k nearest of each query: expected right answers, also once an image is gone.

    Attributes:
        hits: expected number of right answers among the k nearest.
        more: the same among the k + 1 nearest.
        tie: the images that are as near as the k-th.
        within: how many of these are among the k nearest.
    """

    hits: PerQuery
    more: PerQuery
    tie: _Tie
    within: Place

    @classmethod
    def of(cls, ranked: Ranked, k: Place) -> "_Cut":
        tie, more = _Tie.of(ranked, k - 1), ranked.total
        inside = k < ranked.right.shape[1]
        beyond = _Tie.of(ranked, np.where(inside, k, k - 1))
        more = np.where(inside, _expected_hits(beyond, k + 1), ranked.total)
        return cls(_expected_hits(tie, k), more, tie, k - tie.start)

    @property
    def reach(self) -> int:
        """Number of leading places behind which an image's absence changes nothing."""
        return int((self.tie.start + self.tie.size).max())

    def without(self, right: Bool[np.ndarray, "queries reached"]) -> Moves:
        """Return the expected hits once each image is gone.

        Args:
            right: whether its absence takes a right answer away.
        """
        tie, places = self.tie, np.arange(right.shape[1])
        is_whole = self.within == tie.size
        replaced = places < np.where(is_whole, tie.start + tie.size, tie.start)[:, None]
        without = np.where(replaced, self.more[:, None] - right, self.hits[:, None])
        for row in np.flatnonzero(~is_whole):
            tied = slice(tie.start[row], tie.start[row] + tie.size[row])
            share = self.within[row] / (tie.size[row] - 1)
            without[row, tied] = tie.before[row] + (tie.hits[row] - right[row, tied]) * share
        return without


def _expected_hits(tie: _Tie, k: Place) -> PerQuery:
    """Return the mean number of right answers among the k nearest, over the orders of ties."""
    return np.asarray(tie.before + tie.hits * (k - tie.start) / tie.size)


def _expected(before: Place, size: Place, hits: PerQuery) -> PerQuery:
    """Return the mean of 1 / rank of the first right answer over the orders of ties.

    Args:
        before: number of nearer images, all wrong.
        size: number of images tied.
        hits: how many of these are right; the result has no meaning where none is.
    """
    means = 1 / (before + 1.0)
    cases, which = np.unique(np.stack([before, size, hits], axis=1), axis=0, return_inverse=True)
    for number in np.flatnonzero((cases[:, 2] > 0) & (cases[:, 2] < cases[:, 1])):
        nearer, tied, good = cases[number]
        # The chance that the first `drawn` are wrong, and the next one is right.
        drawn = np.arange(tied - good + 1)
        wrong = np.cumprod((tied - good - drawn[:-1]) / (tied - drawn[:-1]))
        chance = np.concatenate([[1.0], wrong]) * good / (tied - drawn)
        means[which == number] = (chance / (nearer + drawn + 1)).sum()
    return np.asarray(means)


def _with_only_answers(ranked: Ranked, moves: Moves, scores: PerQuery) -> Moves:
    """Return the influence, of an only right answer the whole score."""
    rows = np.flatnonzero(ranked.total == 1)
    moves[rows, ranked.right[rows].argmax(axis=1)] = scores[rows]
    return moves
