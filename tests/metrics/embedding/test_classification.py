"""Promises of the classes, of predictions by neighbours, and of how images teach."""

from itertools import product

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.embedding.classification import (
    groups_a_class,
    knn_correct,
    knn_score,
    with_partner,
)
from embedbench.metrics.embedding.neighbours import neighbourhood

RANDOM = np.random.default_rng(0)
TRUTH = RANDOM.integers(0, 4, 80)
VECTORS = (RANDOM.normal(size=(80, 6)) + np.eye(4, 6)[TRUTH]).astype(np.float32)
ALONE = np.arange(80)
WIDE = VECTORS.astype(np.float64)

# Class 0 in two groups, 1 in one (two copies), 2 in one; a group may have two classes.
CODES = np.array([0, 0, 0, 1, 1, 2, -1, -1])
GROUPS = np.array([0, 0, 1, 2, 2, 1, 3, 4])


def test_copies_count_once_and_unknown_labels_not_at_all() -> None:
    assert groups_a_class(CODES, GROUPS) == {0: 2, 1: 1, 2: 1}
    assert groups_a_class(CODES[6:], GROUPS[6:]) == {}
    assert groups_a_class(CODES[:0], GROUPS[:0]) == {}


def test_a_partner_is_of_the_same_class_and_another_group() -> None:
    assert with_partner(CODES, GROUPS).tolist() == [True] * 3 + [False] * 5
    for image, has_partner in enumerate(with_partner(CODES, GROUPS)):
        others = (CODES == CODES[image]) & (GROUPS != GROUPS[image]) & (CODES >= 0)
        assert has_partner == others.any()


@pytest.mark.parametrize("neighbours", [1, 5, 10])
def test_the_prediction_is_scikit_learns_leave_one_out(neighbours: int) -> None:
    peer = KNeighborsClassifier(neighbours, metric="cosine", weights="distance")
    guess = cross_val_predict(peer, WIDE, TRUTH, cv=LeaveOneOut())
    correct = knn_correct(neighbourhood(VECTORS, TRUTH, ALONE), TRUTH, ALONE, neighbours)
    assert correct.tolist() == (guess == TRUTH).astype(float).tolist()
    assert 0.3 < correct.mean() < 1


def test_unlabelled_images_do_not_vote() -> None:
    truth = np.where(RANDOM.random(80) < 0.5, TRUTH, -1)
    known = truth >= 0
    found = neighbourhood(VECTORS, truth, ALONE, most=10)
    without = neighbourhood(VECTORS[known], truth[known], ALONE[known], most=10)
    one = knn_correct(found, truth, ALONE)
    other = knn_correct(without, truth[known], ALONE[known])
    assert np.isnan(one[~known]).all() and np.array_equal(one[known], other)
    # They are neighbours all the same.
    assert np.array_equal(found.nearest, neighbourhood(VECTORS, None, ALONE, most=10).nearest)


def test_copies_of_an_image_in_other_groups_outvote_all_others() -> None:
    # Image 0 has a copy with its label in row 3; rows 1 and 2 are close but not copies.
    vectors = np.array([[2, 0], [1, 0.01], [1, 0.01], [6, 0], [0, 1]], dtype=np.float32)
    truth = np.array([0, 1, 1, 0, 1])
    found = neighbourhood(vectors, truth, np.arange(5), most=4)
    assert found.nearest[0].tolist() == [3, 1, 2, 4]
    assert found.similarity[0, 0] == 1
    assert knn_correct(found, truth, np.arange(5), 4)[0] == 1
    # As copies that are known, 0 and 3 say nothing of one another, nor has 0 another partner.
    groups = np.array([7, 1, 2, 7, 4])
    known = neighbourhood(vectors, truth, groups, most=4)
    assert known.nearest[0].tolist() == [1, 2, 4, -1]
    assert np.isnan(knn_correct(known, truth, groups, 4)[[0, 3]]).all()


def test_images_that_were_not_asked_are_not_predicted() -> None:
    asked = ALONE[::3]
    some = knn_correct(neighbourhood(VECTORS, TRUTH, ALONE, asked=asked), TRUTH, ALONE)
    every = knn_correct(neighbourhood(VECTORS, TRUTH, ALONE), TRUTH, ALONE)
    assert np.array_equal(some[asked], every[asked])
    assert np.isnan(np.delete(some, asked)).all()


def test_the_influence_of_a_voter_is_half_of_what_it_adds_over_all_halves() -> None:
    # Ten images: a half holds each other one or not, so there are 512 halves of the nine others.
    # Image 0 is the nearest of all others, and 1 to 3, of the other label, are the next.
    truth, rows = np.array([0, 1, 1, 1, 0, 0, 0, 0, 0, 0]), ALONE[:10]
    vectors = np.eye(10, dtype=np.float32) * np.linspace(1, 1.1, 10)[:, None].astype(np.float32)
    vectors[:, 0] = 2
    found = neighbourhood(vectors, truth, rows)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    distances, effects = 1 - (unit @ unit.T).astype(np.float64), np.zeros((10, 10))
    for query in rows:
        others = np.delete(rows, query)
        for half in product([False, True], repeat=9):
            chosen = others[np.array(half)]
            voters = chosen[np.argsort(distances[query, chosen])][:1]
            votes = np.bincount(truth[voters], 1 / distances[query, voters], 3)
            right = len(voters) > 0 and votes.argmax() == truth[query]
            effects[query, others] += np.where(half, 1, -1) * right / 512
    values = knn_correct(found, truth, rows, 1)
    moves = effects.sum(axis=0) - effects.sum(axis=0).mean()
    # Half of what single pairs add to the variance is in the values already.
    moves *= np.sqrt(1 - (effects**2).sum() / 2 / (moves**2).sum())
    score = knn_score(found, truth, rows, 1)
    assert score.mean == values.mean()
    moved = score.influence[0] - (values - values.mean())
    assert moves[0] > 1 and moved[:4] == pytest.approx(moves[:4], abs=0.05)
    # The halves that are drawn stand for all, and so miss some of what four and more do together.
    assert moved == pytest.approx(moves, abs=0.3)


def test_unlabelled_images_and_those_of_the_own_group_teach_nothing() -> None:
    truth = np.where(ALONE < 60, TRUTH, -1)
    groups = ALONE // 2
    found = neighbourhood(VECTORS, truth, groups)
    score = knn_score(found, truth, groups)
    assert not score.influence[0, 60:].any()
    # Two classes of one group each know no other image: nothing is predicted.
    alone = knn_score(
        neighbourhood(VECTORS[:4], truth[:4], groups[:4]), np.array([0, 0, 1, 1]), groups[:4]
    )
    assert np.isnan(alone.mean) and not alone.influence.any()


def drawn(seed: int) -> tuple[float, tuple[float, float]]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, 4, 100)
    vectors = (random.normal(size=(100, 6)) + 0.5 * np.eye(4, 6)[truth]).astype(np.float32)
    score = knn_score(neighbourhood(vectors, truth, np.arange(100), most=30), truth, np.arange(100))
    return score.mean, PairedBootstrap(np.arange(100), seed).intervals({"knn": score})["knn"]


def test_the_interval_of_knn_accuracy_counts_the_images_that_teach() -> None:
    """Of 150 sets of classes hard to tell apart; of them alone it held the truth in 0.87."""
    found = [drawn(seed) for seed in range(150)]
    answer = np.mean([drawn(seed)[0] for seed in range(1000, 1400)])
    assert np.mean([low <= answer <= high for _, (low, high) in found]) >= 0.92
