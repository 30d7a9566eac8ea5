"""Promises of the place of a run folder: one run at a time, the earlier run kept until then."""

import subprocess
from pathlib import Path

import pytest

from embedbench.errors import InputError
from embedbench.results.run_folder import SUMS, OutFolder, check_writable, is_intact
from tests.support.example_results import example_results


def test_a_folder_that_another_run_writes_to_is_refused_at_once(tmp_path: Path) -> None:
    results = example_results()
    with OutFolder(tmp_path / "run"):
        with pytest.raises(InputError, match="another run is writing to '.*run'"):
            results.write(tmp_path / "run")
        results.write(tmp_path / "other")
    results.write(tmp_path / "run")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["other", "run"]


def test_a_folder_that_cannot_be_replaced_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="name a folder in it, such as 'run'"):
        example_results().write(Path("."))


def test_a_folder_of_something_else_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_text("mine")
    with pytest.raises(InputError, match="holds something that is not a run"):
        check_writable(tmp_path / "photos")
    with pytest.raises(InputError, match="it is a file"), OutFolder(tmp_path / "photos/mine.jpg"):
        pass
    assert (tmp_path / "photos" / "mine.jpg").read_text() == "mine"


def test_an_empty_folder_a_new_one_and_an_earlier_run_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    before = sorted(tmp_path.rglob("*"))
    for name in ("empty", "run", "new", "new/deep/{0} %s"):
        check_writable(tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(InputError, match="no folder can be called"):
        check_writable(Path("a\0b"))


def test_what_is_filled_in_takes_the_place_of_the_earlier_run_and_nothing_is_left(
    tmp_path: Path,
) -> None:
    run = tmp_path / "a" / "<b>run"
    for text in ("one", "two"):
        with OutFolder(run) as place:
            place.fill(lambda new, text=text: (new / "run.json").write_text(text))  # type: ignore[misc]
        assert {file.name for file in run.iterdir()} == {"run.json", SUMS}
        assert (run / "run.json").read_text() == text
        assert list(run.parent.iterdir()) == [run]


def test_where_filling_fails_the_earlier_run_is_there(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("old")

    def fail(new: Path) -> None:
        (new / "run.json").write_text("half")
        raise OSError("the disk is full")

    with OutFolder(run) as place, pytest.raises(InputError, match="run': the disk is full"):
        place.fill(fail)
    assert (run / "run.json").read_text() == "old"
    assert list(tmp_path.iterdir()) == [run]


def test_the_sums_of_a_run_folder_are_those_that_sha256sum_checks(tmp_path: Path) -> None:
    example_results().write(tmp_path / "run")
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", SUMS], cwd=tmp_path / "run", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    checked = {line.partition(":")[0] for line in done.stdout.splitlines()}
    assert checked == {file.name for file in (tmp_path / "run").iterdir()} - {SUMS}
    assert is_intact(tmp_path / "run")
    (tmp_path / "run" / "encoders.csv").write_text("edited")
    assert not is_intact(tmp_path / "run")
    assert not is_intact(tmp_path)
