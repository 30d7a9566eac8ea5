"""Promises of image folders: no link leads out, and every name is printable."""

import hashlib
import io
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from embedbench.data.folders.walk import read_folder
from embedbench.data.images.sources import MOST_BYTES, RejectedImage, read_source, source_hash
from embedbench.data.loading import read_dataset
from embedbench.data.tables.reading import read_table
from embedbench.errors import ImageError, InputError
from embedbench.utils.text import shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a picture, and a picture outside of it."""
    for name in ("photos/in/a.png", "other/secret.png", "other/deep/b.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    return tmp_path / "photos"


def reasons(folder: Path, follow_links: bool = False) -> dict[str, str]:
    """Return why each image cannot be read, by name; empty if it can."""
    found = {}
    for name, source in read_folder(folder, follow_links).images.items():
        try:
            found[name] = "" if read_source(source) else "empty"
        except ImageError as error:
            found[name] = str(error)
    return found


def test_a_link_out_of_the_folder_is_followed_only_on_request(folder: Path) -> None:
    (folder / "file.png").symlink_to("../other/secret.png")
    (folder / "absolute.png").symlink_to(folder.parent / "other" / "secret.png")
    (folder / "through.png").symlink_to("in/../../other/secret.png")
    (folder / "all").symlink_to("../other", target_is_directory=True)
    refused = {"absolute.png", "all", "file.png", "through.png"}
    found = reasons(folder)
    assert {
        name for name, reason in found.items() if "a link out of the folder" in reason
    } == refused
    assert set(found) - refused == {"in/a.png"} and found["in/a.png"] == ""
    assert reasons(folder, follow_links=True) == dict.fromkeys(
        ["absolute.png", "all/deep/b.png", "all/secret.png", "file.png", "in/a.png", "through.png"],
        "",
    )


def test_links_that_stay_inside_are_fine(folder: Path) -> None:
    (folder / "same.png").symlink_to("in/a.png")
    (folder / "again").symlink_to("in", target_is_directory=True)
    inside = {"in/a.png": "", "same.png": ""}
    assert reasons(folder) == reasons(folder, follow_links=True) == inside
    (folder.parent / "entry").symlink_to(folder, target_is_directory=True)
    assert reasons(folder.parent / "entry") == inside


def test_loops_of_links_end(folder: Path) -> None:
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "in" / "up").symlink_to("..", target_is_directory=True)
    (folder / "top").symlink_to("..", target_is_directory=True)
    (folder.parent / "other" / "back").symlink_to("../photos", target_is_directory=True)
    (folder / "gone.png").symlink_to("nowhere.png")
    broken = {"loop.png": "symbolic links", "gone.png": "No such file"}
    found = reasons(folder)
    assert "a link out" in found.pop("top")
    for name, reason in broken.items():
        assert reason in found.pop(name)
    assert found == {"in/a.png": ""}
    followed = reasons(folder, follow_links=True)
    assert {name for name, reason in followed.items() if not reason} == {
        "in/a.png", "top/other/deep/b.png", "top/other/secret.png",
    }  # fmt: skip


def test_pipes_sockets_and_devices_are_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jpg")
    os.mkfifo(folder / "pipe.csv")
    (folder / "device.png").symlink_to("/dev/zero")
    (folder / "folder.png").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "socket.gif"))
        found = reasons(folder, follow_links=True)
    assert set(found) == {"pipe.jpg", "device.png", "socket.gif", "in/a.png"}
    assert all("a pipe, a socket or a device" in found[name] for name in set(found) - {"in/a.png"})
    with pytest.raises(InputError, match="a pipe, a socket or a device"):
        read_table(folder / "pipe.csv")


def test_a_picture_of_open_images_that_is_a_link_out_is_refused(folder: Path) -> None:
    (folder / "images").mkdir()
    (folder / "images" / "0001.jpg").symlink_to("../../other/secret.png")
    assert isinstance(read_dataset(f"open-images:{folder}").sources[0], RejectedImage)
    [source] = read_dataset(f"open-images:{folder}", follow_links=True).sources
    assert read_source(source)


def test_a_file_that_is_too_large_is_not_read(folder: Path) -> None:
    with (folder / "hole.tif").open("wb") as file:
        file.truncate(MOST_BYTES + 1)  # takes no room on the disk
    assert reasons(folder)["hole.tif"] == "larger than 1,000 MB"
    with pytest.raises(ImageError, match="larger than 1,000 MB"):
        source_hash(folder / "hole.tif")
    picture = folder / "in" / "a.png"
    assert source_hash(picture) == hashlib.sha256(picture.read_bytes()).hexdigest()


def test_unprintable_names_stay_distinct(folder: Path) -> None:
    content = io.BytesIO()
    Image.new("RGB", (4, 4)).save(content, "PNG")
    for name in (b"caf\xe9.png", b"caf\\xe9.png", b"two\nlines.png", "grün 猫.png".encode()):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(content.getvalue())
    assert reasons(folder) == dict.fromkeys(
        ["caf\\xe9.png", "caf\\xe9.png#2", "grün 猫.png", "in/a.png", "two\\x0alines.png"], ""
    )


@given(st.text(st.characters(exclude_categories=[])) | st.binary().map(os.fsdecode))
def test_every_name_is_one_printable_line(name: str) -> None:
    written = shown(name)
    assert written.encode("utf-8").decode() == written and len(written.splitlines()) <= 1
    assert shown(written) == written


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_listed(folder: Path) -> None:
    (folder / "in").chmod(0)
    try:
        assert "Permission denied" in reasons(folder)["in"]
    finally:
        (folder / "in").chmod(0o700)
