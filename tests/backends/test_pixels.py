"""The `pixels` encoder: colours and edges, checked by hand and against scikit-image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.feature import hog

from embedbench.conformance import CHECKS, Check
from embedbench_pixels import PixelsEncoder

COLOURS = 96


def _picture(seed: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((150, 90))


@pytest.mark.parametrize("check", CHECKS)
def test_conformance(check: Check) -> None:
    check(PixelsEncoder())


def test_one_colour_fills_one_part_of_each_channel_and_has_no_edges() -> None:
    row = PixelsEncoder().encode([Image.new("RGB", (40, 30), (0, 255, 0))])[0]
    # Green: a hue of 1/3, fully saturated, fully bright; parts 32/3 = 10, and the last twice.
    assert np.flatnonzero(row).tolist() == [10, 32 + 31, 64 + 31]
    np.testing.assert_allclose(row[row > 0], np.sqrt(1 / 3), rtol=1e-6)


def test_edges_are_those_of_scikit_image() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (128, 128), dtype=np.uint8)
    row = PixelsEncoder().encode([Image.fromarray(grey).convert("RGB")])[0]
    expected = hog(grey / 255, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2))
    np.testing.assert_allclose(row[COLOURS:], expected / np.linalg.norm(expected), atol=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 200), st.integers(1, 200))
def test_colours_and_edges_weigh_the_same(seed: int, width: int, height: int) -> None:
    row = PixelsEncoder().encode([_picture(seed).resize((width, height))])[0]
    assert np.linalg.norm(row[:COLOURS]) == pytest.approx(1, abs=1e-5)
    edges = np.linalg.norm(row[COLOURS:])
    assert edges == pytest.approx(1, abs=1e-5) or edges == 0


def test_a_row_depends_on_its_image_alone() -> None:
    pictures = [_picture(seed) for seed in range(8)]
    rows = PixelsEncoder().encode(pictures)
    np.testing.assert_array_equal(PixelsEncoder().encode(pictures[::-1])[::-1], rows)
    np.testing.assert_array_equal(PixelsEncoder().encode(pictures[5:6]), rows[5:6])


def test_a_mirrored_image_keeps_its_colours_and_changes_its_edges() -> None:
    picture = _picture(1)
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    row, other = PixelsEncoder().encode([picture, mirrored])
    np.testing.assert_allclose(row[:COLOURS], other[:COLOURS], atol=0.02)
    assert np.abs(row[COLOURS:] - other[COLOURS:]).max() > 0.01
