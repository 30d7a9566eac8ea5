"""Promises of rankings: scores by their definitions, influence by leaving each image out."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from embedbench.metrics.embedding.retrieval_influence import (
    Ranked,
    at_cut,
    average_precision,
    r_precision,
    rank,
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
                # Without the only right answer there is no score.
                without = by_definition(rest, left) if rest.any() else 0
                assert moves[query, place] == pytest.approx(whole - without, abs=1e-12), name


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
    assert found["reciprocal_rank"][1].tolist() == [[1 / 2 - 1, 1 / 2 - 1 / 3, 0, 0]]
    assert found["precision@2"][0].tolist() == [1 / 2] and found["recall@2"][0].tolist() == [1 / 2]
    assert found["precision@9"][0].tolist() == [2 / 9] and found["recall@9"][0].tolist() == [1]


def test_of_equally_near_images_the_right_ones_stand_first() -> None:
    ranked = rank(np.zeros((1, 4), np.float32), np.array([[0, 1, 0, 1]]) > 0, 4)
    assert ranked.order.tolist() == [[1, 3, 0, 2]]
    assert ranked.first is not None and ranked.last is not None
    assert ranked.first.tolist() == [[0] * 4] and ranked.last.tolist() == [[3] * 4]


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
