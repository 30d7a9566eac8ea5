"""Promises of the schema: it names every table and every column of a run folder, and no other."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from embedbench import compare
from embedbench.results.encoded import VECTORS
from embedbench.results.reading import read_results
from embedbench.results.results import Results
from embedbench.results.run_folder import SUMS
from embedbench.results.schema import TABLES
from tests.support.example_results import example_results
from tests.support.golden_run import Colours, Grid, write_images
from tests.support.run_folder_shape import faults_of, faults_of_table


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
    assert faults_of(folder) == []


def test_text_is_read_back_as_it_was_written(results: Results, folder: Path) -> None:
    """Of a column of text that is said to be of numbers, "12" comes back as a number."""
    read = read_results(folder)
    for name, table in TABLES.items():
        frame = getattr(results, name)
        for column in frame.columns if table.suffix == "csv" else ():
            pairs = zip(frame[column], getattr(read, name)[column], strict=True)
            texts = [(one, found) for one, found in pairs if isinstance(one, str)]
            assert [found for _, found in texts] == [one for one, _ in texts], (name, column)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The images of the golden run."""
    return write_images(tmp_path_factory.mktemp("schema") / "images")


def fails(images: Sequence[Image.Image]) -> np.ndarray:
    """An encoder that fails."""
    raise RuntimeError("no such device")


QUICK: dict[str, Any] = {"clusterers": ["kmeans"], "seeds": 1, "projections": ["pca"], "copies": 4}


@pytest.mark.parametrize(
    ("encoders", "options"),
    [
        ({"colours": Colours(), "grid": Grid(), "broken": fails}, {"labels": "none", "k": "2..4"}),
        ({"colours": Colours()}, {"k": 3}),
        ({"grid": Grid(), "broken": fails}, {"k": "truth", "pairs": True, "at_most": "1kB"}),
        ({"colours": Colours(), "grid": Grid()}, {"spaces": ["l2", "tsne:2"], "k": "2..3"}),
        ({"grid": Grid()}, {"clusterers": ["hdbscan"], "labels": "none", "copies": 0, "limit": 5}),
    ],
    ids=["without labels", "one encoder", "one left", "spaces", "noise alone"],
)
def test_small_runs_of_every_kind_fit_the_schema(
    images: Path, tmp_path: Path, encoders: dict[str, Any], options: dict[str, Any]
) -> None:
    compare(
        images, encoders, **QUICK | {"store": tmp_path / "store", "out": tmp_path / "run"} | options
    )
    assert faults_of(tmp_path / "run") == []


def test_a_run_on_a_table_with_queries_and_texts_fits_the_schema(
    images: Path, tmp_path: Path
) -> None:
    files = sorted(images.rglob("*.png"))
    table = {
        "path": list(map(str, files)),
        "label": [file.parent.name for file in files],
        "text": [f"a picture of {file.parent.name}" for file in files],
        "part": ["query", "gallery", "gallery"] * (len(files) // 3),
        "weight": range(len(files)),
    }
    pd.DataFrame(table).to_csv(tmp_path / "images.csv", index=False)
    asked: dict[str, Any] = {"queries": "part=query", "texts": "text", "at_least": "1/s"}
    asked |= {"k": 3, "store": tmp_path / "store", "out": tmp_path / "run"}
    compare(tmp_path / "images.csv", {"a": Colours(), "b": Grid()}, **QUICK | asked)
    assert faults_of(tmp_path / "run", frozenset(table)) == []


@pytest.mark.parametrize("truth", [True, False])
def test_the_example_fits_the_schema(truth: bool) -> None:
    results = example_results(truth)
    for name in TABLES:
        frame = getattr(results, name)
        faults = faults_of_table(name, frame) if len(frame) else []
        assert [one for one in faults if not one.endswith("another order")] == []


@pytest.mark.parametrize(
    ("name", "column", "value", "fault"),
    [
        ("encoders", "dim", 2.5, "encoders.dim holds 2.5, not whole"),
        ("encoders", "recommended", "maybe", "encoders.recommended holds 'maybe', not yes/no"),
        ("comparison", "ami", "high", "comparison.ami holds 'high', not number"),
        ("images", "hash", 7, "images.hash holds 7, not text"),
        ("images", "hash", None, "images.hash has missing values"),
        ("pairwise", "win", 1.5, "pairwise.win holds 1.5"),
        ("pairwise", "draw", 0.5, "pairwise: draw is unknown"),
        ("comparison", "draw", 0.5, "comparison: draw is unknown"),
    ],
)
def test_a_planted_fault_of_a_table_is_seen(
    name: str, column: str, value: object, fault: str
) -> None:
    frame = getattr(example_results(), name)
    cells = [value] * len(frame)
    assert fault in faults_of_table(name, frame.assign(**{column: pd.Series(cells, dtype=object)}))


def test_a_column_that_is_gone_or_elsewhere_is_seen() -> None:
    frame = example_results().pairwise
    assert "pairwise lacks win" in faults_of_table("pairwise", frame.drop(columns="win"))
    assert faults_of_table("pairwise", frame[["win", *frame.columns.drop("win")]]) == [
        "pairwise has its columns in another order"
    ]


def test_a_type_of_parquet_an_unknown_file_and_an_unknown_key_are_seen(tmp_path: Path) -> None:
    run = tmp_path / "run"
    example_results().write(run)
    (run / "notes.txt").write_text("mine")
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps(record | {"mood": "good"}), encoding="utf-8")
    found = faults_of(run)
    assert "notes.txt" in found
    assert "partitions.k is stored as double, not integer" in found
    assert [one for one in found if "run.json" in one and "'mood' was unexpected" in one]


def test_every_field_of_the_results_is_a_table_of_the_schema() -> None:
    fields = {field.name for field in dataclasses.fields(Results)} - {"run", "encoded", "folder"}
    assert fields == set(TABLES)


def test_every_column_has_a_meaning() -> None:
    for name, table in TABLES.items():
        assert table.about.endswith(".") and table.suffix in ("csv", "parquet")
        for column, about in table.columns.items():
            assert about.meaning.endswith("."), (name, column)
        assert table.conditional <= set(table.columns), name
