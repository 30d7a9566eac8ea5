"""Promises of the scan: broken images are listed and removed, others are kept."""

from pathlib import Path

import pytest

from embedbench.data.images.sources import content_hash
from embedbench.data.loading import read_dataset
from embedbench.data.scan import scan_images
from embedbench.errors import InputError
from embedbench.io.store import Store
from embedbench.utils.progress import Progress

QUIET = Progress(quiet=True)


def test_broken_images_are_listed_with_their_reason(photographs: Path, tmp_path: Path) -> None:
    (photographs / "red" / "empty.png").write_bytes(b"")
    (photographs / "blue" / "page.jpg").write_bytes(b"<html></html>")
    whole = (photographs / "red" / "00.png").read_bytes()
    (photographs / "red" / "half.png").write_bytes(whole[: len(whole) // 2])
    dataset = read_dataset(photographs)
    readable, images, failures = scan_images(dataset, Store(tmp_path / "s"), 1, QUIET)
    assert failures["name"].tolist() == ["blue/page.jpg", "red/empty.png", "red/half.png"]
    assert failures["what"].eq("image").all() and failures["stage"].eq("read").all()
    assert "not an image" in failures["error"][0] and "empty" in failures["error"][1]
    assert list(readable.names) == images["image"].tolist() and len(readable) == 36
    assert (images["width"].eq(32) & images["height"].eq(24)).all()
    first = (photographs / readable.names[0]).read_bytes()
    assert images["hash"][0] == content_hash(first)


def test_a_second_scan_opens_no_image_again(photographs: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    first = scan_images(read_dataset(photographs), store, 1, QUIET)[1]
    files = sorted((tmp_path / "s").rglob("*.parquet"))
    assert scan_images(read_dataset(photographs), store, 1, QUIET)[1].equals(first)
    assert sorted((tmp_path / "s").rglob("*.parquet")) == files


def test_a_dataset_of_broken_images_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"none of the 1 images .* 'a.png': not an image"):
        scan_images(read_dataset(tmp_path), Store(tmp_path / "s"), 1, QUIET)


def test_an_unreadable_file_is_listed(photographs: Path, tmp_path: Path) -> None:
    (photographs / "red" / "gone.png").symlink_to("nowhere.png")
    failures = scan_images(read_dataset(photographs), Store(tmp_path / "s"), 1, QUIET)[2]
    assert failures[["name", "error"]].to_numpy().tolist() == [
        ["red/gone.png", "cannot be read: No such file or directory"]
    ]
