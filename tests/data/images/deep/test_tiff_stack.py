"""Promises of stacks: planes and bands of files of microscopes, also behind one header."""

import io
from typing import Any

import numpy as np
import pytest
import tifffile

from embedbench.data.images.deep.tiff_stack import Photometric, Stack, open_tiff

VALUES = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 20, 30), dtype=np.uint8)


@pytest.mark.parametrize("options", [{"ome": True}, {"imagej": True}], ids=str)
def test_channels_are_bands_and_the_rest_are_planes(options: dict[str, Any]) -> None:
    axes = "TZCYX" if "imagej" in options else "TCZYX"
    values = VALUES if axes == "TCZYX" else np.swapaxes(VALUES, 1, 2)
    file = io.BytesIO()
    tifffile.imwrite(file, values, photometric="minisblack", metadata={"axes": axes}, **options)
    size = file.tell()
    file.seek(0)
    with open_tiff(file) as opened:
        stack = Stack.of(opened)
        assert (stack.planes, stack.samples, stack.channels) == (8, 3, 3)
        assert stack.usual == (0, 1, 2) and stack.alpha is None
        for plane in range(8):
            right = np.moveaxis(VALUES[plane // 4, :, plane % 4], 0, -1)
            assert np.array_equal(stack.read(plane, size), right)


def test_planes_behind_one_header() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, VALUES[0, 0], imagej=True, truncate=True, metadata={"axes": "ZYX"})
    file.seek(0)
    with open_tiff(file) as opened:
        stack = Stack.of(opened)
        for plane in range(4):
            pixels = stack.read(plane, len(file.getvalue()))
            assert np.array_equal(pixels[..., 0], VALUES[0, 0, plane])


def test_opacity_is_no_band() -> None:
    file = io.BytesIO()
    options: dict[str, Any] = {"photometric": "rgb", "extrasamples": ["assocalpha"]}
    tifffile.imwrite(file, np.zeros((8, 8, 4), "u2"), **options)
    file.seek(0)
    with open_tiff(file) as opened:
        stack = Stack.of(opened)
        assert (stack.alpha, stack.is_associated, stack.colours) == (3, True, (0, 1, 2))
        assert stack.photometric == Photometric.RGB and stack.bits == 16 and not stack.is_big
