"""Promises of boxes: the pixels that they cover, of the upright picture, without loss."""

import io

import numpy as np
import pytest
from PIL import ExifTags, Image

from embedbench.data.images.crops import CroppedImage
from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.sources import read_source, source_hash
from embedbench.errors import ImageError

PIXELS = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)


def saved(pixels: np.ndarray, orientation: int = 1) -> bytes:
    content = io.BytesIO()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(pixels).save(content, "PNG", exif=exif)
    return content.getvalue()


def test_a_box_has_the_pixels_that_it_covers() -> None:
    source = CroppedImage(saved(PIXELS), (1.5, 2.0, 3.0, 2.5))
    assert np.array_equal(open_pixels(read_source(source)), PIXELS[2:5, 1:5])
    assert source_hash(source) == source_hash(read_source(source))


def test_a_box_that_leads_out_of_the_picture_is_cut() -> None:
    source = CroppedImage(saved(PIXELS), (-2.0, 4.0, 100.0, 100.0))
    assert np.array_equal(open_pixels(read_source(source)), PIXELS[4:])
    with pytest.raises(ImageError, match="outside the picture of 8 x 6 pixels"):
        read_source(CroppedImage(saved(PIXELS), (8.0, 0.0, 2.0, 2.0)))


def test_a_box_is_of_the_upright_picture() -> None:
    source = CroppedImage(saved(np.rot90(PIXELS), 6), (1.0, 2.0, 3.0, 2.0))
    assert np.array_equal(open_pixels(read_source(source)), PIXELS[2:4, 1:4])
