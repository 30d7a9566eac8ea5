"""Promises of one image: every format and mode becomes upright RGB, or an ImageError."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from embedbench.errors import ImageError
from embedbench.images import open_rgb, thumbnail, to_rgb, upright_size

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


def test_transparent_palette_lies_over_white() -> None:
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
def test_what_is_no_image_says_so(content: bytes, reason: str) -> None:
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
