"""Whether a run folder is as its schema says, down to the last key, column, kind and range."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
from embedbench.results.encoded import VECTORS
from embedbench.results.reading import read_results
from embedbench.results.record.run_schema import run_schema
from embedbench.results.run_folder import SUMS
from embedbench.results.schema import TABLES
from embedbench.results.tables.column import Column

__all__ = ["faults_of", "faults_of_table"]

OF_DATASETS = {"is_query", "label", "location", "set", "texts"}
"""Columns of the images that come from the dataset, beside those of the user's own table."""

ARROW = {
    "text": (pa.types.is_string, pa.types.is_large_string),
    "integer": (pa.types.is_integer,),
    "number": (pa.types.is_floating,),
    "yes/no": (pa.types.is_boolean,),
    "bytes": (pa.types.is_binary, pa.types.is_large_binary),
}
_ROUNDING = 1e-6


def catalogue() -> set[str]:
    """Return the names that columns of metrics may have."""
    names = {metric.name for metric in (*METRICS, *ENCODER_METRICS)}
    ends = {f"{name}_{end}" for name in names for end in ("low", "high", "clustered")}
    return names | ends


def faults_of(folder: Path, own_columns: frozenset[str] = frozenset()) -> list[str]:
    """Return what in a run folder its schema does not say.

    Args:
        folder: the run folder.
        own_columns: of the user's own table.
    """
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(run_schema())
    found = [f"run.json: {error.message}" for error in validator.iter_errors(run)]
    results = read_results(folder)
    files = {f"{name}.{TABLES[name].suffix}" for name in run["tables"]}
    others = {file.name for file in folder.iterdir()} - files
    known = {"run.json", "comparison.md", SUMS, "report.html", VECTORS}
    found += sorted(others - known - {"comparison.tex", "methods.tex", "references.bib"})
    for name in run["tables"]:
        found += faults_of_table(name, getattr(results, name), own_columns)
        if TABLES[name].suffix == "parquet":
            found += _faults_of_parquet(name, folder / f"{name}.parquet")
    return found


def faults_of_table(
    name: str, frame: pd.DataFrame, own_columns: frozenset[str] = frozenset()
) -> list[str]:
    """Return what in a table that was read its schema does not say."""
    table, columns = TABLES[name], list(frame.columns)
    missing = set(table.columns) - set(columns) - table.conditional
    found = [f"{name} lacks {column}" for column in sorted(missing)]
    known = [column for column in columns if column in table.columns]
    if not table.is_open and known != [one for one in table.columns if one in known]:
        found.append(f"{name} has its columns in another order")
    may_be = (OF_DATASETS | own_columns) if name == "images" else catalogue()
    others = [one for one in columns if one not in table.columns]
    found += [
        f"{name}: {one} is unknown" for one in others if one not in may_be or not table.is_open
    ]
    described = {**table.columns}
    if table.others is not None:
        described |= {one: table.others for one in others}
    for column, about in described.items():
        if column in columns:
            found += [f"{name}.{column} {fault}" for fault in _faults_of(frame[column], about)]
    return found


def _faults_of(values: pd.Series, column: Column) -> list[str]:
    known = values.dropna()
    found = [] if column.nullable or len(known) == len(values) else ["has missing values"]
    kinds = {
        "text": (str,), "integer": (int, float), "number": (int, float), "yes/no": (bool,),
        "bytes": (bytes,),
    }  # fmt: skip
    cells: list[Any] = known.tolist()  # Python's own types
    wrong = [cell for cell in cells if type(cell) not in kinds[column.kind]]
    if wrong:
        return [*found, f"holds {wrong[0]!r}, not {column.kind}"]
    if column.kind == "integer":
        found += [f"holds {cell}, not whole" for cell in cells if cell != int(cell)][:1]
    low, high = column.low, column.high
    found += [f"holds {cell}" for cell in cells if low is not None and cell < low - _ROUNDING][:1]
    found += [f"holds {cell}" for cell in cells if high is not None and cell > high + _ROUNDING][:1]
    return found


def _faults_of_parquet(name: str, file: Path) -> list[str]:
    """Return the columns whose type in the file is of another kind."""
    found = []
    for field in pq.read_schema(file):
        column = TABLES[name].columns.get(field.name)
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        is_empty = pa.types.is_null(kind)
        if column and not is_empty and not any(fits(kind) for fits in ARROW[column.kind]):
            found.append(f"{name}.{field.name} is stored as {kind}, not {column.kind}")
    return found
