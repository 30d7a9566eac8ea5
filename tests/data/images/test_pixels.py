"""Promises of pixels in memory: their PNG file has the same pixels."""

import pickle

import numpy as np
import pytest
from PIL import Image

from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.pixels import PixelImage, check_pixels, check_stack, png_of
from embedbench.data.images.sources import read_source
from embedbench.errors import ImageError, InputError

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 3), (4, 5, 4)])
def test_arrays_keep_their_pixels(shape: tuple[int, ...]) -> None:
    pixels = RANDOM.integers(0, 256, shape, dtype=np.uint8)
    if shape[-1] == 4:
        pixels[..., 3] = 255
    check_pixels(pixels, "it")
    want = pixels.reshape(4, 5, -1)[..., :3]
    source = pickle.loads(pickle.dumps(PixelImage(pixels)))
    assert np.array_equal(open_pixels(read_source(source)), np.broadcast_to(want, (4, 5, 3)))
    assert read_source(source) == png_of(pixels) and source.read(5) == png_of(pixels)[:5]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_pil_images_of_any_mode_become_rgb(mode: str) -> None:
    image = Image.fromarray(RANDOM.integers(0, 256, (4, 5, 3), dtype=np.uint8)).convert(mode)
    want = np.array(image.convert("RGB"))
    assert np.array_equal(open_pixels(read_source(PixelImage(image))), want)


def test_a_closed_image_is_an_image_error() -> None:
    with pytest.raises(ImageError, match="cannot be read"):
        read_source(PixelImage("no image"))


def test_wrong_shapes_and_types_are_told() -> None:
    for shape in ((3, 4, 5), (4, 5, 2), (4,), (0, 4, 3)):
        with pytest.raises(InputError, match="it must be an array of height x width x channels"):
            check_pixels(np.zeros(shape, np.uint8), "it")
    for stack in ((2, 3, 4, 5), (4, 5), (2, 4, 5, 3, 1)):
        with pytest.raises(InputError, match="it must be an array of images x height x width"):
            check_stack(np.zeros(stack, np.uint8), "it")
    with pytest.raises(InputError, match="it must be of uint8, from 0 to 255; not of int64"):
        check_pixels(np.zeros((4, 5, 3), np.int64), "it")
    with pytest.raises(InputError, match="it must be of uint8, from 0 to 255; not of int64"):
        check_stack(np.zeros((2, 4, 5, 3), np.int64), "it")
