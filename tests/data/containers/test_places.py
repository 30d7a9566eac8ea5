"""Promises of patterns and lists: what a shell would name, called by the paths below one folder."""

from pathlib import Path

import pytest

from embedbench.data.containers.places import are_shards, common_folder, expand, read_files
from embedbench.errors import InputError
from embedbench.io.paths import parse_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a/1.png", "a/2.png", "a/deep/3.png", "b/1.jpg", "b[1]/x.png", "{c}/x.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a/*.png", ["a/1.png", "a/2.png"]),
        ("**/*.jpg", ["b/1.jpg"]),
        ("a/[12].png", ["a/1.png", "a/2.png"]),
        ("?/1.*", ["a/1.png", "b/1.jpg"]),
        ("{a,b}/1.*", ["a/1.png", "b/1.jpg"]),
        ("a/{1..2}.png", ["a/1.png", "a/2.png"]),
        ("a/{001..003}.png", ["a/001.png", "a/002.png", "a/003.png"]),
        ("{a,b}/{2..1}", ["a/2", "a/1", "b/2", "b/1"]),
    ],
)
def test_a_pattern_is_what_a_shell_makes_of_it(
    folder: Path, pattern: str, names: list[str]
) -> None:
    assert expand(f"{folder}/{pattern}") == [folder / name for name in names]


@pytest.mark.parametrize("name", ["a", "b[1]", "{c}", "missing", "a{b}c"])
def test_what_exists_or_has_no_wildcard_is_no_pattern(folder: Path, name: str) -> None:
    assert expand(folder / name) is None


def test_a_pattern_of_too_many_files_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="names more than 10,000 files"):
        expand("{1..999999999}.tar")
    with pytest.raises(InputError, match="there is no file or folder '.*nothing"):
        expand(f"{folder}/nothing*")


@pytest.mark.parametrize(
    ("names", "are_one"),
    [
        (["s-000.tar", "s-001.tar"], True),
        (["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"], True),
        (["2020.zip", "2021.zip"], False),
        (["a.zip", "b.zip"], False),
        (["a-001.tar", "b-002.tar"], False),
        (["x/001.tar", "y/002.tar"], False),
        (["001.tar"], False),
    ],
)
def test_shards_are_told_from_several_sets(names: list[str], are_one: bool) -> None:
    assert are_shards([Path(name) for name in names]) == are_one


def test_files_are_called_by_their_paths_below_the_folder_of_all(folder: Path) -> None:
    places = [folder / "b" / "1.jpg", folder / "a" / "deep" / "3.png", folder / "a" / "missing"]
    found = read_files(places, folder, listed=True)
    assert found.names == ("b/1.jpg", "a/deep/3.png", "a/missing")
    assert found.table["truth"].tolist() == ["b", "a/deep", "a"]
    assert common_folder(places) == folder
    remote = [parse_path("memory://x/a/1.png"), parse_path("memory://x/a/b/2.png")]
    assert read_files(remote, folder, listed=True).names == ("1.png", "b/2.png")
    mixed = read_files([folder / "a" / "1.png", remote[0]], folder, listed=True)
    assert mixed.names == (f"{folder}/a/1.png", "memory://x/a/1.png")
    with pytest.raises(InputError, match="the image '.*1.jpg' is given twice"):
        read_files(places[:1] * 2, folder, listed=True)
