"""Promises of a run folder's tables: read as they were written, and no empty file."""

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest

from embedbench.results.reading import read_results
from embedbench.results.run_folder import SUMS
from embedbench.results.schema import TABLES
from tests.support.example_results import example_results


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    example_results().write(tmp_path / "run")
    return tmp_path / "run"


def test_every_table_is_read_as_it_was_written(folder: Path) -> None:
    written, read = example_results(), read_results(folder)
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
    read = read_results(tmp_path / "run")
    for name in optional:
        assert list(getattr(read, name).columns) == list(TABLES[name].columns), name
        assert getattr(read, name).empty


def test_written_again_the_record_is_the_same(folder: Path, tmp_path: Path) -> None:
    read_results(folder).write(tmp_path / "again")
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
