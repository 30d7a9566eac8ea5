"""Promises of what a scan tells of an image: its upright size and a thumbnail, or why not."""

import io
from pathlib import Path

from PIL import Image

from embedbench.data.images.decoding import THUMBNAIL_SIDE
from embedbench.data.images.describing import NOTHING, describe_images
from embedbench.data.images.sources import source_hash


def test_an_image_has_its_upright_size_and_a_small_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter
    Image.new("RGB", (400, 200), "red").save(tmp_path / "turned.jpg", exif=exif)
    [record] = describe_images([(source_hash(tmp_path / "turned.jpg"), tmp_path / "turned.jpg")])
    assert (record["width"], record["height"], record["error"]) == (200, 400, "")
    small = Image.open(io.BytesIO(record["thumbnail"]))
    assert small.height == THUMBNAIL_SIDE and small.width == THUMBNAIL_SIDE // 2


def test_one_that_cannot_be_read_has_a_reason_and_is_not_asked_again(tmp_path: Path) -> None:
    file = tmp_path / "text.jpg"
    file.write_text("no image")
    [record] = describe_images([(key := source_hash(file), file)])
    assert record.pop("error").startswith("not an image of a known format")
    assert record == {"hash": key, **NOTHING, "passing": False}


def test_one_that_changed_since_it_was_hashed_may_be_readable_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "new.png"
    Image.new("RGB", (4, 4)).save(file)
    [record] = describe_images([("0" * 64, file)])
    assert record["error"] and record["passing"]
