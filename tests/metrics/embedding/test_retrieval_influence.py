"""Promises of scores of rankings: by their definitions, and so is each image's influence."""

from collections.abc import Callable
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from embedbench.metrics.embedding.rankings import Ranked, rank
from embedbench.metrics.embedding.retrieval_influence import (
    at_cut,
    average_precision,
    r_precision,
    reciprocal_rank,
)

Score = Callable[[np.ndarray, np.ndarray], float]


def mean_over_orders(of_ranking: Callable[[np.ndarray], float]) -> Score:
    """Return the score of a ranking, averaged over all orders of equally near images."""

    def score(right: np.ndarray, near: np.ndarray) -> float:
        found = []
        for order in map(list, permutations(range(len(right)))):
            ranking = np.array(order)[np.argsort(near[order], kind="stable")]
            found.append(of_ranking(right[ranking]))
        return float(np.mean(found))

    return score


def of_scikit_learn(right: np.ndarray, near: np.ndarray) -> float:
    return float(average_precision_score(right, -near))


BY_DEFINITION: dict[str, Score] = {
    "average_precision": of_scikit_learn,
    "r_precision": mean_over_orders(lambda right: float(right[: right.sum()].mean())),
    "reciprocal_rank": mean_over_orders(lambda right: 1 / (1 + int(np.argmax(right)))),
    "precision@2": mean_over_orders(lambda right: float(right[:2].sum() / 2)),
    "recall@2": mean_over_orders(lambda right: float(right[:2].sum() / right.sum())),
    "precision@9": mean_over_orders(lambda right: float(right.sum() / 9)),
    "recall@9": mean_over_orders(lambda _: 1.0),
}


def scored(ranked: Ranked) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    found = {
        "average_precision": average_precision(ranked),
        "r_precision": r_precision(ranked),
        "reciprocal_rank": reciprocal_rank(ranked),
    }
    for k in (2, 9):
        precision, moves, recall, recall_moves = at_cut(ranked, k)
        found |= {f"precision@{k}": (precision, moves), f"recall@{k}": (recall, recall_moves)}
    return found


answers = st.lists(st.booleans(), min_size=5, max_size=5).filter(any)
distances = st.lists(st.integers(0, 4), min_size=5, max_size=5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(answers, distances), min_size=1, max_size=3))
def test_scores_and_influence_are_those_of_the_definitions_with_ties_too(
    queries: list[tuple[list[bool], list[int]]],
) -> None:
    right = np.array([row for row, _ in queries])
    near = np.array([row for _, row in queries], dtype=np.float32)
    ranked = rank(near, right, 5)
    for name, (scores, moves) in scored(ranked).items():
        by_definition = BY_DEFINITION[name]
        for query in range(len(queries)):
            whole = by_definition(right[query], near[query])
            assert scores[query] == pytest.approx(whole), name
            for place, image in enumerate(ranked.order[query]):
                rest = np.delete(right[query], image)
                left = np.delete(near[query], image)
                if rest.any() and name not in ("average_precision", "r_precision"):
                    continue
                # Without the only right answer there is no score.
                without = by_definition(rest, left) if rest.any() else 0
                assert moves[query, place] == pytest.approx(whole - without, abs=1e-12), name


def added_in_halves(score: Score, right: np.ndarray, near: np.ndarray, image: int) -> float:
    """Return half of what an image adds to the score, on average over all halves of the others."""
    added = []
    for kept in product([False, True], repeat=len(right) - 1):
        without = np.insert(np.array(kept), image, False)
        both = np.insert(np.array(kept), image, True)
        # Without a right answer there is nothing to find.
        values = [score(right[h], near[h]) if right[h].any() else 0 for h in (both, without)]
        added.append(values[0] - values[1])
    return float(np.mean(added)) / 2


@settings(max_examples=10, deadline=None)
@given(answers.filter(lambda right: sum(right) > 1), distances, st.permutations(range(5)))
def test_influence_on_the_nearest_is_that_in_random_halves_of_the_gallery(
    answer: list[bool], with_ties: list[int], without_ties: list[int]
) -> None:
    right = np.array(answer)
    for near in (np.array(with_ties, np.float32), np.array(without_ties, np.float32)):
        ranked = rank(near[None], right[None], 5)
        found = {"precision@2": at_cut(ranked, 2)[1], "precision@9": at_cut(ranked, 9)[1]}
        if ranked.first is None:
            found["reciprocal_rank"] = reciprocal_rank(ranked)[1]
        for name, moves in found.items():
            expected = [added_in_halves(BY_DEFINITION[name], right, near, i) for i in range(5)]
            assert moves[0] == pytest.approx(np.array(expected)[ranked.order[0]], abs=1e-12), name


def test_a_case_by_hand() -> None:
    ranked = rank(np.array([[3, 1, 2, 0, 9]], np.float32), np.array([[1, 1, 0, 0, 1]]) > 0, 4)
    assert ranked.order.tolist() == [[3, 1, 2, 0]]
    assert ranked.right.tolist() == [[False, True, False, True]]
    assert ranked.total.tolist() == [2]
    found = scored(ranked)
    assert found["average_precision"][0] == pytest.approx([(1 / 2 + 2 / 4) / 2])
    # Without image 3, which is nearest and wrong, the ranks are 1 and 3.
    assert found["average_precision"][1][0, 0] == pytest.approx(1 / 2 - (1 + 2 / 3) / 2)
    assert found["reciprocal_rank"][0].tolist() == [1 / 2]
    # In a half: the first right answer there (1/2) behind a wrong one or none (3/4), or only the
    # second (1/4) behind none, one or two (1/4 + 1/2 / 2 + 1/4 / 3).
    first, second = 1 / 2 * 3 / 4, 1 / 4 * 7 / 12
    by_wrong = [1 / 2 * (3 / 4 - 1) + 1 / 4 * (7 / 12 - 3 / 4), 1 / 4 * (7 / 12 - 3 / 4)]
    expected = [by_wrong[0], first - second, by_wrong[1], second]
    assert found["reciprocal_rank"][1][0] == pytest.approx(expected)
    assert found["precision@2"][0].tolist() == [1 / 2] and found["recall@2"][0].tolist() == [1 / 2]
    assert found["precision@9"][0].tolist() == [2 / 9] and found["recall@9"][0].tolist() == [1]


def test_many_ties_have_the_rank_that_the_negative_hypergeometric_gives() -> None:
    # Of n in random order, r right, the first right one is on average at (n + 1) / (r + 1); the
    # mean of 1 / rank is summed here by the share of orders that begin with so many wrong ones.
    right = np.arange(300) < 7
    expected, unseen = 0.0, 1.0
    for drawn in range(294):
        expected += unseen * 7 / (300 - drawn) / (drawn + 1)
        unseen *= (293 - drawn) / (300 - drawn)
    scores, _ = reciprocal_rank(rank(np.zeros((1, 300), np.float32), right[None], 300))
    assert scores[0] == pytest.approx(expected)
