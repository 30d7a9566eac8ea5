"""Promises of rankings: the nearest first, and which images are equally near."""

import numpy as np

from embedbench.metrics.embedding.rankings import rank


def test_of_equally_near_images_the_right_ones_stand_first() -> None:
    ranked = rank(np.zeros((1, 4), np.float32), np.array([[0, 1, 0, 1]]) > 0, 4)
    assert ranked.order.tolist() == [[1, 3, 0, 2]]
    assert ranked.first is not None and ranked.last is not None
    assert ranked.first.tolist() == [[0] * 4] and ranked.last.tolist() == [[3] * 4]


def test_sums_of_ties_by_hand() -> None:
    ranked = rank(np.array([[2, 1, 2, 3, 2]], np.float32), np.array([[0, 1, 0, 1, 1]]) > 0, 5)
    assert ranked.order.tolist() == [[1, 4, 0, 2, 3]]
    values = np.array([[1.0, 2, 3, 4, 5]])
    assert ranked.sum_of_tie(values).tolist() == [[1, 9, 9, 9, 5]]


def test_the_nearest_alone_take_all_that_are_as_near() -> None:
    ranked = rank(np.array([[0, 1, 2, 2, 3], [0, 1, 2, 3, 4]], np.float32), np.ones((2, 5)) > 0, 5)
    near = ranked.until(3)
    assert near.order.tolist() == [[0, 1, 2, 3]] * 2 and near.total.tolist() == [4, 4]
    assert near.last is not None and near.last[0].tolist() == [0, 1, 3, 3]
    assert ranked.until(2).last is None
