"""Promises of the fast adjusted mutual information."""

from itertools import permutations
from math import comb, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import hypergeom
from sklearn.metrics import adjusted_mutual_info_score, mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

from embedbench.metrics.clustering.ami import (
    ExpectedMutualInformation,
    ami_from_contingency,
    pairwise_ami,
)

RANDOM = np.random.default_rng(0)
TRUTH = RANDOM.integers(0, 8, 300)
RUNS = np.where(RANDOM.random((6, 300)) < 0.6, TRUTH, RANDOM.integers(0, 9, (6, 300)))
small = arrays(np.int64, 12, elements=st.integers(0, 5))


def scikit(one: np.ndarray, other: np.ndarray) -> float:
    return float(adjusted_mutual_info_score(one, other))


def table(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    counts = np.zeros((1, 10, 11), dtype=np.int64)
    np.add.at(counts[0], (one, other), 1)
    return counts


def share_by_chance(rows: int, columns: int, total: int) -> float:
    """The definition, from exact binomial coefficients."""
    ways = comb(total, columns)
    return sum(
        comb(rows, count)
        * comb(total - rows, columns - count)
        / ways
        * (count / total)
        * log(total * count / (rows * columns))
        for count in range(max(1, rows + columns - total), min(rows, columns) + 1)
    )


@given(small, small)
def test_a_table_scores_as_in_scikit_learn(one: np.ndarray, other: np.ndarray) -> None:
    assert ami_from_contingency(table(one, other))[0] == pytest.approx(scikit(one, other), abs=1e-9)


@given(arrays(np.int64, (2, 12), elements=st.integers(-3, 12)), small)
def test_runs_score_as_in_scikit_learn(runs: np.ndarray, other: np.ndarray) -> None:
    found = pairwise_ami(runs, other[None])
    assert found[:, 0] == pytest.approx([scikit(run, other) for run in runs], abs=1e-9)


def test_tables_of_a_bootstrap_score_as_in_scikit_learn() -> None:
    images = RANDOM.integers(0, 300, (20, 300))
    pairs = [(RUNS[0, drawn], RUNS[1, drawn]) for drawn in images]
    found = ami_from_contingency(np.concatenate([table(*pair) for pair in pairs]))
    assert found == pytest.approx([scikit(*pair) for pair in pairs], abs=1e-9)


def test_each_run_is_paired_with_each_with_thousands_of_images_and_much_noise() -> None:
    labels = RANDOM.integers(0, 20, (3, 3000))
    noise = RANDOM.random(labels.shape) < 0.3
    labels[noise] = 100 + np.arange(noise.sum())
    expected = [[scikit(one, other) for other in labels[1:]] for one in labels]
    found = pairwise_ami(labels, labels[1:])
    assert found == pytest.approx(np.array(expected), abs=1e-9)
    assert found[1, 0] == found[2, 1] == 1


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([0, 0, 0], [1, 1, 1], 1),
        ([0, 0, 0], [0, 1, 1], 0),
        ([0, 1, 1], [0, 0, 0], 0),
        ([0, 1, 2], [0, 0, 0], 0),
        ([0, 1, 2], [2, 0, 1], 1),
        ([0, 0, 1, 1, 2], [3, 3, 0, 0, 1], 1),
        ([0], [5], 1),
    ],
    ids=["one and one", "one and two", "two and one", "all alone and one", "all alone", "renamed"]
    + ["one image"],
)
def test_the_ends_of_the_scale_are_exact(one: list[int], other: list[int], expected: float) -> None:
    first, second = np.array(one), np.array(other)
    assert ami_from_contingency(table(first, second))[0] == expected
    assert pairwise_ami(first[None], second[None])[0, 0] == expected
    assert scikit(first, second) == pytest.approx(expected, abs=1e-9)


def test_no_image_is_a_perfect_match_as_in_scikit_learn() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert ami_from_contingency(table(nothing, nothing))[0] == scikit(nothing, nothing) == 1
    assert pairwise_ami(nothing[None], nothing[None])[0, 0] == 1


def test_each_image_alone_shares_nothing_beyond_chance() -> None:
    alone = np.arange(300)
    assert pairwise_ami(alone[None], RUNS) == pytest.approx(np.zeros((1, 6)), abs=1e-12)


def test_empty_rows_and_columns_change_nothing() -> None:
    tight = contingency_matrix(RUNS[0], RUNS[1])[None]
    wide = np.insert(np.insert(tight, 2, 0, axis=1), 0, 0, axis=2)
    assert ami_from_contingency(wide) == pytest.approx(ami_from_contingency(tight), abs=1e-14)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 20))
def test_what_a_row_and_a_column_share_by_chance_is_the_exact_sum(
    rows: int, columns: int, more: int
) -> None:
    total = max(rows, columns) + more
    found = ExpectedMutualInformation(total)(np.array([rows]), np.array([columns]))
    assert found[0] == pytest.approx(share_by_chance(rows, columns, total), abs=1e-12)


@pytest.mark.parametrize(
    ("rows", "columns", "total"), [(4000, 3, 5000), (2500, 2500, 5000), (4990, 4000, 5000)]
)
def test_skipping_rare_counts_changes_nothing(rows: int, columns: int, total: int) -> None:
    counts = np.arange(1, total + 1)
    shares = hypergeom.pmf(counts, total, rows, columns) * counts / total
    found = ExpectedMutualInformation(total)(np.array([rows]), np.array([columns]))
    expected = (shares * np.log(counts * total / (rows * columns))).sum()
    assert found[0] == pytest.approx(expected, abs=1e-11)


def test_a_million_images_lose_no_digit() -> None:
    million = 10**6
    # By hand: a pair of images is in a cluster of b with the chance b (b - 1) / (n (n - 1)).
    both = 300_000 * 299_999 / (million * (million - 1))
    by_hand = (both * 2 * log(2) - 0.6 * log(0.6)) / million
    found = ExpectedMutualInformation(million)(np.array([2, million]), np.array([300_000, 300_000]))
    assert found[0] == pytest.approx(by_hand, rel=1e-12)
    assert found[1] == pytest.approx(0, abs=1e-14)


def test_its_sum_is_the_mean_information_over_all_ways_to_deal_the_images() -> None:
    one, other = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 1])
    dealt = [mutual_info_score(one, other[list(order)]) for order in permutations(range(6))]
    shared = ExpectedMutualInformation(6)(np.bincount(one)[:, None], np.bincount(other)[None])
    assert shared.sum() == pytest.approx(np.mean(dealt), abs=1e-12)


def test_earlier_calls_change_no_bit() -> None:
    expected = ExpectedMutualInformation(300)
    sizes = RANDOM.integers(0, 301, (40, 2))
    together = expected(sizes[:, 0], sizes[:, 1])
    alone = [ExpectedMutualInformation(300)(pair[0], pair[1]) for pair in sizes[:, :, None]]
    assert together.tolist() == np.concatenate(alone).tolist()
    assert pairwise_ami(RUNS, RUNS, expected).tolist() == pairwise_ami(RUNS, RUNS).tolist()
    tables = table(RUNS[0], RUNS[1])
    assert ami_from_contingency(tables, expected).tolist() == ami_from_contingency(tables).tolist()


def test_no_tables_and_no_runs_give_no_scores() -> None:
    assert ami_from_contingency(np.zeros((0, 3, 3), dtype=np.int64)).shape == (0,)
    assert pairwise_ami(RUNS[:0], RUNS).shape == (0, 6)
    assert pairwise_ami(RUNS, RUNS[:0]).shape == (6, 0)


def test_tables_of_different_sizes_are_an_error() -> None:
    two = np.array([[[1, 2], [3, 4]], [[1, 2], [3, 5]]])
    with pytest.raises(ValueError, match="same number of images; not 10 and 11"):
        ami_from_contingency(two)
    with pytest.raises(ValueError, match="0 images or more; not -1"):
        ami_from_contingency(np.array([[[1, -1], [3, 4]]]))
    with pytest.raises(ValueError, match="must be of 10 images; not 11"):
        ami_from_contingency(two[:1], ExpectedMutualInformation(11))
    with pytest.raises(ValueError, match="must be of 300 images; not 11"):
        pairwise_ami(RUNS, RUNS, ExpectedMutualInformation(11))
