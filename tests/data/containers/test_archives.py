"""Promises of archives: they read as the folder they were made of, and hostile ones are a line."""

import io
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from embedbench.data.containers.archives import is_archive_name, read_archives
from embedbench.data.containers.zip_files import ZipMember
from embedbench.data.dataset import Dataset
from embedbench.data.image_folder import read_image_folder
from embedbench.data.images.sources import RejectedImage, read_source, source_hash
from embedbench.data.tables.form import TableForm
from embedbench.errors import ImageError, InputError
from embedbench.io.atomic import write_atomic
from embedbench.io.paths import parse_path

FORM = TableForm()


def picture(shade: int = 0) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (4, 3), (shade, 0, 0)).save(content, "PNG")
    return content.getvalue()


def files_below(folder: Path) -> list[tuple[str, bytes]]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths]


def write_zip(file: Path, files: list[tuple[str, bytes]], method: int = 8) -> Path:
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return file


def write_tar(file: Path, files: list[tuple[str, bytes]]) -> Path:
    mode = {".gz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(file.suffix, "w")
    with tarfile.open(file, mode) as archive:  # type: ignore[call-overload]
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file


def read(file: Path) -> Dataset:
    return read_archives([file], file, None, FORM)


def reasons(found: Dataset) -> dict[str, str]:
    return {
        name: source.reason
        for name, source in zip(found.names, found.sources, strict=True)
        if isinstance(source, RejectedImage)
    }


WRITERS: dict[str, Callable[[Path, list[tuple[str, bytes]]], Path]] = {
    "a.zip": write_zip,
    "stored.zip": lambda file, files: write_zip(file, files, zipfile.ZIP_STORED),
    "bzip2.zip": lambda file, files: write_zip(file, files, zipfile.ZIP_BZIP2),
    "lzma.zip": lambda file, files: write_zip(file, files, zipfile.ZIP_LZMA),
    "a.tar": write_tar,
    "a.tar.gz": write_tar,
    "a.tar.bz2": write_tar,
    "a.tar.xz": write_tar,
}


@pytest.mark.parametrize("name", WRITERS)
def test_an_archive_reads_as_its_folder(photographs: Path, tmp_path: Path, name: str) -> None:
    archive = WRITERS[name](tmp_path / name, files_below(photographs))
    found, folder = read(archive), read_image_folder(photographs)
    assert found.names == folder.names
    assert found.table.equals(folder.table)
    assert list(map(source_hash, found.sources)) == list(map(source_hash, folder.sources))
    assert list(map(read_source, found.sources)) == list(map(read_source, folder.sources))


def test_an_archive_at_an_address_reads_as_the_local_one(photographs: Path, tmp_path: Path) -> None:
    for name in ("a.zip", "a.tar", "a.tar.gz"):
        archive = WRITERS[name](tmp_path / name, files_below(photographs))
        address = parse_path(f"memory://test-archives/{name}")
        write_atomic(address, archive.read_bytes())
        found, local = read_archives([address], address, None, FORM), read(archive)
        assert found.names == local.names
        assert list(map(read_source, found.sources)) == list(map(read_source, local.sources))


PART = st.sampled_from(["train", "test", "cat", "dog", "Ü ñ", ".hidden", "@eaDir", "a b", "2021"])
FILE = st.sampled_from(["a.png", "b.JPG", "c", "metadata.csv", "notes.txt", "d.svg", "猫.png"])
NAMES = st.lists(st.tuples(st.lists(PART, max_size=3), FILE), min_size=1, max_size=8)


@given(NAMES)
@settings(max_examples=50)
def test_random_trees_read_alike_as_a_folder_a_zip_and_a_tar(
    tmp_path_factory: pytest.TempPathFactory, names: list[tuple[list[str], str]]
) -> None:
    home = tmp_path_factory.mktemp("trees")
    for number, (folders, name) in enumerate(names):
        place = home.joinpath("photos", *folders)
        place.mkdir(parents=True, exist_ok=True)
        content = picture(number)
        if name == "metadata.csv":
            content = b"file_name,label\na.png,x\n\xe7\x8c\xab.png,y\n"
        (place / name).write_bytes(content)

    def told(make: Callable[[], Dataset]) -> object:
        try:
            found = make()
        except InputError as error:
            return str(error).partition("(looked")[2]
        hashes = [source_hash(source) for source in found.sources]
        return found.names, hashes, found.table.astype(object).to_dict("list"), found.remarks

    files = files_below(home / "photos")
    want = told(lambda: read_image_folder(home / "photos"))
    assert told(lambda: read(write_zip(home / "photos.zip", files))) == want
    assert told(lambda: read(write_tar(home / "photos.tar", files))) == want


def test_shards_are_one_set_in_which_no_image_is_lost(tmp_path: Path) -> None:
    one = write_zip(tmp_path / "1.zip", [("cat/a.png", picture(1)), ("dog/b.png", picture(2))])
    two = write_tar(tmp_path / "2.tar", [("cat/a.png", picture(3))])
    found = read_archives([one, two], tmp_path / "*", None, FORM)
    assert found.names == ("cat/a.png", "cat/a.png#2", "dog/b.png")
    assert found.table["truth"].tolist() == ["cat", "cat", "dog"]


def test_the_folder_of_the_images_in_an_archive_can_be_named(tmp_path: Path) -> None:
    files = [("x/img/cat/a.png", picture()), ("x/img/dog/b.png", picture()), ("m/a.png", b"")]
    archive = write_zip(tmp_path / "a.zip", files)
    assert read_archives([archive], archive, "x/img", FORM).names == ("cat/a.png", "dog/b.png")
    with pytest.raises(InputError, match="`images` must be a sub-folder of '.*a.zip'"):
        read_archives([archive], archive, "../x", FORM)


HOSTILE = ["/etc/a.png", "../../b.png", "C:/c.png", "x/../../d.png", "./fine/./e.png"]


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_names_that_lead_out_are_listed_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    archive = WRITERS[name](tmp_path / name, [(one, picture()) for one in HOSTILE])
    found = read(archive)
    assert set(found.names) == {"etc/a.png", "b.png", "c.png", "x/d.png", "fine/e.png"}
    assert {one: reason.partition(":")[0] for one, reason in reasons(found).items()} == (
        dict.fromkeys(
            ["etc/a.png", "b.png", "c.png", "x/d.png"], "its name leads out of the archive"
        )
    )
    assert os.listdir(tmp_path) == [name]


def test_links_are_followed_inside_an_archive_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.tar"
    with tarfile.open(file, "w") as archive:
        content = picture()
        member = tarfile.TarInfo("in/a.png")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
        for name, kind, target in (
            ("in/same.png", tarfile.SYMTYPE, "a.png"),
            ("hard.png", tarfile.LNKTYPE, "in/a.png"),
            ("up/twice.png", tarfile.SYMTYPE, "../in/same.png"),
            ("folder", tarfile.SYMTYPE, "in"),
            ("out.png", tarfile.SYMTYPE, "../../secret.png"),
            ("passwd.png", tarfile.SYMTYPE, "/etc/passwd"),
            ("loop.png", tarfile.SYMTYPE, "loop.png"),
            ("pipe.png", tarfile.FIFOTYPE, ""),
        ):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, target
            archive.addfile(link)
    found = read(file)
    assert set(found.names) - set(reasons(found)) == {
        "in/a.png", "in/same.png", "hard.png", "up/twice.png",
    }  # fmt: skip
    assert {name: reason.partition(":")[0] for name, reason in reasons(found).items()} == {
        "out.png": "a link to nothing in the archive",
        "passwd.png": "a link to nothing in the archive",
        "loop.png": "a link to nothing in the archive",
        "pipe.png": "a pipe or a device, not a file",
    }


def test_links_in_a_zip_are_followed_inside_it_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("in/a.png", picture())
        for name, target in (("same.png", "in/a.png"), ("out.png", "../../etc/passwd")):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    found = read(file)
    assert set(found.names) == {"in/a.png", "same.png", "out.png"}
    assert list(reasons(found)) == ["out.png"]


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tar.xz"])
def test_an_archive_that_is_cut_off_gives_what_stands_before_the_cut(
    tmp_path: Path, name: str
) -> None:
    files = [(f"{number}.png", picture(number) + os.urandom(5000)) for number in range(9)]
    archive = WRITERS[name](tmp_path / name, files)
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) * 2 // 3])
    found = read(archive)
    assert 3 <= len(found) < 9
    [remark] = [one for one in found.remarks if "cut off" in one]
    assert str(archive) in remark and "files after it are not read" in remark
    good = [source for source in found.sources if not isinstance(source, RejectedImage)]
    assert [read_source(source) for source in good] == [one for _, one in files][: len(good)]
    assert len(found) - len(good) <= 1


def test_a_tar_without_its_end_is_told(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "a.tar", [("a.png", picture()), ("b.png", picture())])
    archive.write_bytes(archive.read_bytes()[:2048])
    assert any("cut off" in remark for remark in read(archive).remarks)


def in_central_directory(content: bytes, offset: int, value: bytes) -> bytes:
    start = content.index(b"PK\1\2") + offset
    return content[:start] + value + content[start + len(value) :]


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("a.zip", cut, "it is cut off, or no zip archive"),
        ("a.zip", lambda content: b"", "it is cut off, or no zip archive"),
        ("a.zip", lambda content: in_central_directory(content, 8, b"\1"), "has a password"),
        (
            "a.zip",
            lambda content: in_central_directory(content, 20, struct.pack("<I", 1 << 30)),
            "its files overlap, as in a zip bomb",
        ),
        ("a.tar", lambda content: b"", "as a tar archive"),
        ("a.tar", lambda content: b"not a tar" * 99, "as a tar archive"),
        ("a.tar.gz", lambda content: content[:30], "as a tar archive"),
        ("a.tar.gz", lambda content: b"\x28\xb5\x2f\xfd" + content, "Zstandard"),
        ("a.7z", lambda content: content, "unpack it, or pack it as .zip or .tar"),
    ],
)
def test_an_archive_that_cannot_be_read_is_a_line_that_names_it(
    tmp_path: Path, name: str, change: Callable[[bytes], bytes], words: str
) -> None:
    archive = tmp_path / name
    WRITERS.get(name, write_zip)(archive, [("a.png", picture())])
    archive.write_bytes(change(archive.read_bytes()))
    with pytest.raises(InputError) as error:
        read(archive)
    line = str(error.value)
    assert words in line and str(archive) in line and "\n" not in line


def test_a_missing_archive_is_a_line(tmp_path: Path) -> None:
    for name in ("a.zip", "a.tar"):
        with pytest.raises(InputError, match=f"there is no file '.*{name}'"):
            read(tmp_path / name)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    files = [("bomb.png", bytes(200 * 10**6)), ("fine.png", picture())]
    found = read(write_zip(tmp_path / "a.zip", files))
    assert reasons(found) == {
        "bomb.png": "unpacks to 200 MB, more than 100 times its size in the archive, as a zip "
        "bomb does"
    }


def test_a_compressed_tar_beyond_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "embedbench.data.containers.tar_files"
    archive = write_tar(tmp_path / "a.tar.gz", [("a.png", bytes(10**6)), ("b.mp4", bytes(10**6))])
    monkeypatch.setattr(f"{module}._MOST_KEPT", 10**5)
    with pytest.raises(InputError, match="its images take more than 0 MB.*pack it as .zip"):
        read(archive)
    monkeypatch.undo()
    monkeypatch.setattr(f"{module}._MOST_UNPACKED", 10**5)
    with pytest.raises(InputError, match="it unpacks to more than 0 GB"):
        read(archive)


def test_a_broken_image_in_a_zip_fails_alone(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", [("a.png", picture(1)), ("b.png", picture(2))])
    content = bytearray(archive.read_bytes())
    content[45] ^= 255
    archive.write_bytes(bytes(content))
    first, second = read(archive).sources
    assert read_source(second) == picture(2)
    with pytest.raises(ImageError, match="broken in its archive"):
        read_source(first)


def test_a_password_of_some_files_and_unknown_methods_fail_alone(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", [("a.png", picture(1)), ("b.png", picture(2))])
    content = archive.read_bytes()
    archive.write_bytes(in_central_directory(content, 8, b"\1"))
    assert reasons(read(archive)) == {"a.png": "has a password in its archive"}
    archive.write_bytes(in_central_directory(content, 10, b"\x09"))
    assert "packed by Deflate64" in reasons(read(archive))["a.png"]


def test_an_archive_that_changes_after_its_list_was_read_is_an_image_error(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", [("a.png", picture(1))])
    [source] = read(archive).sources
    assert isinstance(source, ZipMember)
    archive.write_bytes(b"PK")
    with pytest.raises(ImageError, match="broken here, or has changed"):
        read_source(source)
    archive.unlink()
    with pytest.raises(ImageError, match="cannot be read: No such file"):
        source_hash(source)


def test_zips_of_windows_and_macos_have_readable_names(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename, info.create_system = "cat\\a.png", 0
        archive.writestr(info, picture())
        archive.writestr("__MACOSX/._a.png", b"")
        archive.writestr("Koeln.png", picture())
    assert read(file).names == ("Koeln.png", "cat/a.png")
    file.write_bytes(file.read_bytes().replace(b"Koeln.png", "Köln".encode() + b".png"))
    assert read(file).names == ("Köln.png", "cat/a.png")


@given(st.binary(max_size=2000), st.sampled_from(["a.zip", "a.tar", "a.tar.gz"]), st.data())
def test_broken_archives_are_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, name: str, data: st.DataObject
) -> None:
    archive = tmp_path_factory.mktemp("fuzz") / name
    WRITERS[name](archive, [("a/1.png", picture(1)), ("b/2.png", picture(2))])
    content = archive.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    archive.write_bytes(content[:start] + noise + content[start + len(noise) :])
    try:
        found = read(archive)
    except InputError as error:
        assert "\n" not in str(error) and name in str(error)
        return
    for source in found.sources:
        try:
            read_source(source)
        except ImageError as error:
            assert "\n" not in str(error)


def test_names_of_archives_are_known_by_their_suffix() -> None:
    names = ["a.ZIP", "a.tar.gz", "a.tgz", "a.tar", "a.rar", "b.7z"]
    assert all(map(is_archive_name, names))
    assert not any(map(is_archive_name, ["a.png", "zip", "a.csv", "a.parquet"]))


def test_a_file_that_is_broken_into_a_link_is_listed_and_told_when_it_is_read(
    tmp_path: Path,
) -> None:
    archive = tmp_path / "a.zip"
    WRITERS["a.zip"](archive, [("a/1.png", picture(1)), ("b/2.png", picture(2))])
    content = bytearray(archive.read_bytes())
    # Of the first entry in the central directory: the mode of a link, the local header at 1.
    entry = content.index(b"PK\x01\x02")
    content[entry + 38 : entry + 46] = b"\x00\x00\x00\xa0\x01\x00\x00\x00"
    archive.write_bytes(content)
    found = read(archive)
    assert len(found.sources) == 2
    with pytest.raises(ImageError, match="its archive is broken here"):
        read_source(found.sources[list(found.names).index("a/1.png")])
