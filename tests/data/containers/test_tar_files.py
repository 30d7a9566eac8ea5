"""Promises of tar archives: read where they are, compressed ones within a limit."""

import io
import tarfile
from pathlib import Path

import pytest

from embedbench.data.containers.members import MemoryImage
from embedbench.data.containers.tar_files import TarMember, files_in_tar
from embedbench.data.images.sources import RejectedImage, read_source

CONTENT = bytes(range(256)) * 5000


def write(file: Path, names: list[str], form: int = tarfile.PAX_FORMAT) -> Path:
    mode = "w:gz" if file.suffix == ".gz" else "w"
    with tarfile.open(file, mode, format=form) as archive:  # type: ignore[call-overload]
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(CONTENT)
            archive.addfile(member, io.BytesIO(CONTENT))
    return file


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_each_form_gives_names_and_bytes(tmp_path: Path, form: int) -> None:
    name = f"{'long/' * 20}ü.png"
    found = files_in_tar(write(tmp_path / "a.tar", [name, "b.png"], form))
    assert [one for one, _ in found.files] == [name, "b.png"] and not found.remarks
    for _, file in found.files:
        assert isinstance(file, TarMember) and read_source(file) == CONTENT
        assert file.read(7) == CONTENT[:7]


def test_images_of_a_compressed_archive_are_in_memory_and_films_are_not(tmp_path: Path) -> None:
    found = files_in_tar(write(tmp_path / "a.tar.gz", ["a.png", "b.mp4"]))
    assert [name for name, _ in found.files] == ["a.png"]
    assert isinstance(found.files[0][1], MemoryImage) and read_source(found.files[0][1]) == CONTENT


def test_labels_are_read_with_their_headers(tmp_path: Path) -> None:
    found = files_in_tar(write(tmp_path / "a.tar", ["a.png", "a.cls"]))
    assert [type(file) for _, file in found.files] == [TarMember, MemoryImage]


def test_the_image_at_the_cut_is_rejected(tmp_path: Path) -> None:
    file = write(tmp_path / "a.tar", ["a.png", "b.png"])
    file.write_bytes(file.read_bytes()[: len(CONTENT) + 5000])
    found = files_in_tar(file)
    assert [isinstance(one, RejectedImage) for _, one in found.files] == [False, True]
    assert found.remarks == [
        f"'{file}' is cut off or broken after 'b.png': files after it are not read"
    ]
