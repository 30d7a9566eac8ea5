"""Promises of rows of vectors: errors name what is wrong; joined rows have the mean cosine."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from embedbench.errors import EncoderError
from embedbench.vectors import check_rows, side_by_side

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[0.0]], "returned a list"),
        (np.zeros(3, np.float32), r"shape \(3,\)"),
        (np.zeros((2, 4), np.float32), "2 rows for 3 images"),
        (np.zeros((3, 4)), "float64"),
        (np.full((3, 4), np.nan, np.float32), "not finite"),
    ],
)
def test_wrong_rows_are_told(rows: object, words: str) -> None:
    with pytest.raises(EncoderError, match=words):
        check_rows(rows, 3)


def test_encoders_side_by_side_have_the_mean_of_their_cosines() -> None:
    parts = [RANDOM.normal(size=(30, dim)).astype(np.float32) * 10**dim for dim in (3, 7, 12)]
    joined = side_by_side(parts)
    assert joined.shape == (30, 22) and joined.dtype == np.float32
    expected = sum(cosine_similarity(rows.astype(np.float64)) for rows in parts) / 3
    assert cosine_similarity(joined) == pytest.approx(expected, abs=1e-5)


def test_a_row_of_zeros_and_rows_of_any_length_stay_finite() -> None:
    parts = [np.full((2, 3), value, np.float32) for value in (0, 1e30, 1e-30)]
    np.testing.assert_allclose(side_by_side(parts)[:, [0, 3, 6]], [[0, 3**-0.5, 3**-0.5]] * 2, 1e-6)
