"""Scores of rankings, and the influence of each ranked image on them.

A retrieval score is a mean over queries, but the gallery is a sample too. An interval over queries
with a fixed gallery would be too narrow. Each function here returns the score of each query, and,
for each image in its ranking, how far the image moves the score.

For average precision and R-precision that is the score minus the score without the image. Scores of
the nearest images alone change in jumps, as one image takes another's place, and leaving one out
would overstate the variance: a term of the score that depends on j images together is counted j
times (Efron and Stein 1981). In a random half of the gallery it is counted j / 2^(j - 1) times:
once for one or two images, and less for more. So for precision, recall and reciprocal rank the
influence is half of what the image adds, on average over the halves of the other images.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Bool, Float64, Int
from scipy.stats import binom

from embedbench.metrics.embedding.rankings import Ranked

__all__ = ["at_cut", "average_precision", "r_precision", "reciprocal_rank"]

PerQuery = Float64[np.ndarray, " queries"]
Moves = Float64[np.ndarray, "queries ranked"]
Place = Int[np.ndarray, " queries"]


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
    hit_moves = _hit_moves(ranked, k)
    # Without a right answer there is also one less to be found.
    less = np.where(right, np.maximum(total - 1, 1), total)
    recall_moves = (hit_moves - right * recall[:, None]) / less
    return (
        precision,
        _with_only_answers(ranked, hit_moves / k, precision),
        recall,
        _with_only_answers(ranked, recall_moves, recall),
    )


def _hit_moves(ranked: Ranked, k: int) -> Moves:
    """Return how far each image moves the number of right answers among the k nearest.

    An image at place r of the ranking counts where fewer than k nearer ones are in the half; the
    right answer at s > r gives way to it where it would be the k-th of the half.
    """
    counts, gives_way = _chances(k, ranked.right.shape[1])
    near = ranked.until(int(np.count_nonzero(counts)))
    right, shape = near.right.astype(np.float64), near.right.shape
    counts, gives_way = counts[: shape[1]], gives_way[: shape[1]]
    in_tie, right_in_tie = near.sum_of_tie(np.ones(shape)), near.sum_of_tie(right)
    found = right * near.sum_of_tie(np.broadcast_to(counts, shape)) / in_tie
    found -= near.at_last(_after(right_in_tie / in_tie * gives_way))
    if near.first is not None:
        nearer = np.arange(shape[1]) - near.first
        beside = near.sum_of_tie(nearer * gives_way) / in_tie
        found -= beside * (right_in_tie - right) / np.maximum(in_tie - 1, 1)
    moves = np.zeros(ranked.right.shape)
    moves[:, : shape[1]] = found / 2
    return moves


@cache
def _chances(
    k: int, length: int
) -> tuple[Float64[np.ndarray, " ranked"], Float64[np.ndarray, " ranked"]]:
    """Return how likely each place counts, and how likely it gives way to a nearer one."""
    nearer = np.arange(length)
    gives_way = binom.pmf(k - 1, np.maximum(nearer - 1, 0), 0.5) / 2
    gives_way[0] = 0
    # Beyond 4 k + 64 places both are below 1e-15.
    within = nearer < 4 * k + 64
    return binom.cdf(k - 1, nearer, 0.5) * within, gives_way * within


def reciprocal_rank(ranked: Ranked) -> tuple[PerQuery, Moves]:
    """Return 1 / rank of the first right answer, and influence.

    The mean over all orders of ties. The influence of an only right answer is the whole score.
    """
    first = _Tie.of(ranked, ranked.right.argmax(axis=1))
    scores = _expected(first.start, first.size, first.hits)
    # The right answer at s comes first in a half that has it and none of the nearer ones.
    wrong = np.arange(ranked.right.shape[1]) + ranked.right - ranked.hits
    chance = ranked.right * np.exp2(-ranked.hits)
    terms = chance * _expected_in_half(wrong)
    steps = terms - chance * _expected_in_half(np.maximum(wrong - 1, 0))
    moves = np.where(ranked.right, terms - _after(terms), _after(steps))
    # Equally near images of one kind share what they move, in the order with the right ones first.
    for kind in (ranked.right, ~ranked.right) if ranked.first is not None else ():
        alike = np.maximum(ranked.sum_of_tie(kind.astype(np.float64)), 1)
        moves = np.where(kind, ranked.sum_of_tie(kind * moves) / alike, moves)
    return scores, _with_only_answers(ranked, moves, scores)


def _expected_in_half(wrong: Float64[np.ndarray, "queries ranked"]) -> Moves:
    """Return the mean of 1 / rank behind a random half of the wrong images."""
    return np.asarray(2 * (1 - np.exp2(-wrong - 1)) / (wrong + 1))


def _after(values: Moves) -> Moves:
    """Return the sum of the values behind each place."""
    sums = np.cumsum(values, axis=1)
    return np.asarray(sums[:, -1:] - sums)


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
