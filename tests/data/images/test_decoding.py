"""Promises of one image: every format and mode becomes upright RGB, or an ImageError."""

import io
import re
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from embedbench.data.images.decoding import open_pixels, open_rgb, thumbnail, to_rgb, upright_size
from embedbench.errors import ImageError

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]


def as_bytes(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_becomes_rgb_of_the_same_colour(form: str) -> None:
    image = open_rgb(as_bytes(Image.new("RGB", (20, 10), (200, 100, 50)), form))
    assert (image.mode, image.size) == ("RGB", (20, 10))
    assert np.abs(np.asarray(image, int) - (200, 100, 50)).max() <= 4


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 90, (90, 90, 90)),
        ("LA", (90, 255), (90, 90, 90)),
        ("RGBA", (200, 100, 50, 0), (255, 255, 255)),
        ("RGBA", (0, 0, 0, 255), (0, 0, 0)),
        ("CMYK", (0, 0, 0, 255), (0, 0, 0)),
        ("CMYK", (0, 0, 0, 0), (255, 255, 255)),
        ("I;16", 65535, (255, 255, 255)),
        ("I;16", 32768, (128, 128, 128)),
        ("HSV", (0, 0, 255), (255, 255, 255)),
    ],
)
def test_every_mode_becomes_rgb(
    mode: str, colour: int | tuple[int, ...], expected: tuple[int, int, int]
) -> None:
    image = to_rgb(Image.new(mode, (4, 4), colour))
    assert image.mode == "RGB"
    assert image.getpixel((1, 1)) == expected


def test_half_transparent_black_over_white_is_grey() -> None:
    pixel = to_rgb(Image.new("RGBA", (1, 1), (0, 0, 0, 128))).getpixel((0, 0))
    assert pixel == (127, 127, 127)


def test_transparent_palette_is_put_over_white() -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    content = as_bytes(image, "GIF", transparency=0)
    assert open_rgb(content).getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bit_png_keeps_its_range() -> None:
    deep = Image.fromarray(np.array([[0, 65535]], dtype=np.uint16))
    assert np.asarray(open_rgb(as_bytes(deep, "PNG")))[0, :, 0].tolist() == [0, 255]


def test_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    content = as_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_rgb(content).getpixel((0, 0)) == (255, 0, 0)


def test_exif_orientation_is_applied() -> None:
    image = Image.new("RGB", (30, 10), "white")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    content = as_bytes(image, "JPEG", exif=exif)
    assert open_rgb(content).size == upright_size(content) == (10, 30)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<html>not found</html>", "known format"),
        (b"\xff\xd8\xff", "broken|known"),
    ],
)
def test_a_file_that_is_not_an_image_has_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        open_rgb(content)


@pytest.mark.parametrize("form", FORMATS)
def test_a_truncated_file_is_an_image_error(form: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = as_bytes(Image.fromarray(noise), form)
    with pytest.raises(ImageError):
        open_rgb(content[: len(content) // 2])


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"]))
def test_any_bytes_are_an_image_or_an_image_error(content: bytes, start: bytes) -> None:
    try:
        assert open_rgb(start + content).mode == "RGB"
    except ImageError as error:
        assert "\n" not in str(error)


def test_a_thumbnail_keeps_its_shape() -> None:
    with Image.open(io.BytesIO(thumbnail(Image.new("RGB", (400, 200)), 100))) as small:
        assert small.size == (100, 50)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 30}]
)
def test_pixels_are_those_of_pillow(mode: str, options: dict[str, Any]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    for size in [(64, 48), (65, 47), (1, 1), (3, 200)]:
        file = io.BytesIO()
        Image.fromarray(noise).resize(size).convert(mode).save(file, "JPEG", **options)
        expected = np.asarray(open_rgb(file.getvalue()))
        assert np.array_equal(open_pixels(file.getvalue()), expected)


def test_a_jpeg_with_an_orientation_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[274] = 6
    file = io.BytesIO()
    Image.fromarray(np.arange(96, dtype=np.uint8).reshape(4, 8, 3)).save(file, "JPEG", exif=exif)
    assert open_pixels(file.getvalue()).shape == (8, 4, 3)
    assert np.array_equal(open_pixels(file.getvalue()), np.asarray(open_rgb(file.getvalue())))


@given(cut=st.integers(0, 900), turned=st.integers(0, 7), where=st.integers(0, 899))
def test_broken_jpegs_have_pillows_result(cut: int, turned: int, where: int) -> None:
    content = bytearray(_noisy_jpeg())
    content[where % len(content)] ^= 1 << turned
    broken = bytes(content[: len(content) - cut])
    try:
        expected: Any = np.asarray(open_rgb(broken))
    except ImageError as error:
        with pytest.raises(ImageError, match=re.escape(str(error))):
            open_pixels(broken)
        return
    assert np.array_equal(open_pixels(broken), expected)


@lru_cache
def _noisy_jpeg() -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "JPEG")
    return file.getvalue()


def test_a_large_jpeg_may_be_decoded_at_a_reduced_scale() -> None:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((1600, 1200)).save(file, "JPEG")
    content = file.getvalue()
    assert open_pixels(content).shape == (1200, 1600, 3)
    height, width, _ = open_pixels(content, least_side=448).shape
    assert 448 <= height < 900 and 448 <= width < 1200
    assert open_pixels(content, least_side=5000).shape == (1200, 1600, 3)
