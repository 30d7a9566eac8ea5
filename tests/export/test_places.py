"""Promises of places: what is there is kept, and what is written is whole."""

from pathlib import Path

import pytest

from embedbench.errors import InputError
from embedbench.export.places import new_file, new_folder


def test_a_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    place = tmp_path / "new" / "folder"
    with new_folder(str(place)) as folder:
        (folder / "a").write_text("1")
        assert not place.exists()
    assert (place / "a").read_text() == "1"
    assert [one.name for one in place.parent.iterdir()] == ["folder"]


def test_an_empty_folder_is_filled_and_another_is_kept(tmp_path: Path) -> None:
    with new_folder(str(tmp_path / "empty")):
        pass
    with new_folder(str(tmp_path / "empty")) as folder:
        (folder / "a").write_text("1")
    with pytest.raises(InputError, match="it is there already"):
        with new_folder(str(tmp_path / "empty")) as folder:
            (folder / "b").write_text("2")
    assert [one.name for one in (tmp_path / "empty").iterdir()] == ["a"]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), new_folder(str(tmp_path / "x")) as folder:
        (folder / "a").write_text("1")
        raise KeyboardInterrupt
    with pytest.raises(InputError, match="cannot write .*: No space"):
        with new_file(str(tmp_path / "x.parquet"), ".parquet"):
            raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_never_replaced_and_has_its_ending(tmp_path: Path) -> None:
    place = tmp_path / "x.parquet"
    with new_file(str(place), ".parquet") as file:
        file.write(b"1")
    with pytest.raises(InputError, match="it is there already"), new_file(str(place), ".parquet"):
        pass
    with (
        pytest.raises(InputError, match=r"must be a \.parquet file"),
        new_file("x.csv", ".parquet"),
    ):
        pass
    assert place.read_bytes() == b"1"


@pytest.mark.parametrize("out", [None, "", "a\0b"])
def test_a_place_must_be_named(out: str | None) -> None:
    with pytest.raises(InputError, match="--out FOLDER"), new_folder(out):
        pass
    with pytest.raises(InputError, match="--out FILE"), new_file(out, ".parquet"):
        pass
