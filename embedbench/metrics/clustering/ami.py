"""Adjusted mutual information of many pairs of partitions of the same images at once.

It equals scikit-learn's `adjusted_mutual_info_score` (Vinh, Epps, Bailey 2010, arithmetic mean)
to 1e-9. Nearly all the time goes to the expected mutual information, a sum over pairs of a row
and a column of the table that depends on their totals only. Here each pair of totals is computed
once.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int
from scipy.sparse import csr_array
from scipy.special import xlogy

__all__ = ["ExpectedMutualInformation", "ami_from_contingency", "pairwise_ami"]

_EXPONENT = 40.0
"""Counts with a probability below exp(-40), 4e-18, are not summed."""

_BLOCK = 2**15
"""About how many terms are computed at once, so that they stay in the processor's cache."""


class ExpectedMutualInformation:
    """Expected mutual information of a row and a column of a table of `total` images.

    If two partitions keep their sizes and the images are assigned at random, a cluster of a
    images and one of b share X images, hypergeometric with mean m = a b / total. They add
    (E[X log X] - m log m) / total nats, 0 or more, to the expected mutual information. Each pair
    of sizes is computed at first use and cached.

    Attributes:
        total: number of images.
        x_log_x: x log x for each x from 0 to `total`.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        counts = np.arange(total + 1)
        self.x_log_x: Float64[np.ndarray, " counts"] = xlogy(counts, counts)
        self._keys = np.zeros(0, dtype=np.int64)
        self._values = np.zeros(0)

    def __call__(
        self, rows: Int[np.ndarray, "..."], columns: Int[np.ndarray, "..."]
    ) -> Float64[np.ndarray, "..."]:
        """Return the term of each pair of sizes, 0 to `total`, in their broadcast shape.

        Earlier calls change no bit of the result.
        """
        rows, columns = rows.astype(np.int64), columns.astype(np.int64)
        keys = np.minimum(rows, columns) * (self.total + 1) + np.maximum(rows, columns)
        distinct, positions = np.unique(keys, return_inverse=True)
        new = np.setdiff1d(distinct, self._keys, assume_unique=True)
        if len(new):
            cached = np.concatenate([self._keys, new])
            order = np.argsort(cached)
            self._values = np.concatenate([self._values, self._of_keys(new)])[order]
            self._keys = cached[order]
        values = self._values[np.searchsorted(self._keys, distinct)]
        return np.asarray(values[positions]).reshape(keys.shape)

    def _of_keys(self, keys: Int[np.ndarray, " pairs"]) -> Float64[np.ndarray, " pairs"]:
        total = max(self.total, 1)
        smaller, larger = np.divmod(keys, self.total + 1)
        mean = smaller * (larger / total)
        # Bound on the deviation of a count from its mean: Bernstein's inequality, which also
        # holds without replacement (Hoeffding 1963); X, a - X and b - X deviate equally.
        variance = np.minimum(smaller, total - smaller) * np.minimum(larger, total - larger) / total
        third = _EXPONENT / 3
        reach = np.ceil(third + np.sqrt(third**2 + 2 * _EXPONENT * variance)).astype(np.int64)
        centre = mean.astype(np.int64)
        first = np.maximum(np.maximum(centre - reach, smaller + larger - total), 0)
        last = np.minimum(centre + 1 + reach, smaller)
        means = np.empty(len(keys))
        order = np.argsort(first - last, kind="stable")
        while len(order):
            terms = int(last[order[0]] - first[order[0]]) + 1
            block, order = np.split(order, [max(1, _BLOCK // terms)])
            counts = first[block] + np.arange(terms)[:, None]
            means[block] = self._mean_x_log_x(smaller[block], larger[block], counts)
        return np.asarray((means - xlogy(mean, mean)) / total)

    def _mean_x_log_x(
        self,
        smaller: Int[np.ndarray, " pairs"],
        larger: Int[np.ndarray, " pairs"],
        counts: Int[np.ndarray, "terms pairs"],
    ) -> Float64[np.ndarray, " pairs"]:
        """Return E[X log X] over the counts of each pair.

        Each probability is computed from the previous one, and the sum is normalised to 1, since
        logarithms of factorials lose 1e-9 at a million images. Impossible counts get 0; counts
        below the rounding error may be included.
        """
        before, after = counts[:-1].astype(np.float64), counts[1:].astype(np.float64)
        weights = np.ones(counts.shape)
        np.multiply(smaller - before, larger - before, out=weights[1:])
        weights[1:] /= after * (after + (self.total - smaller - larger))
        np.multiply.accumulate(weights, axis=0, out=weights)
        products = weights * self.x_log_x.take(counts, mode="clip")
        # Added one by one: the grouping of `sum` depends on their number, and changes the last bit.
        summed, expected = np.add.accumulate(weights)[-1], np.add.accumulate(products)[-1]
        return np.asarray(expected / summed)


def ami_from_contingency(
    tables: Int[np.ndarray, "tables rows columns"],
    expected: ExpectedMutualInformation | None = None,
) -> Float64[np.ndarray, " tables"]:
    """Return the adjusted mutual information of each contingency table.

    At most 1, higher is better, 0 is chance; never nan. Exactly 1 if the two partitions are equal
    (so also if both have one cluster, or there are no images); otherwise exactly 0 if one of them
    has one cluster.

    Args:
        tables: number of images in both the row's and the column's cluster; all tables count the
            same number of images. Rows and columns may be empty.
        expected: cache for this number of images, shared between calls.

    Raises:
        ValueError: a count is negative; the tables count different numbers of images, or not that
            of `expected`.
    """
    totals = tables.sum(axis=(1, 2))
    if tables.size and tables.min() < 0:
        raise ValueError(f"a table must count 0 images or more; not {tables.min()}")
    if len(set(totals.tolist())) > 1:
        raise ValueError(
            "all tables must count the same number of images; "
            f"not {totals.min()} and {totals.max()}"
        )
    if not len(tables):
        return np.zeros(0)
    expected = _for_total(expected, int(totals[0]))
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    pairs = expected(rows[:, :, None], columns[:, None, :])
    chance = pairs.reshape(len(tables), -1).sum(axis=1)

    def summary(counts: Int[np.ndarray, "tables ..."]) -> _Counts:
        owners = np.repeat(np.arange(len(counts)), counts[0].size)
        return _Counts.of(counts.ravel(), owners, len(counts), expected)

    return _adjusted(summary(tables), summary(rows), summary(columns), chance, expected.total)


def pairwise_ami(
    one: Int[np.ndarray, "runs images"],
    other: Int[np.ndarray, "others images"],
    expected: ExpectedMutualInformation | None = None,
) -> Float64[np.ndarray, "runs others"]:
    """Return the adjusted mutual information of each run of `one` with each run of `other`.

    As `ami_from_contingency`; clusters of one image cost little.

    Args:
        one: cluster of each image in each run; a negative number is a cluster like any other.
        other: the same for other runs.
        expected: cache for this number of images, shared between calls.

    Raises:
        ValueError: `expected` is for another number of images.
    """
    expected = _for_total(expected, one.shape[1])
    amis = np.empty((len(one), len(other)))
    if not amis.size:
        return amis
    rows, columns = _Runs.of(one), _Runs.of(other)
    sizes, times = rows.sizes()
    other_sizes, other_times = columns.sizes()
    chance = times @ expected(sizes[:, None], other_sizes[None]) @ other_times.T
    of_rows, of_columns = rows.counts(expected), columns.counts(expected)
    for run, labels in enumerate(one):
        shared = (_Runs.of(labels[None]).members.T @ columns.members).tocoo()
        joint = _Counts.of(shared.data, columns.owners[shared.col], len(other), expected)
        amis[run] = _adjusted(joint, of_rows.at(run), of_columns, chance[run], expected.total)
    return amis


def _for_total(expected: ExpectedMutualInformation | None, total: int) -> ExpectedMutualInformation:
    if expected is not None and expected.total != total:
        raise ValueError(f"`expected` must be of {total} images; not {expected.total}")
    return expected or ExpectedMutualInformation(total)


@dataclass(frozen=True)
class _Counts:
    """Summary of the cluster sizes in each of several partitions.

    Attributes:
        filled: number of clusters that are not empty.
        x_log_x: sum of size times log size.
    """

    filled: Int[np.ndarray, " partitions"]
    x_log_x: Float64[np.ndarray, " partitions"]

    @classmethod
    def of(
        cls,
        sizes: Int[np.ndarray, " clusters"],
        owners: Int[np.ndarray, " clusters"],
        partitions: int,
        expected: ExpectedMutualInformation,
    ) -> "_Counts":
        """Return the summary, given the size and the partition of each cluster."""
        filled = np.bincount(owners[sizes > 0], minlength=partitions)
        summed = np.bincount(owners, expected.x_log_x[sizes], partitions)
        return cls(filled, summed.astype(np.float64))

    def at(self, partition: int) -> "_Counts":
        """Return the summary of one partition."""
        return _Counts(self.filled[[partition]], self.x_log_x[[partition]])


@dataclass(frozen=True)
class _Runs:
    """Clusters of all runs side by side.

    Attributes:
        members: 1 if the row's image is in the column's cluster.
        owners: run of each cluster.
        runs: number of runs.
    """

    members: csr_array
    owners: Int[np.ndarray, " clusters"]
    runs: int

    @classmethod
    def of(cls, labels: Int[np.ndarray, "runs images"]) -> "_Runs":
        """Return the labels in this form."""
        runs, images = labels.shape
        columns = np.empty((images, runs), dtype=np.int64)
        owners: list[int] = []
        for run, row in enumerate(labels):
            names, clusters = np.unique(row, return_inverse=True)
            columns[:, run] = clusters + len(owners)
            owners += [run] * len(names)
        starts = np.arange(0, images * runs + 1, runs)
        ones = np.ones(columns.size, dtype=np.int64)
        members = csr_array((ones, columns.ravel(), starts), shape=(images, len(owners)))
        return cls(members, np.array(owners, dtype=np.int64), runs)

    def counts(self, expected: ExpectedMutualInformation) -> _Counts:
        """Return the counts of each run."""
        return _Counts.of(self.members.sum(axis=0), self.owners, self.runs, expected)

    def sizes(
        self,
    ) -> tuple[Int[np.ndarray, " sizes"], Float64[np.ndarray, "runs sizes"]]:
        """Return the distinct cluster sizes, and how many clusters of each size a run has."""
        sizes, kinds = np.unique(self.members.sum(axis=0), return_inverse=True)
        times = np.zeros((self.runs, len(sizes)))
        np.add.at(times, (self.owners, kinds), 1)
        return sizes, times


def _adjusted(
    joint: _Counts,
    rows: _Counts,
    columns: _Counts,
    chance: Float64[np.ndarray, " partitions"],
    total: int,
) -> Float64[np.ndarray, " partitions"]:
    """Return the scores, given the cells, rows and columns of the tables."""
    whole = np.log(max(total, 1))
    information = whole + (joint.x_log_x - rows.x_log_x - columns.x_log_x) / max(total, 1)
    entropy = whole - (rows.x_log_x + columns.x_log_x) / (2 * max(total, 1))
    same = (joint.filled == rows.filled) & (joint.filled == columns.filled)
    one_cluster = (rows.filled == 1) | (columns.filled == 1)
    # The denominator is 0 only if both have one cluster, or one cluster for each image.
    amis = np.divide(information - chance, entropy - chance, out=np.ones_like(chance), where=~same)
    return np.where(one_cluster & ~same, 0.0, amis)
