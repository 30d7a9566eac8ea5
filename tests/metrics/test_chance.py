"""Promises of the tests of chance: known p-values, and no more errors than they allow."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import binomtest, pearsonr
from sklearn.metrics import average_precision_score

from embedbench.metrics.chance import (
    SIGNIFICANT,
    agreement_p,
    can_be_shown,
    chance_of_guess,
    chance_of_ranking,
    label_p,
    unanswered_queries,
)


@pytest.mark.parametrize(("count", "expected"), [(2, 1 / 2), (3, 1 / 6), (4, 1 / 24), (5, 1 / 120)])
def test_of_all_orders_one_agrees_wholly(count: int, expected: float) -> None:
    rising = np.arange(count, dtype=np.float64)
    correlation, p = agreement_p(rising, 3 * rising + 2, 0)
    assert [correlation, p] == pytest.approx([1, expected])
    correlation, p = agreement_p(rising, rising[::-1], 0)
    assert [correlation, p] == pytest.approx([-1, 1])


@pytest.mark.parametrize("count", [5, 7])
def test_the_correlation_is_that_of_scipy_and_its_p_counts_the_orders(count: int) -> None:
    one, other = np.random.default_rng(count).integers(0, 4, size=(2, count)).astype(float)
    correlation, p = agreement_p(one, other, 0)
    assert correlation == pytest.approx(pearsonr(one, other).statistic)
    orders = [pearsonr(one[list(order)], other).statistic for order in permutations(range(count))]
    assert p == pytest.approx(np.mean(np.array(orders) >= correlation - 1e-9), abs=1e-9)


def test_of_many_the_orders_are_drawn_and_the_same_seed_draws_the_same() -> None:
    one = np.arange(12.0)
    other = np.array([0.0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 11])
    correlation, p = agreement_p(one, other, 3)
    assert correlation > 0.9 and p == 1e-4
    assert agreement_p(one, other, 3) == (correlation, p)


def test_scores_that_are_all_the_same_agree_with_none() -> None:
    assert agreement_p(np.ones(4), np.arange(4.0), 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((2, 2), False),  # the same two halves in 1 of 3 shuffles
        ((3, 3), False),  # 1 of 10
        ((3, 4), True),  # 1 of 35
        ((2, 2, 2), False),  # 1 of 15
        ((1, 18), False),  # 1 of 19
        ((1, 19), True),  # 1 of 20
        ((500, 500), True),
        ((9,), False),
        ((), False),
    ],
)
def test_what_a_perfect_partition_could_show(sizes: tuple[int, ...], expected: bool) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    assert can_be_shown(labels) is expected


def test_a_partition_that_is_the_labels_is_no_chance_and_others_are() -> None:
    random = np.random.default_rng(0)
    labels = np.arange(40) % 4
    known = np.stack([labels, (labels + 1) % 4])
    noise = random.integers(4, size=(2, 40))
    constant = np.zeros((2, 40), dtype=int)
    p = label_p([known, noise, constant], labels, 0)
    assert p[0] == 1 / 500 and p[1] > 0.1 and p[2] == 1
    assert np.array_equal(p, label_p([known, noise, constant], labels, 0))


def shown_by_noise(encoders: int, images: int, draws: int) -> int:
    """How often one encoder or more of noise passes for better than chance."""
    random, shown = np.random.default_rng([encoders, images]), 0
    for draw in range(draws):
        classes = int(random.integers(2, max(3, min(6, images // 2))))
        labels = random.integers(classes, size=images)
        runs = [random.integers(classes, size=(2, images)) for _ in range(encoders)]
        shown += bool((label_p(runs, labels, draw) <= SIGNIFICANT).any())
    return shown


@pytest.mark.parametrize(("encoders", "images"), [(2, 5), (4, 20), (12, 60)])
def test_noise_is_shown_in_no_more_than_five_percent(encoders: int, images: int) -> None:
    share = binomtest(shown_by_noise(encoders, images, 60), 60).proportion_ci(method="wilson")
    assert share.low <= 0.05


@pytest.mark.soak
@pytest.mark.parametrize("images", [4, 6, 10, 30, 100, 1000])
@pytest.mark.parametrize("encoders", [2, 4, 12])
def test_noise_is_shown_in_five_percent_of_many_draws(encoders: int, images: int) -> None:
    share = binomtest(shown_by_noise(encoders, images, 300), 300).proportion_ci(method="wilson")
    assert share.low <= 0.05


def test_a_guess_is_right_as_often_as_the_most_frequent_label() -> None:
    assert chance_of_guess(np.array([0, 0, 0, 1, -1, -1, -1, -1])) == 3 / 4
    assert np.isnan(chance_of_guess(np.array([-1, -1])))


def test_the_chance_of_a_ranking_is_the_mean_of_random_orders() -> None:
    labels = np.array([0] * 4 + [1] * 7 + [-1] * 3 + [2])
    groups = np.array([0, 0, 1, 2, *range(3, 14)])
    random, precisions, r_precisions = np.random.default_rng(0), [], []
    for _ in range(1500):
        for query in np.flatnonzero(labels >= 0):
            others = np.flatnonzero((labels >= 0) & (groups != groups[query]))
            right = labels[others] == labels[query]
            if not right.any():
                continue
            order = random.permutation(len(others))
            precisions.append(average_precision_score(right, -order))
            r_precisions.append(right[np.argsort(order)][: right.sum()].mean())
    expected = chance_of_ranking(labels, groups)
    assert [np.mean(precisions), np.mean(r_precisions)] == pytest.approx(expected, abs=0.006)


def test_of_queries_apart_the_gallery_alone_is_ranked() -> None:
    labels, groups = np.array([0, 0, 0, 1, 1, -1]), np.array([0, 1, 2, 3, 0, 5])
    is_query = np.array([True, False, False, False, False, False])
    # Two right ones of three: the fourth image of the gallery is of the query's own group.
    expected = (1 / 3 * (1 + 1 / 2 + 1 / 3) + 1 / 2 * (1 - (1 + 1 / 2 + 1 / 3) / 3), 2 / 3)
    assert chance_of_ranking(labels, groups, is_query) == pytest.approx(expected)


def test_one_right_answer_among_two_is_first_in_half_of_the_orders() -> None:
    labels, groups = np.array([0, 0, 1]), np.arange(3)
    assert chance_of_ranking(labels, groups) == pytest.approx(((1 + 1 / 2) / 2, 1 / 2))
    assert np.isnan(chance_of_ranking(np.array([0, 1, 2]), groups)).all()


def test_a_query_without_its_label_in_the_gallery_or_with_a_copy_alone_is_unanswered() -> None:
    labels = np.array([0, 1, 2, -1, 0, 1, 0])
    groups = np.array([0, 1, 2, 3, 4, 1, 5])
    is_query = np.array([True, True, True, True, False, False, False])
    assert unanswered_queries(labels, groups, is_query).tolist() == [1, 2]
