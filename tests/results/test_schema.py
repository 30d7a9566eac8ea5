"""Promises of the schema: it names every table and every column of a run folder, and no other."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from embedbench import compare
from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
from embedbench.results.encoded import VECTORS
from embedbench.results.reading import read_results
from embedbench.results.results import Results
from embedbench.results.run_folder import SUMS
from embedbench.results.schema import NULLABLE_TEXT_COLUMNS, TABLES, TEXT_COLUMNS
from tests.support.example_results import example_results
from tests.support.golden_run import Colours, Grid, write_images

OWN_COLUMNS = {"set", "location"}
"""Columns of the images that come from the dataset."""


def catalogue() -> set[str]:
    """Return the names that columns of metrics may have."""
    names = {metric.name for metric in (*METRICS, *ENCODER_METRICS)}
    ends = {f"{name}_{end}" for name in names for end in ("low", "high", "clustered")}
    return names | ends


def check_columns(name: str, frame: pd.DataFrame) -> None:
    """Fail unless the frame has the columns of the table, in their order."""
    table, columns = TABLES[name], list(frame.columns)
    known = [column for column in columns if column in table.columns]
    missing = set(table.columns) - set(columns)
    assert missing <= table.conditional, f"{name} lacks {missing - table.conditional}"
    others = set(columns) - set(table.columns)
    if name == "images":
        assert others <= OWN_COLUMNS
    else:
        assert not others or (table.is_open and others <= catalogue()), (name, others)
    assert table.is_open or known == [one for one in table.columns if one in known], name


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """Results with every table but that of failures."""
    place = tmp_path_factory.mktemp("schema")
    yield compare(
        str(write_images(place / "images")), {"colours": Colours(), "grid": Grid()},
        domain="folder", clusterers=["kmeans"], k="2..4", seeds=2, names=["red", "green", "blue"],
        corrupt=["noise:3"], corrupted=12, mix="digits:0.1", copies=8, projections=["pca"],
        pairs=True, store=place / "store",
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Their run folder."""
    place = tmp_path_factory.mktemp("schema") / "run"
    results.write(place)
    yield place


def test_a_run_folder_has_the_tables_and_columns_of_the_schema(folder: Path) -> None:
    files = {file.name for file in folder.iterdir()} - {
        "run.json",
        "comparison.md",
        VECTORS,
        SUMS,
    }
    every = {f"{name}.{table.suffix}" for name, table in TABLES.items()}
    assert files == every - {"failures.csv"}
    found = read_results(folder)
    for name in set(TABLES) - {"failures"}:
        check_columns(name, getattr(found, name))


def test_text_is_read_back_as_it_was_written(results: Results, folder: Path) -> None:
    """Of a column of text that `TEXT_COLUMNS` lacks, "" comes back as nan, and "12" as a number."""
    read = read_results(folder)
    for name, table in TABLES.items():
        frame = getattr(results, name)
        for column in frame.columns if table.suffix == "csv" else ():
            pairs = zip(frame[column], getattr(read, name)[column], strict=True)
            texts = [(one, found) for one, found in pairs if isinstance(one, str)]
            assert [found for _, found in texts] == [one for one, _ in texts], (name, column)


@pytest.mark.parametrize("truth", [True, False])
def test_the_example_has_the_columns_of_the_schema(truth: bool) -> None:
    results = example_results(truth)
    for name in ("timings", "robustness", "robustness_ranking", "contamination", "zero_shot"):
        check_columns(name, getattr(results, name))
    for name, table in TABLES.items():
        frame = getattr(results, name)
        others = set(frame.columns) - set(table.columns)
        assert others <= (catalogue() if table.is_open else set()), name


def test_every_field_of_the_results_is_a_table_of_the_schema() -> None:
    fields = {field.name for field in dataclasses.fields(Results)} - {"run", "encoded", "folder"}
    assert fields == set(TABLES)


def test_every_column_has_a_meaning() -> None:
    for name, table in TABLES.items():
        assert table.about.endswith(".") and table.suffix in ("csv", "parquet")
        for column, meaning in table.columns.items():
            assert meaning and meaning[-1] == ".", (name, column)
        assert table.conditional <= set(table.columns), name


def test_the_columns_of_text_are_columns_of_csv_files() -> None:
    tables = [table for table in TABLES.values() if table.suffix == "csv"]
    known = {column for table in tables for column in table.columns}
    assert {*TEXT_COLUMNS, *NULLABLE_TEXT_COLUMNS} <= known
