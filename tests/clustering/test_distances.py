"""Promises of the distances: accurate also between near-duplicates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist, pdist

from embedbench.clustering.distances import Distances

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=(600, 40)).astype(np.float32)
NEAR = st.one_of(
    st.integers(0, 2).map(float), st.floats(-(2.0**-20), 2.0**-20, width=32).map(lambda x: 1 + x)
)


def plain(points: np.ndarray) -> np.ndarray:
    """scipy's, by differences of coordinates in float64."""
    wide = points.astype(np.float64)
    return np.asarray(cdist(wide, wide))


@pytest.mark.parametrize(("quick", "off"), [(False, 1e-13), (True, 1e-6)])
def test_distances_are_scipys_and_symmetric(quick: bool, off: float) -> None:
    square = Distances(POINTS, quick).square()
    assert np.allclose(square, plain(POINTS), rtol=off, atol=0)
    assert np.array_equal(square, square.T)
    condensed = Distances(POINTS, quick).condensed()
    assert np.allclose(condensed, pdist(POINTS.astype(np.float64)), rtol=off, atol=0)


@given(
    arrays(np.float32, (9, 3), elements=NEAR),
    st.floats(0, 1e4, width=32),
    st.sampled_from([1e-15, 1.0, 1e15]),
    st.booleans(),
)
def test_the_relative_error_is_at_most_1e_5(
    points: np.ndarray, offset: float, scale: float, quick: bool
) -> None:
    points = ((points + np.float32(offset)) * np.float32(scale)).astype(np.float32)
    assert np.allclose(Distances(points, quick).square(), plain(points), rtol=1e-5, atol=0)


@pytest.mark.parametrize("spread", [1, 0.5, 0.3, 0.1, 1e-3, 1e-6, 0])
def test_the_relative_error_is_small_in_tight_clusters_of_many_dimensions(spread: float) -> None:
    centres = RANDOM.normal(size=(8, 2048))
    points = np.repeat(centres, 40, axis=0) + spread * RANDOM.normal(size=(320, 2048))
    found = Distances(points.astype(np.float32), quick=True).square()
    assert np.allclose(found, plain(points.astype(np.float32)), rtol=1e-5, atol=0)


@given(arrays(np.float32, (12, 3), elements=st.integers(-3, 3)))
def test_ties_of_whole_numbers_stay_ties(points: np.ndarray) -> None:
    assert np.array_equal(Distances(points).square(), plain(points))


def test_less_memory_gives_smaller_blocks_with_the_same_distances() -> None:
    blocks = [block for _, block in Distances(POINTS).upper(0.1)]
    assert len(blocks) > 50
    assert np.allclose(blocks[1][0], plain(POINTS)[len(blocks[0]), len(blocks[0]) :])
