"""Promises of a run folder's tables: read as they were written, and no empty file."""

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest

from embedbench.errors import InputError
from embedbench.results.results import Results
from embedbench.results.run_folder import SUMS
from embedbench.results.schema import SCHEMA_VERSION, TABLES
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


def test_every_table_is_read_as_it_was_written(folder: Path) -> None:
    written, read = example_results(), Results.read(folder)
    for name in TABLES:
        one, other = getattr(written, name), getattr(read, name)
        assert list(one.columns) == list(other.columns), name
        assert len(one) == len(other), name
        for column in one.columns[one.notna().all()]:
            kind = float if pd.api.types.is_numeric_dtype(other[column]) else str
            ours, theirs = ([kind(cell) for cell in frame[column]] for frame in (one, other))
            assert ours == theirs, (name, column)


def test_a_table_without_rows_has_no_file_and_keeps_its_columns(tmp_path: Path) -> None:
    whole = example_results()
    optional = [name for name, table in TABLES.items() if table.optional]
    empty = {name: getattr(whole, name).iloc[:0] for name in optional}
    dataclasses.replace(whole, **empty).write(tmp_path / "run")
    written = {file.name for file in (tmp_path / "run").iterdir()}
    required = {f"{name}.{table.suffix}" for name, table in TABLES.items() if not table.optional}
    assert written == required | {"run.json", "comparison.md", SUMS}
    read = Results.read(tmp_path / "run")
    for name in optional:
        assert list(getattr(read, name).columns) == list(TABLES[name].columns), name
        assert getattr(read, name).empty


def test_a_table_that_is_lost_is_not_taken_for_an_empty_one(folder: Path) -> None:
    (folder / "pairwise.csv").unlink()
    with pytest.raises(InputError, match=r"not a whole run folder: pairwise\.csv is missing; run"):
        Results.read(folder)


def test_a_folder_without_a_table_that_does_not_decide_is_read_in_part(folder: Path) -> None:
    (folder / "pairwise.csv").unlink()
    (folder / "silhouettes.parquet").write_bytes(b"PAR1")
    results, lacking = Results.read_partly(folder)
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
        Results.read_partly(folder)


@pytest.mark.parametrize("name", ["clusters.csv", "images.parquet", "run.json"])
def test_a_file_that_is_cut_is_named_in_one_line(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    cut = content.index(b'"') + 1 if b'"' in content and name != "run.json" else len(content) // 2
    (folder / name).write_bytes(content[:cut])
    with pytest.raises(InputError, match=f"not a whole run folder: {name} is damaged") as told:
        Results.read(folder)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": SCHEMA_VERSION - 1}, "made by an older version"),
        ({"schema": SCHEMA_VERSION + 1}, "made by a newer version"),
        ({"schema": True}, "names no schema"),
        ({"tables": "failures"}, "names no tables"),
        ({"tables": None}, "names no tables"),
    ],
)
def test_a_record_of_something_else_is_refused(
    folder: Path, changes: dict[str, object], words: str
) -> None:
    change_record(folder, **changes)
    with pytest.raises(InputError, match=words):
        Results.read(folder)


def test_written_again_the_record_is_the_same(folder: Path, tmp_path: Path) -> None:
    Results.read(folder).write(tmp_path / "again")
    one, two = (place / "run.json" for place in (folder, tmp_path / "again"))
    assert one.read_bytes() == two.read_bytes()


def test_times_are_in_no_table_but_their_own(folder: Path) -> None:
    for file in folder.glob("*.csv"):
        columns = pd.read_csv(file, nrows=0).columns
        assert not {"seconds", "images_per_second", "latency_ms", "load_seconds"} & set(columns)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert not {"started", "seconds", "encoded"} & set(record)
    assert "seconds" not in (folder / "comparison.md").read_text(encoding="utf-8")


def test_the_headline_has_the_silhouette_in_l2_only_beside_another_space() -> None:
    results = example_results()
    table = results.comparison.assign(silhouette_l2=0.5)
    alone = dataclasses.replace(results, comparison=table)
    assert "silhouette_l2" not in alone.headline_columns()
    other = table.assign(space="pca:8")
    both = dataclasses.replace(results, comparison=pd.concat([table, other]))
    assert "silhouette_l2" in both.headline_columns()


def test_the_metric_that_leads_stands_in_the_place_of_ami_in_every_form() -> None:
    results = example_results()
    order = ["search", "clustering", "classification"]
    purposes = results.purposes.sort_values(
        "purpose", key=lambda names: names.map(order.index), kind="stable"
    )
    leading = dataclasses.replace(results, purposes=purposes.reset_index(drop=True))
    table, usual = leading.headline(), results.headline()
    assert list(table.columns) == ["mAP" if name == "AMI" else name for name in usual.columns]
    numbers = purposes[purposes["purpose"] == "search"].set_index("encoder")
    for _, row in table.iterrows():
        own = numbers.loc[row["encoder"]]
        assert [row["mAP"], row["low"], row["high"]] == [own["value"], own["low"], own["high"]]
    assert "mAP" in leading.to_markdown() and "AMI" not in leading.to_markdown()
