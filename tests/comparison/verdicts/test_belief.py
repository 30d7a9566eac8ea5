"""The belief by hand: Bayes' rule, one voice a network, certainty, and what is said of a group."""

import numpy as np
import pandas as pd
import pytest

from embedbench.comparison.verdicts.belief import (
    LINES,
    Asked,
    Belief,
    Line,
    likely,
    with_probability,
)
from embedbench.metrics.ranking import rank_by
from embedbench.results.tables.purposes import CLUSTERING, SEARCH


def test_labels_move_the_difference_as_the_weights_of_their_precisions_say() -> None:
    before = Belief(np.array([0.1, 0.0]), np.diag([0.02, 0.02]))
    moved = np.random.default_rng(0).normal(size=(2, 400)) * [[0.3], [0.1]]
    after = before.with_scores(np.array([0.2, 0.4]), moved)
    noise = np.cov(moved) * 1.5 + 1e-6 * np.eye(2)
    of_labels = noise[0, 0] + noise[1, 1] - 2 * noise[0, 1]
    weight = 0.04 / (0.04 + of_labels)  # 0.04 is the variance of the difference before
    assert after.mean[0] - after.mean[1] == pytest.approx(0.1 + weight * (-0.2 - 0.1))
    left = after.covariance
    spread = left[0, 0] + left[1, 1] - 2 * left[0, 1]
    assert spread == pytest.approx(1 / (1 / 0.04 + 1 / of_labels))


def test_many_labels_leave_nothing_of_the_signals() -> None:
    before = Belief(np.array([0.5, 0.0, 0.0]), 0.02 * np.eye(3))
    moved = 1e-4 * np.random.default_rng(0).normal(size=(3, 400))
    after = before.with_scores(np.array([0.1, 0.3, 0.6]), moved)
    assert np.diff(after.mean) == pytest.approx([0.2, 0.3], abs=1e-3)
    assert after.probabilities(0.02).tolist() == [0, 0, 1]


def test_one_network_under_two_names_is_one_voice() -> None:
    line, flat = Line(1.0, 0.0, -4.6, 0.0), np.zeros(4)
    retention, twice = np.array([0.0, 0.0, -0.3, -0.3]), np.eye(4)
    twice[0, 1] = twice[1, 0] = 1
    assert len(Belief.by_signals(retention, flat, twice, line).group(Asked())) == 1
    assert len(Belief.by_signals(retention, flat, np.eye(4), line).group(Asked())) == 2


def test_more_certainty_names_more_and_a_clear_lead_one() -> None:
    belief = Belief(np.array([0.3, 0.25, 0.2, 0.15]), 0.02 * np.eye(4))
    sure = (0.5, 0.8, 0.95)
    groups = [belief.group(Asked(certainty)) for certainty in sure]
    assert len(groups[0]) < len(groups[1]) < len(groups[2])
    for group, certainty in zip(groups, sure, strict=True):
        assert belief.holds(group, 0.02) >= certainty
        assert len(group) == 1 or belief.holds(group[:-1], 0.02) < certainty
    assert Belief(belief.mean * 100, belief.covariance).group(Asked(0.95)) == [0]


def test_the_probability_of_two_is_that_of_their_difference() -> None:
    """P(a >= b - 0.02), a - b being normal."""
    belief = Belief(np.array([0.1, 0.0]), 0.005 * np.eye(2))
    found = belief.probabilities(0.02)
    assert found == pytest.approx([0.8849, 0.2119], abs=0.02)  # of (0.12, -0.08) / 0.1


def test_without_signals_all_are_equally_likely() -> None:
    found = Belief.unknown(np.eye(5), LINES[CLUSTERING]).probabilities(0.02)
    assert found == pytest.approx(np.full(5, found.mean()), abs=0.03)


def test_the_line_has_its_spread_where_it_was_fitted() -> None:
    line = Line(0.5, 2.0, -3.0, -0.5)
    scores = line.scores(np.array([0.2, 0.4]), np.array([0.1, 0.1]))
    assert scores.tolist() == pytest.approx([-0.05, 0.05])
    assert line.variance(scores) == pytest.approx(np.exp(-3) * (0.0025 + 1e-3) ** -0.5)


def test_probabilities_are_a_column_of_the_ranks_by_name() -> None:
    belief = Belief(np.array([0.0, 1.0]), 1e-4 * np.eye(2))
    ranks = rank_by(["a", "b"], [0.0, 1.0], np.array([[0.0, 0.1], [1.0, 1.1]]))
    found = with_probability(ranks.loc[["b", "a"]], ["a", "b"], belief, 0.02)
    pd.testing.assert_series_equal(
        found["probability"],
        pd.Series([1.0, 0.0], index=pd.Index(["b", "a"], name="encoder"), name="probability"),
    )


def test_the_share_that_was_right_is_said_of_what_was_measured() -> None:
    alone = "within 0.02 of the best with a probability of 0.83"
    for purpose, labels in ((CLUSTERING, 0), (CLUSTERING, 30), (SEARCH, 0)):
        found = likely(0.83, purpose, Asked(), labels)
        assert found.startswith(alone) and "on 29 labelled sets" in found
    assert likely(0.83, SEARCH, Asked(), 30) == alone  # with labels only clusters were judged
    assert likely(0.83, CLUSTERING, Asked(0.8), 0) != likely(0.83, CLUSTERING, Asked(0.6), 0)
