"""Promises of atomic files: complete or absent, also after an error or with several writers."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embedbench.io.atomic import open_atomic, remove_stale, write_atomic


def test_a_file_and_its_folder_are_created_and_nothing_else(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a" / "b" / "file.bin", b"content")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["file.bin"]
    assert (tmp_path / "a" / "b" / "file.bin").read_bytes() == b"content"


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    with open_atomic(file) as content:
        content.write(b"new")
        content.flush()
        assert file.read_bytes() == b"old"
    assert file.read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_interrupted_write_leaves_the_old_file_only(
    tmp_path: Path, error: type[BaseException]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    with pytest.raises(error), open_atomic(file) as content:
        content.write(b"ne")
        raise error
    assert file.read_bytes() == b"old" and list(tmp_path.iterdir()) == [file]


def test_a_folder_that_cannot_be_created_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        write_atomic(tmp_path / "file" / "below", b"content")


def test_of_several_writers_one_wins_with_complete_content(tmp_path: Path) -> None:
    contents = [bytes([number]) * 100_000 for number in range(16)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda content: write_atomic(tmp_path / "file", content), contents))
    assert (tmp_path / "file").read_bytes() in contents
    assert len(list(tmp_path.iterdir())) == 1


def test_only_hidden_files_older_than_a_day_are_removed(tmp_path: Path) -> None:
    long_ago = time.time() - 25 * 3600
    for name in (".old", ".new", "old"):
        (tmp_path / name).write_bytes(b"")
    for name in (".old", "old"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    remove_stale(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".new", "old"}
