"""Agreement with the truth: estimates for each seed, with the influence of each image.

The influence is the jackknife's: the change if an image is left out (Quenouille 1956, Efron and
Stein 1981). With it, a resample needs a sum instead of the metric again. Resampling the images
themselves would be biased: an image drawn twice agrees with itself, which raises the AMI of 400
images in 4 classes so far that a 95 % interval contains the true value 8 times out of 10.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64, Int
from scipy.optimize import linear_sum_assignment
from scipy.special import xlogy

from embedbench.metrics.base import Estimate, mean_estimate, no_estimate
from embedbench.metrics.clustering.ami import ExpectedMutualInformation, ami_from_contingency

__all__ = ["LEVEL", "accuracy_score", "ami_score", "ari_score"]

LEVEL = 0.95
"""Confidence level of every interval."""

_NOTHING = 1e-12


def ami_score(
    labels: Int[np.ndarray, "seeds images"], truth: Int[np.ndarray, " images"]
) -> Estimate:
    """Return the adjusted mutual information with the truth (scikit-learn's, arithmetic mean).

    Args:
        labels: cluster of each image for each seed.
        truth: known label of each image as a number, -1 if unknown; those images do not count.
    """
    return _agreement(labels, truth, _ami_changed)


def ari_score(
    labels: Int[np.ndarray, "seeds images"], truth: Int[np.ndarray, " images"]
) -> Estimate:
    """Return the adjusted Rand index with the truth; see `ami_score`."""
    return _agreement(labels, truth, _ari_changed)


def accuracy_score(
    labels: Int[np.ndarray, "seeds images"], truth: Int[np.ndarray, " images"]
) -> Estimate:
    """Return the share of correct images under the best matching of clusters to labels.

    The matching (Kuhn 1955) uses all images; see `ami_score` for the arguments.
    """
    labelled = truth >= 0
    right = np.full(labels.shape, np.nan)
    for row, right_row in zip(labels, right, strict=True):
        if len(np.unique(truth[labelled])) > 1:
            table, cells = _table(row[labelled], truth[labelled])
            matched = np.zeros(table.shape)
            matched[linear_sum_assignment(table, maximize=True)] = 1
            right_row[labelled] = matched[cells]
    return mean_estimate(right)


_Table = Int[np.ndarray, "clusters classes"]
_Values = Float64[np.ndarray, "clusters classes"]
_Numbers = Float64[np.ndarray, "..."]
_Cells = tuple[Int[np.ndarray, " images"], Int[np.ndarray, " images"]]


def _table(
    labels: Int[np.ndarray, " images"], truth: Int[np.ndarray, " images"]
) -> tuple[Int[np.ndarray, "clusters classes"], _Cells]:
    """Return the contingency table of clusters and classes, and the cell of each image."""
    clusters = np.unique(labels, return_inverse=True)[1]
    classes = np.unique(truth, return_inverse=True)[1]
    table = np.zeros((clusters.max() + 1, classes.max() + 1), dtype=np.int64)
    np.add.at(table, (clusters, classes), 1)
    return table, (clusters, classes)


def _agreement(
    labels: Int[np.ndarray, "seeds images"],
    truth: Int[np.ndarray, " images"],
    changed: Callable[[_Table, int], tuple[float, _Values]],
) -> Estimate:
    """Return the estimate of a score, given its values after a step of 1 in each cell."""
    labelled = truth >= 0
    images = int(labelled.sum())
    if len(np.unique(truth[labelled])) < 2:
        return no_estimate(labels.shape)
    distinct, seeds = np.unique(labels[:, labelled], axis=0, return_inverse=True)
    estimates, doubt = np.empty(len(distinct)), np.empty(len(distinct))
    influence = np.zeros((len(distinct), len(truth)))
    for number, row in enumerate(distinct):
        table, cells = _table(row, truth[labelled])
        estimate, less = changed(table, -1)
        moves = (images - 1) * (estimate - less[cells])
        influence[number, labelled] = moves - moves.mean()
        by_chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / images**2
        more = (images + 1) * (changed(table, +1)[1] - estimate)
        estimates[number], doubt[number] = estimate, np.sqrt((by_chance * more**2).sum())
    return Estimate(estimates[seeds], influence[seeds], doubt[seeds], images)


def _ami_changed(table: _Table, step: int) -> tuple[float, _Values]:
    """Return the AMI, and the AMI with one image more, or less, in each cell.

    As in `ami`, but only the terms that this image changes are computed again.
    """
    estimate = float(ami_from_contingency(table[None])[0])
    if len(table) == 1:
        return estimate, np.zeros(table.shape)
    expected = ExpectedMutualInformation(int(table.sum()) + step)
    total = expected.total
    rows, columns = table.sum(axis=1), table.sum(axis=0)

    def sums(counts: Int[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
        moved = xlogy(np.maximum(counts + step, 0), np.maximum(counts + step, 0))
        return np.asarray(xlogy(counts, counts).sum() - xlogy(counts, counts) + moved)

    both = sums(rows)[:, None] + sums(columns)[None]
    chance = _chance_changed(rows, columns, step, expected)
    whole = np.log(total)
    information = whole + (sums(table) - both) / total
    entropy = whole - both / (2 * total)
    return estimate, _ratio(information - chance, entropy - chance)


def _chance_changed(
    rows: Int[np.ndarray, " clusters"],
    columns: Int[np.ndarray, " classes"],
    step: int,
    expected: ExpectedMutualInformation,
) -> _Values:
    """Return the expected mutual information after a step in each cell's row and column."""
    sizes, kinds = np.unique(np.concatenate([rows, rows + step]), return_inverse=True)
    other_sizes, other_kinds = np.unique(
        np.concatenate([columns, columns + step]), return_inverse=True
    )
    row, moved_row = np.split(kinds, 2)
    column, moved_column = np.split(other_kinds, 2)
    shared = expected(sizes[:, None], other_sizes[None])
    of_row = shared @ np.bincount(column, minlength=len(other_sizes))
    of_column = np.bincount(row, minlength=len(sizes)) @ shared

    def cell(row: Int[np.ndarray, " clusters"], column: Int[np.ndarray, " classes"]) -> _Values:
        return np.asarray(shared[np.ix_(row, column)])

    in_row = (of_row[moved_row] - of_row[row])[:, None]
    in_column = (of_column[moved_column] - of_column[column])[None]
    crossing = (
        cell(row, column)
        - cell(moved_row, column)
        - cell(row, moved_column)
        + cell(moved_row, moved_column)
    )
    return np.asarray(of_row[row].sum() + in_row + in_column + crossing)


def _ari_changed(table: _Table, step: int) -> tuple[float, _Values]:
    """Return the ARI, and the ARI with one image more, or less, in each cell."""

    def index(
        pairs: _Numbers, rows: _Numbers, columns: _Numbers, images: int
    ) -> Float64[np.ndarray, "..."]:
        by_chance = rows * columns / max(images * (images - 1) / 2, 1)
        return _ratio(pairs - by_chance, (rows + columns) / 2 - by_chance)

    def pairs(counts: Int[np.ndarray, "..."]) -> Float64[np.ndarray, "1 1"]:
        return np.array([[(counts * (counts - 1) / 2).sum()]])

    def moved(counts: Int[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
        """Return the number of pairs with one image more, or less, in each count."""
        return np.asarray((counts * (counts - 1) / 2).sum() + (counts if step > 0 else 1 - counts))

    images = int(table.sum())
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    estimate = index(pairs(table), pairs(rows), pairs(columns), images)
    values = index(moved(table), moved(rows)[:, None], moved(columns)[None], images + step)
    return float(estimate[0, 0]), values


def _ratio(above: _Numbers, below: _Numbers) -> _Numbers:
    """Return the ratio, 1 where the denominator is zero."""
    return np.asarray(
        np.divide(above, below, out=np.ones(above.shape), where=np.abs(below) > _NOTHING)
    )
