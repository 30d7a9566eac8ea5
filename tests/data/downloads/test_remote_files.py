"""Promises of remote files: one file per URL, recognised by its MD5, written atomically."""

import hashlib
from pathlib import Path

import pytest

from embedbench.data.dataset import Dataset
from embedbench.data.downloads.remote_files import in_place, is_here, keep, remotes_of
from embedbench.data.images.sources import RemoteImage, RotatedImage, Source
from embedbench.errors import InputError

URL = "https://example.org/a.jpg?size=1"
MD5 = hashlib.md5(b"content").hexdigest()


def dataset(*sources: Source) -> Dataset:
    return Dataset(tuple(f"{row}.jpg" for row in range(len(sources))), sources)


def test_images_with_the_same_url_share_the_first_file_and_md5(tmp_path: Path) -> None:
    images = dataset(
        b"bytes",
        RemoteImage(URL, tmp_path / "mine.jpg"),
        RotatedImage(RemoteImage(URL, tmp_path / "other.jpg", MD5), 90),
    )
    assert remotes_of(images, tmp_path) == {URL: RemoteImage(URL, tmp_path / "mine.jpg", MD5)}


@pytest.mark.parametrize(
    ("url", "suffix"),
    [(URL, ".jpg"), ("https://x.org/a.PNG#b", ".png"), ("https://x.org/a.exe", ".img")],
)
def test_a_default_file_is_named_by_the_hash_of_its_url(
    tmp_path: Path, url: str, suffix: str
) -> None:
    [remote] = remotes_of(dataset(RemoteImage(url)), tmp_path).values()
    assert remote.file == tmp_path / f"{hashlib.sha256(url.encode()).hexdigest()}{suffix}"


def test_a_source_gets_its_file_and_keeps_its_rotation(tmp_path: Path) -> None:
    remote = RemoteImage(URL)
    remotes = {URL: RemoteImage(URL, tmp_path / "a.jpg")}
    assert in_place(remote, remotes) == tmp_path / "a.jpg"
    assert in_place(RotatedImage(remote, 90), remotes) == RotatedImage(tmp_path / "a.jpg", 90)
    assert in_place(b"bytes", remotes) == b"bytes"


def test_a_file_is_there_if_it_has_the_md5_or_without_one_any_content(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    assert not is_here(RemoteImage(URL, file)) and not is_here(RemoteImage(URL, file, MD5))
    file.write_bytes(b"")
    assert not is_here(RemoteImage(URL, file))
    file.write_bytes(b"other")
    assert is_here(RemoteImage(URL, file)) and not is_here(RemoteImage(URL, file, MD5))
    keep(RemoteImage(URL, file), b"content")
    assert is_here(RemoteImage(URL, file, MD5.upper()))
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="cannot write '.*below'"):
        keep(RemoteImage(URL, tmp_path / "file" / "below"), b"content")
