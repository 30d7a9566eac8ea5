"""The belief by hand: Bayes' rule, one voice a network, certainty, and what is said of a group."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from embedbench.comparison.verdicts.belief import (
    LINES,
    Asked,
    Belief,
    Gaussian,
    Line,
    Spread,
    likely,
    with_probability,
)
from embedbench.metrics.ranking import rank_by
from embedbench.results.tables.purposes import CLUSTERING, SEARCH


def gaussian(mean: list[float], covariance: np.ndarray) -> Belief:
    """A belief of one Gaussian."""
    return Belief((Gaussian(0.0, np.array(mean), covariance),))


SPREAD = Spread(-4.6, 0.0, 1 - 1e-9, -3.0)
"""The signals tell something for sure."""


def test_labels_move_the_difference_as_the_weights_of_their_precisions_say() -> None:
    before = gaussian([0.1, 0.0], np.diag([0.02, 0.02]))
    moved = np.random.default_rng(0).normal(size=(2, 400)) * [[0.3], [0.1]]
    (after,) = before.with_scores(np.array([0.2, 0.4]), moved).parts
    noise = np.cov(moved) * 1.5 + 1e-6 * np.eye(2)
    of_labels = noise[0, 0] + noise[1, 1] - 2 * noise[0, 1]
    weight = 0.04 / (0.04 + of_labels)  # 0.04 is the variance of the difference before
    assert after.mean[0] - after.mean[1] == pytest.approx(0.1 + weight * (-0.2 - 0.1))
    left = after.covariance
    spread = left[0, 0] + left[1, 1] - 2 * left[0, 1]
    assert spread == pytest.approx(1 / (1 / 0.04 + 1 / of_labels))


def test_many_labels_leave_nothing_of_the_signals() -> None:
    before = SPREAD.belief(np.array([0.5, -0.25, -0.25]), np.eye(3))
    moved = 1e-4 * np.random.default_rng(0).normal(size=(3, 400))
    after = before.with_scores(np.array([0.1, 0.3, 0.6]), moved)
    assert np.diff(after.mean) == pytest.approx([0.2, 0.3], abs=1e-3)
    assert after.probabilities(0.02).tolist() == [0, 0, 1]


def test_labels_that_contradict_the_signals_end_the_trust_in_them() -> None:
    """The odds of two Gaussians, by Bayes' rule, with the densities of SciPy."""
    spread = Spread(-6.0, 0.0, 0.8, -2.0)
    before = spread.belief(np.array([0.3, 0.0, -0.3]), np.eye(3))
    assert before.weights == pytest.approx([0.8, 0.2])
    moved = 0.05 * np.random.default_rng(0).normal(size=(3, 400))
    for scores in (np.array([0.6, 0.4, 0.1]), np.array([0.1, 0.4, 0.6])):
        after = before.with_scores(scores, moved)
        noise, contrasts = 1.5 * np.cov(moved) + 1e-6 * np.eye(3), -np.diff(np.eye(3), axis=0)
        densities = [
            multivariate_normal(
                contrasts @ part.mean, contrasts @ (part.covariance + noise) @ contrasts.T
            ).pdf(contrasts @ scores)
            for part in before.parts
        ]
        odds = np.array([0.8, 0.2]) * densities
        assert after.weights == pytest.approx(odds / odds.sum())
        assert (after.weights[0] > 0.8) == (scores[0] > scores[2])


def test_one_network_under_two_names_is_one_voice() -> None:
    line, flat = Line(1.0, 0.0, SPREAD), np.zeros(4)
    retention, twice = np.array([0.0, 0.0, -0.3, -0.3]), np.eye(4)
    twice[0, 1] = twice[1, 0] = 1
    assert len(Belief.by_signals(retention, flat, twice, line).group(Asked())) == 1
    assert len(Belief.by_signals(retention, flat, np.eye(4), line).group(Asked())) == 2


def test_more_certainty_names_more_and_a_clear_lead_one() -> None:
    belief = gaussian([0.3, 0.25, 0.2, 0.15], 0.02 * np.eye(4))
    sure = (0.5, 0.8, 0.95)
    groups = [belief.group(Asked(certainty)) for certainty in sure]
    assert len(groups[0]) < len(groups[1]) < len(groups[2])
    for group, certainty in zip(groups, sure, strict=True):
        assert belief.holds(group, 0.02) >= certainty
        assert len(group) == 1 or belief.holds(group[:-1], 0.02) < certainty
    assert gaussian([30.0, 25.0, 20.0, 15.0], 0.02 * np.eye(4)).group(Asked(0.95)) == [0]


def test_the_probability_of_two_is_that_of_their_difference() -> None:
    """P(a >= b - 0.02), a - b being normal."""
    belief = gaussian([0.1, 0.0], 0.005 * np.eye(2))
    found = belief.probabilities(0.02)
    assert found == pytest.approx([0.8849, 0.2119], abs=0.02)  # of (0.12, -0.08) / 0.1


def test_without_signals_all_are_equally_likely() -> None:
    found = Belief.unknown(np.eye(5), LINES[CLUSTERING]).probabilities(0.02)
    assert found == pytest.approx(np.full(5, found.mean()), abs=0.03)


def test_the_line_has_its_spread_where_it_was_fitted() -> None:
    line = Line(0.5, 2.0, Spread(-3.0, -0.5, 0.75, -1.0))
    retention, consensus = np.array([0.2, 0.4]), np.array([0.1, 0.1])
    found = Belief.by_signals(retention, consensus, np.eye(2), line)
    told, untold = found.parts
    assert told.mean.tolist() == pytest.approx([-0.05, 0.05])
    assert told.covariance[0, 0] == pytest.approx(1.001 * np.exp(-3) * (0.0025 + 1e-3) ** -0.5)
    assert untold.mean.tolist() == [0, 0]
    assert untold.covariance[0, 0] == pytest.approx(1.001 * np.exp(-1))
    assert found.mean.tolist() == pytest.approx([-0.0375, 0.0375])


def test_probabilities_are_a_column_of_the_ranks_by_name() -> None:
    belief = gaussian([0.0, 1.0], 1e-4 * np.eye(2))
    ranks = rank_by(["a", "b"], [0.0, 1.0], np.array([[0.0, 0.1], [1.0, 1.1]]))
    found = with_probability(ranks.loc[["b", "a"]], ["a", "b"], belief, 0.02)
    pd.testing.assert_series_equal(
        found["probability"],
        pd.Series([1.0, 0.0], index=pd.Index(["b", "a"], name="encoder"), name="probability"),
    )


def test_the_share_that_was_right_is_said_of_what_was_measured() -> None:
    for purpose, labels in ((CLUSTERING, 0), (CLUSTERING, 30), (SEARCH, 0)):
        assert "on 29 labelled sets" in likely(0.83, purpose, Asked(), labels)
    # With labels only clusters were judged.
    alone = "within 0.05 of the best mAP with a probability of 0.83"
    assert likely(0.83, SEARCH, Asked(margin=0.05), 30) == alone
    assert likely(0.83, CLUSTERING, Asked(0.8), 0) != likely(0.83, CLUSTERING, Asked(0.6), 0)
