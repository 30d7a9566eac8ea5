"""Promises of the classes: known labels, and groups of near-duplicates as one picture."""

import numpy as np

from embedbench.metrics.embedding.classes import groups_a_class, with_partner

# Class 0 in two groups, 1 in one (two copies), 2 in one; a group may have two classes.
TRUTH = np.array([0, 0, 0, 1, 1, 2, -1, -1])
GROUPS = np.array([0, 0, 1, 2, 2, 1, 3, 4])


def test_copies_count_once_and_unknown_labels_not_at_all() -> None:
    assert groups_a_class(TRUTH, GROUPS) == {0: 2, 1: 1, 2: 1}
    assert groups_a_class(TRUTH[6:], GROUPS[6:]) == {}
    assert groups_a_class(TRUTH[:0], GROUPS[:0]) == {}


def test_a_partner_is_of_the_same_class_and_another_group() -> None:
    assert with_partner(TRUTH, GROUPS).tolist() == [True] * 3 + [False] * 5
    for image, has_partner in enumerate(with_partner(TRUTH, GROUPS)):
        others = (TRUTH == TRUTH[image]) & (GROUPS != GROUPS[image]) & (TRUTH >= 0)
        assert has_partner == others.any()
