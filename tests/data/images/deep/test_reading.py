"""Promises of reading: what Pillow reads stays, the rest is drawn, and every error has a reason."""

import io

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from embedbench.data.images.deep.raster import Rendering
from embedbench.data.images.deep.reading import (
    AS_STORED,
    errors_in_words,
    may_be_deep,
    plain_content,
    read_raster,
)
from embedbench.errors import ImageError


def deep_tiff() -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, np.arange(64, dtype="u2").reshape(8, 8), photometric="minisblack")
    return file.getvalue()


def test_what_pillow_reads_is_the_same_file() -> None:
    for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "PPM", "TIFF"):
        file = io.BytesIO()
        Image.new("RGB", (4, 4)).save(file, form)
        assert plain_content(file.getvalue()) is file.getvalue() or form
        assert plain_content(file.getvalue()) == file.getvalue()
        assert may_be_deep(file.getvalue()) == (form == "TIFF")


def test_a_deep_file_becomes_one_that_pillow_reads() -> None:
    content = plain_content(deep_tiff(), Rendering(unsigned=(0, 63)))
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.mode, image.size) == ("PPM", "RGB", (8, 8))
        assert image.getpixel((7, 7)) == (255, 255, 255)
    raster = read_raster(deep_tiff(), AS_STORED)
    assert raster is not None and raster.kind == "unsigned"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.integers(0, 255))
def test_a_broken_file_is_an_image_error_in_one_line(place: int, byte: int) -> None:
    content = bytearray(deep_tiff())
    content[place % len(content)] = byte
    try:
        plain_content(bytes(content))
    except ImageError as error:
        assert "\n" not in str(error)


def test_a_missing_package_is_named() -> None:
    with pytest.raises(ImageError, match=r"pip install 'image-embedbench\[tiff\]'"):
        with errors_in_words():
            raise ValueError("requires the 'imagecodecs' package")
