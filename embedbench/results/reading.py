"""Read the run folder of a comparison."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from embedbench.errors import InputError
from embedbench.io.safe_csv import read_csv
from embedbench.results.encoded import VECTORS, Encoded
from embedbench.results.record.run_schema import misfit_of_run
from embedbench.results.results import Results, empty_table
from embedbench.results.schema import SCHEMA_VERSION, TABLES
from embedbench.results.tables.fitting import misfit
from embedbench.utils.messages import one_line

__all__ = ["read_partly", "read_results"]

_DECIDING = ("comparison", "encoders", "images")
"""The tables without which there is no answer."""

_MARKS = ("run.json", "comparison.csv", "encoders.csv")
"""What tells a run folder, also half there, from any other."""


def read_results(folder: str | Path) -> Results:
    """Return the results in a run folder.

    Raises:
        InputError: the folder is no run folder, or of another version of it.
    """
    results, lacking = read_partly(folder)
    if lacking:
        raise _not_whole(Path(folder), next(iter(lacking.values())))
    return results


def read_partly(folder: str | Path) -> tuple[Results, dict[str, str]]:
    """Return the results in a run folder, and why tables that could not be read are empty.

    The reasons stand by the names of the tables.

    Raises:
        InputError: the folder is no run folder, of another version of it, or lacks one of the
            tables that decide: of the comparison, of the encoders or of the images.
    """
    folder = Path(folder)
    _check_place(folder)
    if folder.is_dir() and not any((folder / name).exists() for name in _MARKS):
        raise InputError(f"'{folder}' is not a run folder: it has no run.json")
    tables: dict[str, pd.DataFrame] = {}
    lacking: dict[str, str] = {}
    try:
        run = _read_part(folder / "run.json")
    except ValueError as error:
        raise _not_whole(folder, str(error)) from error
    _check_schema(folder, run)
    for name, table in TABLES.items():
        tables[name] = empty_table(name)
        if table.optional and name not in run["tables"]:
            continue
        file = folder / f"{name}.{table.suffix}"
        try:
            frame = _read_part(file)
            if reason := misfit(table, frame):
                raise ValueError(f"{file.name} does not fit: {reason}")
        except ValueError as error:
            if name in _DECIDING:
                raise _not_whole(folder, str(error)) from error
            lacking[name] = str(error)
        else:
            tables[name] = frame
    encoded = None
    if run.get("has_vectors"):
        names, rows = list(run.get("fingerprints") or {}), len(tables["images"])
        try:
            encoded = Encoded.read(folder / VECTORS, names, rows)
        except ValueError as error:
            lacking[VECTORS] = str(error)
    return Results(**tables, run=run, encoded=encoded, folder=folder), lacking


def _read_part(file: Path) -> Any:
    """Return what a file of a run folder holds.

    Raises:
        ValueError: it is missing or damaged; the message names it.
    """
    try:
        return _READERS[file.suffix](file)
    except FileNotFoundError as error:
        raise ValueError(f"{file.name} is missing") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{file.name} is damaged ({one_line(str(error))})") from error


def _not_whole(folder: Path, reason: str) -> InputError:
    return InputError(f"'{folder}' is not a whole run folder: {reason}; run again")


def _check_place(folder: Path) -> None:
    """Raise InputError where there is no folder, or a file."""
    if os.path.isfile(folder):
        raise InputError(f"'{folder}' is a file; name the run folder, which holds run.json")
    if not os.path.isdir(folder):
        raise InputError(f"there is no run folder '{folder}'")


def _check_schema(folder: Path, run: Any) -> None:
    schema = run.get("schema") if isinstance(run, dict) else None
    if type(schema) is not int:
        raise InputError(f"'{folder}' is not a run folder: its run.json names no schema")
    if schema != SCHEMA_VERSION:
        newer = schema > SCHEMA_VERSION
        made = "a newer" if newer else "an older"
        step = "update embedbench, or run again" if newer else "run again"
        raise InputError(
            f"'{folder}' was made by {made} version of embedbench (schema {schema}; this one "
            f"reads {SCHEMA_VERSION}): {step}"
        )
    if reason := misfit_of_run(run):
        raise _not_whole(folder, f"run.json does not fit: {reason}")


def _read_csv(file: Path) -> pd.DataFrame:
    """Return a table as it was written: a cluster named `null` or `12` keeps its name."""
    columns = TABLES[file.stem].columns
    texts = {name: one.nullable for name, one in columns.items() if one.kind == "text"}
    table = read_csv(file, dict.fromkeys(texts, str))
    never_missing = [name for name, nullable in texts.items() if not nullable]
    return table.fillna({name: "" for name in never_missing if name in table.columns})


_READERS: dict[str, Callable[[Path], Any]] = {
    ".json": lambda file: json.loads(file.read_text(encoding="utf-8")),
    ".csv": _read_csv,
    ".parquet": pd.read_parquet,
}
