"""Promises of reading: a run folder is read whole, in part, or refused in one line."""

import json
from pathlib import Path

import pytest

from embedbench.errors import InputError
from embedbench.results.reading import read_partly, read_results
from embedbench.results.run_folder import SUMS
from embedbench.results.schema import SCHEMA_VERSION
from tests.support.example_results import example_results


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    example_results().write(tmp_path / "run")
    return tmp_path / "run"


def change_record(folder: Path, **changes: object) -> None:
    """Change what `run.json` says."""
    file = folder / "run.json"
    record = json.loads(file.read_text(encoding="utf-8")) | changes
    file.write_text(json.dumps(record), encoding="utf-8")


def test_a_table_that_is_lost_is_not_taken_for_an_empty_one(folder: Path) -> None:
    (folder / "pairwise.csv").unlink()
    with pytest.raises(InputError, match=r"not a whole run folder: pairwise\.csv is missing; run"):
        read_results(folder)


def test_a_folder_without_a_table_that_does_not_decide_is_read_in_part(folder: Path) -> None:
    (folder / "pairwise.csv").unlink()
    (folder / "silhouettes.parquet").write_bytes(b"PAR1")
    results, lacking = read_partly(folder)
    assert results.pairwise.empty and results.silhouettes.empty
    assert set(lacking) == {"pairwise", "silhouettes"}
    assert lacking["pairwise"] == "pairwise.csv is missing"
    assert lacking["silhouettes"].startswith("silhouettes.parquet is damaged (")


@pytest.mark.parametrize("name", ["comparison.csv", "encoders.csv", "images.parquet", "run.json"])
def test_a_folder_without_a_table_that_decides_is_not_read_even_in_part(
    folder: Path, name: str
) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"not a whole run folder: {name} is missing; run again"):
        read_partly(folder)


@pytest.mark.parametrize("name", ["clusters.csv", "images.parquet", "run.json"])
def test_a_file_that_is_cut_is_named_in_one_line(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    cut = content.index(b'"') + 1 if b'"' in content and name != "run.json" else len(content) // 2
    (folder / name).write_bytes(content[:cut])
    with pytest.raises(InputError, match=f"not a whole run folder: {name} is damaged") as told:
        read_results(folder)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": SCHEMA_VERSION - 1}, "made by an older version"),
        ({"schema": SCHEMA_VERSION + 1}, "made by a newer version"),
        ({"schema": True}, "names no schema"),
        ({"tables": "failures"}, "run.json does not fit: `tables` must be of the kind array; run"),
        ({"tables": None}, "run.json does not fit: `tables` must be of the kind array; run"),
        ({"verdict": {}}, "not a whole run folder: run.json does not fit: it has no `verdict.ans"),
    ],
)
def test_a_record_of_something_else_is_refused(
    folder: Path, changes: dict[str, object], words: str
) -> None:
    change_record(folder, **changes)
    with pytest.raises(InputError, match=words):
        read_results(folder)


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("comparison", "k_from", "chosen_by", "comparison.csv does not fit: it has no column `k_f"),
        ("encoders", ",4,", ",four,", "encoders.csv does not fit: `dim` must hold whole numbers"),
        ("pairwise", ",0.9,", ",most,", "pairwise.csv does not fit: `win` must hold numbers; not "),
        ("shortcuts", "encoder,", "model,", "shortcuts.csv does not fit: it has no column `enco"),
    ],
)
def test_a_table_that_does_not_fit_is_told_in_one_line(
    folder: Path, name: str, old: str, new: str, reason: str
) -> None:
    file = folder / f"{name}.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as told:
        read_results(folder)
    assert reason in str(told.value) and "\n" not in str(told.value)
    if name in ("comparison", "encoders"):
        with pytest.raises(InputError, match="does not fit"):
            read_partly(folder)
    else:
        results, lacking = read_partly(folder)
        assert list(lacking) == [name] and getattr(results, name).empty


def test_a_key_or_a_column_of_a_later_version_is_left_alone(folder: Path) -> None:
    change_record(folder, mood="good")
    file = folder / "shortcuts.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    text = "\n".join(f"{line},{'later' if row == 0 else 'x'}" for row, line in enumerate(lines))
    file.write_text(text, encoding="utf-8")
    assert "later" in read_results(folder).shortcuts


def test_of_a_folder_that_lacks_a_file_one_line_says_which(folder: Path) -> None:
    """Each in turn; those that only people read are not needed."""
    files = sorted(file.name for file in folder.iterdir())
    assert len(files) > 25
    for name in files:
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        if name in ("comparison.md", SUMS):
            read_results(folder)
        else:
            with pytest.raises(InputError) as told:
                read_results(folder)
            whole = f"'{folder}' is not a whole run folder: {name} is missing; run again"
            assert str(told.value) == whole
        (folder / name).write_bytes(content)
    read_results(folder)


def test_a_folder_is_written_and_read_by_its_path_as_a_text(tmp_path: Path) -> None:
    example_results().write(str(tmp_path / "run"))
    read = read_results(str(tmp_path / "run"))
    assert read.verdict == read_results(tmp_path / "run").verdict


def test_a_file_and_a_place_without_a_folder_are_told(folder: Path) -> None:
    with pytest.raises(InputError, match=r"run\.json' is a file; name the run folder, which holds"):
        read_results(folder / "run.json")
    for place in (folder / "gone", folder / "run.json" / "deeper", "a\0b"):
        with pytest.raises(InputError, match="there is no run folder '"):
            read_results(place)
