"""Promises of drawing: limits, missing values, opacity, directions, and the limits of size."""

from typing import Any

import numpy as np
import pytest

from embedbench.data.images.deep.raster import MOST_PIXELS, Raster, Rendering, check_size, draw
from embedbench.data.images.deep.reading import AS_STORED
from embedbench.errors import ImageError


def drawn(values: Any, rendering: Rendering = AS_STORED, **more: Any) -> list[Any]:
    array = np.asarray(values)[None, :, None]
    raster = Raster(array, **more)
    found: list[Any] = np.asarray(draw(raster, rendering))[0, :, 0].tolist()
    return found


def test_types_have_their_full_range_unless_the_data_set_has_another() -> None:
    deep = np.array([0, 4095, 65535], "u2")
    assert drawn(deep) == [0, 16, 255]
    assert drawn(deep, Rendering(unsigned=(0, 4095))) == [0, 255, 255]
    assert drawn(np.array([-128, 0, 127], "i1")) == [0, 128, 255]
    assert drawn(np.array([0.0, 0.5, 2.0])) == [0, 128, 255]
    assert drawn(np.array([False, True])) == [0, 255]
    assert drawn(np.array([7, 200], "u1"), Rendering(unsigned=(0, 9))) == [7, 200]


def test_limits_of_the_file_hold_unless_others_are_asked_for() -> None:
    values = np.array([0, 1023], "u2")
    assert drawn(values, Rendering(unsigned=(0, 65535)), limits=(0, 1023)) == [0, 255]
    asked = Rendering(unsigned=(0, 4092), told=("unsigned",))
    assert drawn(values, asked, limits=(0, 1023)) == [0, 64]


def test_a_value_beyond_the_depth_of_the_others_is_an_error() -> None:
    rendering = Rendering(unsigned=(0, 4095), whole=("unsigned",))
    with pytest.raises(ImageError, match="has the value 5,000, .* the 0 to 4,095 that were found"):
        drawn(np.array([1, 5000], "u2"), rendering)


def test_missing_values_are_black_whatever_is_white() -> None:
    values = np.array([0.0, np.nan, np.inf, -np.inf, 1.0])
    assert drawn(values) == [0, 0, 0, 0, 255]
    assert drawn(values, inverted=True) == [255, 0, 0, 0, 0]
    marked = np.array([False, False, False, False, True])[None, :, None]
    assert drawn(values, missing=marked)[-1] == 0
    assert Raster(values[None, :, None], missing=marked).present().tolist() == [0.0]


def test_opacity_puts_colours_over_white() -> None:
    values, half = np.array([0, 100], "u1"), np.array([[0, 128]], "u1")
    assert drawn(values, alpha=half) == [255, 177]  # 100 x 128/255 + 127
    assert drawn(values, alpha=half, associated=True) == [255, 227]
    twelve = Rendering(unsigned=(0, 4095))
    assert drawn(np.array([0, 0], "u2"), twelve, alpha=np.array([[0, 4095]], "u2")) == [255, 0]
    assert drawn(np.array([0, 0], "u2"), twelve, alpha=np.array([[0, 65535]], "u2")) == [255, 0]
    assert drawn(np.array([0.0, 0.0]), alpha=np.array([[0.0, 255.0]])) == [255, 0]


def test_a_large_image_is_drawn_in_parts_as_a_whole_is() -> None:
    values = np.random.default_rng(0).integers(0, 65536, (1500, 1000, 1), dtype=np.uint16)
    right = np.rint(values[..., 0] / 257)
    assert np.array_equal(np.asarray(draw(Raster(values), Rendering()))[..., 0], right)


def test_too_many_pixels_or_bytes_are_an_error() -> None:
    check_size(1, 1, 1)
    for size, reason in [
        ((MOST_PIXELS, 2, 0), "too many pixels"),
        ((0, 5, 0), "no pixels"),
        ((5, 5, 10**10), "too large for the memory"),
    ]:
        with pytest.raises(ImageError, match=reason):
            check_size(*size)
