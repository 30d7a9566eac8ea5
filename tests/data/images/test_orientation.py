"""Promises of orientation: a file gets its orientation and is otherwise unchanged."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from embedbench.data.dataset import Dataset
from embedbench.data.images.decoding import open_rgb, upright_size
from embedbench.data.images.orientation import with_orientation
from embedbench.data.images.sources import RemoteImage, RotatedImage, content_hash, read_source
from embedbench.errors import ImageError, InputError

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
SEGMENT = b"\xff\xe1\x00\x22Exif\x00\x00"


def picture() -> Image.Image:
    """Four squares: red and green above, blue and white below; wider than high."""
    pixels = np.array([[RED, GREEN], [BLUE, WHITE]], np.uint8)
    return Image.fromarray(pixels.repeat(16, 0).repeat(24, 1))


def save(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def corners(content: bytes) -> list[tuple[int, ...]]:
    """The colours of the shown picture's corners: above left and right, below left and right."""
    shown = np.asarray(open_rgb(content), int)
    high, wide = shown.shape[0] - 4, shown.shape[1] - 4
    found = [shown[row, column] for row in (4, high) for column in (4, wide)]
    return [tuple(int(value > 127) * 255 for value in colour) for colour in found]


@pytest.mark.parametrize(
    ("degrees", "shown"),
    [
        (90, [GREEN, WHITE, RED, BLUE]),
        (180, [WHITE, BLUE, GREEN, RED]),
        (270, [BLUE, RED, WHITE, GREEN]),
    ],
)
def test_a_picture_is_turned_counter_clockwise(
    tmp_path: Path, degrees: int, shown: list[tuple[int, ...]]
) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(save(picture()))
    content = read_source(RotatedImage(file, degrees))
    assert corners(file.read_bytes()) == [RED, GREEN, BLUE, WHITE]
    assert corners(content) == shown
    turned = np.rot90(np.asarray(open_rgb(file.read_bytes())), degrees // 90)
    assert np.array_equal(np.asarray(open_rgb(content)), turned), "NumPy's way of turning"
    assert upright_size(content) == (turned.shape[1], turned.shape[0])


def test_ninety_degrees_are_the_orientation_8_of_exif() -> None:
    for degrees, orientation in ((90, 8), (180, 3), (270, 6)):
        with Image.open(io.BytesIO(with_orientation(save(picture()), degrees))) as image:
            assert dict(image.getexif()) == {ExifTags.Base.Orientation: orientation}


def test_the_rest_of_the_file_is_unchanged() -> None:
    before = save(picture(), progressive=True, icc_profile=b"colours", comment=b"words")
    after = with_orientation(before, 90)
    place = after.index(SEGMENT)
    assert after[:place] + after[place + 36 :] == before
    assert content_hash(after) != content_hash(before)
    assert with_orientation(before, 90) == after != with_orientation(before, 180)


def test_the_segment_of_jfif_stays_the_first() -> None:
    after = with_orientation(save(picture()), 90)
    assert after[:11] == b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" and after.index(SEGMENT) == 20
    adobe = save(picture().convert("CMYK"))
    assert adobe[2:4] == b"\xff\xee", "a file without JFIF"
    assert with_orientation(adobe, 90).index(SEGMENT) == 2
    assert upright_size(with_orientation(adobe, 90)) == (32, 48)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_file_with_an_exif_orientation_is_unchanged(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    content = save(picture(), exif=exif)
    assert with_orientation(content, 90) == content


def test_a_file_with_an_xmp_orientation_is_unchanged() -> None:
    content = save(picture(), xmp=b'<x tiff:Orientation="6"/>')
    assert upright_size(content) == (32, 48)
    assert with_orientation(content, 90) == content


def test_a_picture_with_other_exif_data_is_turned() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    content = save(picture(), exif=exif)
    assert corners(with_orientation(content, 90)) == [GREEN, WHITE, RED, BLUE]


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_other_formats_are_unchanged(form: str) -> None:
    content = save(picture(), form)
    assert with_orientation(content, 90) == content


@given(st.binary(max_size=40), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\x00\x10JFIF"]))
def test_broken_files_are_unchanged(rest: bytes, start: bytes) -> None:
    assert with_orientation(start + rest, 90) == start + rest


@pytest.mark.parametrize("rest", [b"II*\x00\x08\x00\x00\x00\xff\xff", b"II*\x00", b"what"])
def test_a_picture_with_broken_exif_data_is_turned(rest: bytes) -> None:
    content = save(picture(), exif=b"Exif\x00\x00" + rest)
    assert upright_size(with_orientation(content, 90)) == (32, 48)


def test_rotations_are_90_180_or_270_degrees() -> None:
    for degrees in (0, 45, -90, 360):
        with pytest.raises(InputError, match=f"must be 90, 180 or 270; not {degrees}"):
            RotatedImage(Path("a.jpg"), degrees)


def test_a_rotated_image_that_cannot_be_read_has_its_reason(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="not downloaded"):
        read_source(RotatedImage(RemoteImage("https://x.org/a.jpg"), 90))
    with pytest.raises(ImageError, match="cannot be read"):
        read_source(RotatedImage(tmp_path / "a.jpg", 90))


def test_rotated_images_are_named_by_their_paths() -> None:
    images = [
        RotatedImage(Path("b/a.jpg"), 90),
        RotatedImage(RemoteImage("https://x.org/a.jpg"), 90),
    ]
    assert Dataset.from_images(images).names == ("b/a.jpg", "000001")
