"""Promises of the row order: images that are all different, and any other order is found."""

import numpy as np
import pytest

from embedbench.encoders.checking.row_order import (
    check_row_order,
    is_close,
    probe_images,
    shifted_by_one,
)
from embedbench.errors import EncoderError

ROWS = np.eye(4, 6, dtype=np.float32)


def test_probe_images_are_the_same_each_time_and_all_different() -> None:
    first, again = ([image.tobytes() for image in probe_images(8)] for _ in range(2))
    assert first == again and len(set(first)) == 8


def test_the_right_order_passes_also_if_rows_move_a_little() -> None:
    moved = ROWS[[0, 0, 1, 2]]
    check_row_order(ROWS, moved)
    check_row_order(ROWS, moved + np.float32(1e-3))


@pytest.mark.parametrize("order", [[3, 2, 1, 0], [1, 0, 2, 3], [0, 1, 3, 2], [1, 2, 3, 0]])
def test_any_other_order_is_an_error(order: list[int]) -> None:
    """An encoder that puts its rows in this order, whatever images it gets."""
    images = list(range(4))
    rows, moved = (ROWS[[some[row] for row in order]] for some in (images, shifted_by_one(images)))
    with pytest.raises(EncoderError, match="order of the images"):
        check_row_order(rows, moved)


def test_close_is_relative_to_the_longest_row() -> None:
    rows = np.array([[1000, 0], [0, 1]], np.float32)
    assert is_close(rows + np.float32(0.05), rows)  # 1e-4 of 1000 is 0.1
    assert not is_close(rows + np.float32(0.2), rows)
