"""Promises of the estimates: the mean over images, and the influence of each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from embedbench.metrics.base import mean_estimate, no_estimate


def test_the_influence_on_a_mean_is_the_deviation_from_it() -> None:
    found = mean_estimate(np.array([[1.0, 0.0, np.nan, 0.5]]))
    assert found.mean == pytest.approx(0.5)
    np.testing.assert_allclose(found.influence, [[0.5, -0.5, 0.0, 0.0]])
    assert found.n_images == 3


def test_images_without_a_value_do_not_count() -> None:
    values = np.array([[1.0, np.nan, 0.0, 0.5], [0.0, np.nan, 0.0, 0.3]])
    estimate = mean_estimate(values)
    assert estimate.n_images == 3
    assert estimate.estimates == pytest.approx([0.5, 0.1]) and estimate.mean == pytest.approx(0.3)
    assert estimate.influence[0] == pytest.approx([0.5, 0, -0.5, 0])


def test_the_smoothing_error_of_all_right_is_that_of_four_pseudo_observations() -> None:
    # Each is right or wrong with probability 1/2: off by 0 or 1, so a mean square of 1/2.
    assert mean_estimate(np.ones((1, 9))).smoothing_error == pytest.approx(np.sqrt(4 / 2))


def test_the_smoothing_error_is_of_values_that_can_be_reached() -> None:
    """Four pseudo-observations at 0 or 0.5 about a mean of 0.25."""
    score = mean_estimate(np.array([[0.2, 0.3]]), high=0.5)
    assert score.smoothing_error == pytest.approx([np.sqrt(4 * 0.25**2)])


def test_moves_of_images_are_centred_and_added_to_the_influence() -> None:
    values, moves = np.array([[1.0, 0.0, 0.5, np.nan]]), np.array([3.0, 0.0, 0.0, 1.0])
    estimate = mean_estimate(values, moves=moves, moving=np.ones(4, dtype=bool))
    assert estimate.influence[0] == pytest.approx([0.5 + 2, -0.5 - 1, 0 - 1, 0])
    assert mean_estimate(values, moves=moves).influence[0] == pytest.approx([2.5, -1.5, -1, 0])


def test_what_the_values_count_already_is_taken_out_of_the_variance_of_moves() -> None:
    values, moves = np.full((1, 4), 0.5), np.array([3.0, 1.0, -1.0, -3.0])
    influence = mean_estimate(values, moves=moves, twice=15.0).influence[0]
    assert influence == pytest.approx(moves / 2) and influence @ influence == pytest.approx(20 - 15)
    assert not mean_estimate(values, moves=moves, twice=21.0).influence.any()


@given(arrays(np.float64, (2, 6), elements=st.floats(0, 1)))
def test_influence_sums_to_zero(values: np.ndarray) -> None:
    assert mean_estimate(values).influence.sum(axis=1) == pytest.approx([0, 0], abs=1e-12)


def test_without_values_there_is_no_estimate() -> None:
    for estimate in (mean_estimate(np.full((2, 3), np.nan)), no_estimate((2, 3))):
        assert np.isnan(estimate.estimates).all() and estimate.n_images == 0
        assert estimate.influence.shape == (2, 3) and not estimate.influence.any()
