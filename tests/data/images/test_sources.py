"""Promises of sources: every kind gives its bytes and hash, or an ImageError with the reason."""

import hashlib
from pathlib import Path

import pytest

from embedbench.data.images.sources import (
    RejectedImage,
    RemoteImage,
    RotatedImage,
    Source,
    content_hash,
    is_elsewhere,
    read_source,
    read_verified,
    remote_of,
    source_hash,
)
from embedbench.errors import ImageError
from embedbench.io.atomic import write_atomic
from embedbench.io.paths import parse_path

REMOTE = RemoteImage("https://example.org/a.jpg")


def test_files_bytes_and_remote_paths_give_the_same_bytes_and_hash(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000  # larger than a part
    (tmp_path / "a.jpg").write_bytes(content)
    address = parse_path("memory://test-sources/a.jpg")
    write_atomic(address, content)
    sources: list[Source] = [tmp_path / "a.jpg", content, address]
    for source in sources:
        assert read_source(source) == content
        assert source_hash(source) == content_hash(content) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (REMOTE, "not downloaded"),
        (RejectedImage("a link out of the folder"), "a link out of the folder"),
        (RotatedImage(REMOTE, 90), "not downloaded"),
        (Path("missing.jpg"), "cannot be read: No such file or directory"),
        (Path("a\0b.jpg"), "cannot be read: "),
        (Path("/dev/null"), "cannot be read: it is a pipe, a socket or a device, not a file"),
    ],
)
def test_an_unreadable_source_is_an_image_error_with_its_reason(
    source: Source, reason: str
) -> None:
    for read in (read_source, source_hash):
        with pytest.raises(ImageError, match=f"^{reason}"):
            read(source)


def test_a_file_that_has_changed_since_its_hash_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"first")
    key = source_hash(file)
    assert read_verified(file, key) == b"first"
    file.write_bytes(b"second")
    with pytest.raises(ImageError, match="^was changed during the run; the next run uses the new"):
        read_verified(file, key)


def test_images_to_download_and_remote_paths_are_recognised_also_if_rotated() -> None:
    address = parse_path("s3://bucket/a.jpg")
    assert remote_of(REMOTE) == remote_of(RotatedImage(REMOTE, 180)) == REMOTE
    assert remote_of(b"") is None and remote_of(address) is None
    assert is_elsewhere(address) and is_elsewhere(RotatedImage(address, 90))
    assert not is_elsewhere(REMOTE) and not is_elsewhere(Path("a.jpg"))
