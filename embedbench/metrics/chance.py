"""Tests of what chance explains: partitions against shuffled labels, two orders of encoders."""

from collections.abc import Sequence
from functools import cache
from itertools import permutations

import numpy as np
from jaxtyping import Bool, Float64, Int
from scipy.special import gammaln, xlogy

__all__ = [
    "SHUFFLES",
    "SIGNIFICANT",
    "agreement_p",
    "can_be_shown",
    "chance_of_guess",
    "chance_of_ranking",
    "label_p",
    "unanswered_queries",
]

SIGNIFICANT = 0.05
"""A result that chance gives as often as this, or less often, is not chance."""

SHUFFLES = 499

_EXACT = 8
"""The orders of as many encoders are gone through one by one; of more, some are drawn."""

_DRAWN = 9999

_CELLS = 2**22
"""Numbers that a block of shuffles may hold."""


def agreement_p(
    one: Float64[np.ndarray, " encoders"], other: Float64[np.ndarray, " encoders"], seed: int
) -> tuple[float, float]:
    """Return the correlation of two scores, and how often chance gives one as high.

    One-sided permutation test of Pearson's correlation: exact for up to 8 scores, else of
    9,999 orders drawn at random. The smallest possible value for 3 scores is 1/6, for 4 it is
    1/24.

    Args:
        one: a score of each encoder.
        other: another score of each.
        seed: of the orders drawn.

    Returns:
        The correlation and the p-value; 0 and 1 where a score is the same for all.
    """
    if min(np.ptp(one), np.ptp(other)) <= 0:
        return 0.0, 1.0
    around = [scores - scores.mean() for scores in (one, other)]
    unit = [scores / np.linalg.norm(scores) for scores in around]
    seen = float(unit[0] @ unit[1])
    if len(one) <= _EXACT:
        products = unit[0][_orders(len(one))] @ unit[1]
        return seen, float((products >= seen - 1e-9).mean())
    random = np.random.default_rng(seed)
    drawn = random.permuted(np.tile(unit[0], (_DRAWN, 1)), axis=1) @ unit[1]
    return seen, float((1 + (drawn >= seen - 1e-9).sum()) / (1 + _DRAWN))


@cache
def _orders(count: int) -> Int[np.ndarray, "orders count"]:
    return np.array(list(permutations(range(count))))


def can_be_shown(labels: Int[np.ndarray, " images"]) -> bool:
    """Return whether a perfect partition could be told from chance with these labels.

    Shuffled labels make the same classes again with a probability that must be small. Two classes
    need 7 images, 3 and 4 of them.
    """
    sizes = np.unique(labels, return_counts=True)[1]
    if len(sizes) < 2:
        return False
    equal = np.unique(sizes, return_counts=True)[1]
    again = gammaln(sizes + 1).sum() + gammaln(equal + 1).sum() - gammaln(len(labels) + 1)
    return bool(np.exp(again) <= SIGNIFICANT + 1e-9)


def label_p(
    partitions: Sequence[Int[np.ndarray, "seeds images"]],
    labels: Int[np.ndarray, " images"],
    seed: int,
) -> Float64[np.ndarray, " encoders"]:
    """Return how often chance gives any encoder an agreement with the labels as high as each one's.

    The labels are shuffled among the images, 499 times. The agreement is the mutual information
    with the partition, less its mean under shuffling, in standard deviations, and the mean over
    the seeds. It is compared with the highest of all encoders in each shuffle (Westfall and Young
    1993): if no encoder knows anything of the labels, one of them or more is at most 0.05 in at
    most 5 % of all cases, however few the images and however many the encoders.

    Args:
        partitions: of each encoder, one row per seed.
        labels: class code of each image; each image once, without its copies.
        seed: of the shuffles.
    """
    random = np.random.default_rng(seed)
    whole = np.vstack([labels, *(random.permutation(labels) for _ in range(SHUFFLES))])
    scores = np.zeros((len(partitions), len(whole)))
    for encoder, runs in enumerate(partitions):
        for run in runs:
            score = _joint(run, whole)
            spread = score.std()
            if spread > 1e-12:
                scores[encoder] += (score - score.mean()) / spread / len(runs)
    highest = scores.max(axis=0)
    return np.asarray((highest[None] >= scores[:, :1] - 1e-9).mean(axis=1))


def _joint(
    partition: Int[np.ndarray, " images"], labels: Int[np.ndarray, "shuffles images"]
) -> Float64[np.ndarray, " shuffles"]:
    """Return what of the mutual information depends on the order of the labels."""
    clusters = np.unique(partition, return_inverse=True)[1]
    names, codes = np.unique(labels, return_inverse=True)
    codes = codes.reshape(labels.shape)
    cells = (int(clusters.max()) + 1) * len(names)
    sums = np.empty(len(labels))
    step = max(1, _CELLS // max(cells, labels.shape[1]))
    for start in range(0, len(labels), step):
        block = codes[start : start + step] + clusters * len(names)
        block += cells * np.arange(len(block))[:, None]
        counts = np.bincount(block.ravel(), minlength=cells * len(block))
        sums[start : start + step] = xlogy(counts, counts).reshape(len(block), -1).sum(axis=1)
    return np.asarray(sums / labels.shape[1])


def chance_of_guess(labels: Int[np.ndarray, " images"]) -> float:
    """Return the share of known labels that the most frequent one has: what a guess gets right.

    nan without a known label.
    """
    known = labels[labels >= 0]
    return float(np.bincount(known).max() / len(known)) if len(known) else float("nan")


def chance_of_ranking(
    labels: Int[np.ndarray, " images"],
    groups: Int[np.ndarray, " images"],
    is_query: Bool[np.ndarray, " images"] | None = None,
) -> tuple[float, float]:
    """Return the expected average precision and R-precision of a random order, over the queries.

    Each labelled query is asked among the labelled images of other groups. With R of N images
    right, a random order has the R-precision R / N, and the average precision
    (H + (R - 1) / (N - 1) (N - H)) / N, with H the N-th harmonic number (Bestgen 2015). nan if no
    query has a right answer.

    Args:
        labels: class code of each image, -1 where unknown.
        groups: near-duplicate group of each image.
        is_query: which images are queries, the others being the gallery; None if each is a query
            among all others.
    """
    known = labels >= 0
    cells = np.stack([labels, groups], axis=1)
    asked = cells[known if is_query is None else known & is_query]
    among = cells[known if is_query is None else known & ~is_query]
    right = _as_many(asked[:, :1], among[:, :1]) - _as_many(asked, among)
    count = len(among) - _as_many(asked[:, 1:], among[:, 1:])
    right, count = right[right > 0], count[right > 0]
    if not len(right):
        return float("nan"), float("nan")
    harmonic = np.cumsum(1 / np.arange(1, count.max() + 1))[count - 1]
    share = np.where(count > 1, (right - 1) / np.maximum(count - 1, 1), 0.0)
    precision = (harmonic + share * (count - harmonic)) / count
    return float(precision.mean()), float((right / count).mean())


def unanswered_queries(
    labels: Int[np.ndarray, " images"],
    groups: Int[np.ndarray, " images"],
    is_query: Bool[np.ndarray, " images"],
) -> Int[np.ndarray, " unanswered"]:
    """Return the rows of labelled queries whose label no image of the gallery has but copies.

    Args:
        labels: class code of each image, -1 where unknown.
        groups: near-duplicate group of each image.
        is_query: which images are queries, the others being the gallery.
    """
    rows = np.flatnonzero(is_query & (labels >= 0))
    cells = np.stack([labels, groups], axis=1)
    asked, among = cells[rows], cells[~is_query]
    right = _as_many(asked[:, :1], among[:, :1]) - _as_many(asked, among)
    return np.asarray(rows[right == 0])


def _as_many(
    rows: Int[np.ndarray, "queries columns"], among: Int[np.ndarray, "gallery columns"]
) -> Int[np.ndarray, " queries"]:
    """Return for each row how many of the others are equal to it."""
    kinds = np.unique(np.concatenate([rows, among]), axis=0, return_inverse=True)[1].ravel()
    counts = np.bincount(kinds[len(rows) :], minlength=len(kinds))
    return np.asarray(counts[kinds[: len(rows)]])
