"""The benchmark of the calibrated verdict by hand: Bayes' rule, one voice a network, certainty."""

import numpy as np
import pytest

from calibration import TOO_SURE, Model, Run, consensus, named, nested, with_labels


def test_labels_move_the_difference_as_the_weights_of_their_precisions_say() -> None:
    mean, covariance = np.array([0.1, 0.0]), np.diag([0.02, 0.02])
    moved = np.random.default_rng(0).normal(size=(2, 400)) * [[0.3], [0.1]]
    scores = np.array([0.2, 0.4])
    after, left = with_labels(mean, covariance, scores, moved)
    noise = np.cov(moved) * TOO_SURE + 1e-6 * np.eye(2)
    of_labels = noise[0, 0] + noise[1, 1] - 2 * noise[0, 1]
    weight = 0.04 / (0.04 + of_labels)  # 0.04 is the prior variance of the difference
    assert after[0] - after[1] == pytest.approx(0.1 + weight * (-0.2 - 0.1))
    spread = left[0, 0] + left[1, 1] - 2 * left[0, 1]
    assert spread == pytest.approx(1 / (1 / 0.04 + 1 / of_labels))


def test_one_network_under_two_names_is_one_voice() -> None:
    mean, alone = np.array([0.0, 0.0, -0.3, -0.3]), np.eye(4)
    twice = alone.copy()
    twice[0, 1] = twice[1, 0] = 1
    assert len(named(mean, 0.01 * twice, 0.8)) == 1
    assert len(named(mean, 0.01 * alone, 0.8)) == 2


def test_more_certainty_names_more_and_a_clear_lead_one() -> None:
    mean, covariance = np.array([0.3, 0.25, 0.2, 0.15]), 0.02 * np.eye(4)
    groups = [named(mean, covariance, certainty) for certainty in (0.5, 0.8, 0.95)]
    assert len(groups[0]) < len(groups[1]) < len(groups[2])
    assert named(mean * 100, covariance, 0.95).tolist() == [0]


def test_a_family_has_one_voice_in_the_consensus() -> None:
    agreed = np.array([[1, 0.9, 0.3], [0.9, 1, 0.5], [0.3, 0.5, 1]])
    alike = np.array([[1, 0.99, 0.1], [0.99, 1, 0.1], [0.1, 0.1, 1]])
    assert consensus(agreed, alike).tolist() == pytest.approx([0.3, 0.5, 0.4])


def made_up(name: str, number: int) -> Run:
    """A run whose truth is a half of one signal, with errors of 0.05."""
    random = np.random.default_rng([sum(map(ord, name)), number])
    kept, noise = random.uniform(size=(2, 6))
    truth = kept / 2 + 0.05 * random.normal(size=6)
    return Run(name, truth, {"clusters kept": kept, "consensus": noise}, np.eye(6), {})


def test_the_fit_finds_the_line_and_certainty_is_kept_on_other_sets() -> None:
    runs = [made_up(name, number) for name in "abcdefgh" for number in range(12)]
    model = Model.fitted(runs)
    assert model.weights == pytest.approx([0.5, 0.0], abs=0.03)
    rows = nested(runs)
    sure = rows[rows["certainty"] == 0.8]
    assert 0.75 < sure["right"].astype(float).mean() < 0.95
    assert sure["commits"].mean() > 0.9
