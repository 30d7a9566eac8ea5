"""Promises of zip archives: every way of packing, only as many bytes as are asked for."""

import zipfile
from pathlib import Path

import pytest

from embedbench.data.containers.zip_files import ZipMember, files_in_zip
from embedbench.data.images.sources import read_source
from embedbench.errors import ImageError

CONTENT = bytes(range(256)) * 5000


@pytest.mark.parametrize("method", [0, 8, 12, 14])
def test_each_way_of_packing_gives_the_bytes(tmp_path: Path, method: int) -> None:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("a.png", CONTENT)
        archive.writestr("in/b.png", CONTENT[::-1])
    [(_, first), (name, second)] = files_in_zip(file).files
    assert isinstance(first, ZipMember) and not first.is_elsewhere and name == "in/b.png"
    assert read_source(first) == CONTENT and read_source(second) == CONTENT[::-1]
    assert first.read(10) == CONTENT[:10]


def test_a_comment_and_what_stands_before_the_archive_do_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(b"#!/bin/sh\n" * 9)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("a.png", CONTENT)
        archive.comment = b"x" * 500
    [(_, found)] = files_in_zip(file).files
    assert read_source(found) == CONTENT


def test_a_wrong_checksum_is_an_image_error(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.png", CONTENT)
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.write_bytes(bytes(content))
    [(_, found)] = files_in_zip(file).files
    with pytest.raises(ImageError, match="broken in its archive: Bad CRC-32"):
        read_source(found)
