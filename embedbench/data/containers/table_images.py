"""Tables with the bytes of images in a column: Parquet and Arrow, as Hugging Face writes them."""

import json
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from embedbench.data.containers.record_batches import (
    TableCell,
    is_arrow_name,
    open_arrow,
    open_parquet,
)
from embedbench.data.dataset import Dataset
from embedbench.data.image_rows import dataset_of_rows, unique_names
from embedbench.data.images.sources import RejectedImage, Source
from embedbench.data.splits import split_of
from embedbench.data.tables.columns import IMAGE_COLUMNS
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.locations import place_of
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, open_file
from embedbench.utils.formats import HEADER_BYTES, format_of
from embedbench.utils.text import join_names, shown

__all__ = ["has_images", "named_classes", "read_table_images"]

_SHARD = re.compile(r"[-_.]?\d+(?:[-_]of[-_]\d+)?.*")
_IMAGE = "image"


@dataclass
class _Rows:
    """The rows of one file.

    Attributes:
        sources: the image of each row.
        paths: the path that each row gives its image; None without one.
        cells: the other columns.
    """

    sources: list[Source] = field(default_factory=list)
    paths: list[str | None] = field(default_factory=list)
    cells: list[pd.DataFrame] = field(default_factory=list)


def has_images(file: AnyPath) -> bool:
    """Return whether a Parquet or Arrow file has a column with the bytes of images."""
    try:
        with open_file(file) as opened, closing(_opened(file, opened)) as table:
            found = _image_columns(table)
            plain = [path[0] for path in found.values() if len(path) == 1]
            return len(found) > len(plain) or any(_starts_with_image(table, one) for one in plain)
    except Exception:  # it is read again as a table, which says what is wrong
        return False


def _starts_with_image(table: Any, column: str) -> bool:
    """Return whether the first bytes in a column are an image."""
    batches = table.iter_batches(1, columns=[column]) if hasattr(table, "iter_batches") else table
    for batch in batches:
        for value in batch.column(batch.schema.get_field_index(column)):
            if value.is_valid:
                return format_of(bytes(value.as_buffer()[:HEADER_BYTES])) is not None
    return False


def read_table_images(files: Sequence[AnyPath], name: AnyPath, form: TableForm) -> Dataset:
    """Return the images in tables, with their other columns, in the order of their rows.

    Labels that are numbers of classes get their names from the file. Files that are called as
    splits give a column `split`.

    Args:
        files: Parquet or Arrow files of the same columns.
        name: what they are called together.
        form: may name the columns of images and labels.

    Raises:
        InputError: a file cannot be read or has no images, or columns cannot be told.
    """
    rows = _Rows()
    counts = [_read_file(file, rows, form) for file in files]
    splits = [_split_of(file) for file in files]
    cells = pd.concat(rows.cells, ignore_index=True)
    numbered = [
        f"{shown(file.name.rpartition('.')[0])}/{row:06d}" if len(files) > 1 else f"{row:06d}"
        for file, rows_in in zip(files, counts, strict=True)
        for row in range(rows_in)
    ]
    names = unique_names(rows.paths, numbered)
    if len(set(splits)) > 1 and "split" not in cells:
        cells["split"] = [one for one, n in zip(splits, counts, strict=True) for _ in range(n)]
    return dataset_of_rows(names, rows.sources, cells, name, form)


def _class_names(schema: Any) -> dict[str, list[str]]:
    """Return the names of the classes of each column of numbers of classes, from a schema."""
    try:
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        return {
            column: [str(name) for name in feature["names"]]
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}


def named_classes(column: "pd.Series[Any]", names: Sequence[str]) -> "pd.Series[Any]":
    """Return numbers of classes as their names; None where there is no such class."""

    def name_of(value: Any) -> str | None:
        try:
            return names[int(value)] if int(value) >= 0 else None
        except (IndexError, TypeError, ValueError):
            return None

    return pd.Series([name_of(value) for value in column], index=column.index, dtype=object)


def _opened(file: AnyPath, opened: Any) -> Any:
    return open_arrow(opened) if is_arrow_name(file.name) else open_parquet(opened)


def _read_file(file: AnyPath, rows: _Rows, form: TableForm) -> int:
    """Add the rows of a file; return their number."""
    before = len(rows.sources)
    try:
        with open_file(file) as opened, closing(_opened(file, opened)) as table:
            column = _image_column(file, table, form)
            names = _class_names(_schema(table))
            read = _read_arrow if is_arrow_name(file.name) else _read_parquet
            cells = read(file, table, column, rows)
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"there is no file '{file}'") from error
    except Exception as error:  # pyarrow raises nearly anything on broken files
        raise InputError(f"cannot read '{file}': {' '.join(str(error).split())}") from error
    for one in set(names) & set(cells):
        cells[one] = named_classes(cells[one], names[one])
    rows.cells.append(cells)
    return len(rows.sources) - before


def _schema(table: Any) -> Any:
    """Return the Arrow schema of a Parquet file or of a reader of Arrow batches."""
    return getattr(table, "schema_arrow", None) or table.schema


def _image_columns(table: Any) -> dict[str, tuple[str, ...]]:
    """Return the columns that can hold images, each with the path to their bytes."""
    from pyarrow import types

    def is_bytes(kind: Any) -> bool:
        return kind is not None and bool(types.is_binary(kind) or types.is_large_binary(kind))

    found: dict[str, tuple[str, ...]] = {}
    for one in _schema(table):
        if types.is_struct(one.type):
            children = {child.name: child.type for child in one.type}
            if is_bytes(children.get("bytes")) and set(children) <= {"bytes", "path"}:
                found[one.name] = (one.name, "bytes")
        elif is_bytes(one.type):
            found[one.name] = (one.name,)
    return found


def _image_column(file: AnyPath, table: Any, form: TableForm) -> tuple[str, ...]:
    found = _image_columns(table)
    if form.path:
        if form.path in found:
            return found[form.path]
        raise InputError(
            f"'{file}' has no column '{form.path}' with the bytes of images; such are "
            f"{', '.join(found)}"
        )
    usual = [name for name in IMAGE_COLUMNS if name in {one.lower() for one in found}]
    best = [name for name in found if name.lower() in usual[:1]] or list(found)
    if not best:
        raise InputError(f"'{file}' has no column with the bytes of images")
    if len(best) > 1:
        raise InputError(
            f"in '{file}' the images may be those of {join_names(best)}: name the column by "
            "--path-column"
        )
    return found[best[0]]


def _read_parquet(file: AnyPath, table: Any, column: tuple[str, ...], rows: _Rows) -> pd.DataFrame:
    schema = _schema(table)
    for group in range(table.num_row_groups):
        paths: list[str | None] = [None] * table.metadata.row_group(group).num_rows
        if len(column) > 1 and "path" in {child.name for child in schema.field(column[0]).type}:
            read = table.read_row_group(group, columns=[f"{column[0]}.path"])
            paths = [None if one is None else one["path"] for one in read.column(0).to_pylist()]
        rows.paths += paths
        missing = _has_no_bytes(table.metadata.row_group(group), ".".join(column))
        for row, path in enumerate(paths):
            cell = TableCell(file, group, row, column)
            rows.sources.append(_elsewhere(file, path) if missing else cell)
    others = _others(schema)
    read = table.read(columns=others)
    return _frame(read, table.metadata.num_rows)


def _has_no_bytes(group: Any, column: str) -> bool:
    """Return whether no row of a group has bytes, by the statistics in the file."""
    for number in range(group.num_columns):
        chunk = group.column(number)
        if chunk.path_in_schema == column:
            statistics = chunk.statistics
            known = statistics is not None and statistics.has_null_count
            return bool(known and group.num_rows and statistics.null_count == group.num_rows)
    return False


def _read_arrow(file: AnyPath, table: Any, column: tuple[str, ...], rows: _Rows) -> pd.DataFrame:
    import pyarrow as pa

    schema = _schema(table)
    others, read, start = _others(schema), [], 0
    for batch in table:
        batch.validate(full=True)  # offsets in a broken file lead out of its memory
        values = batch.column(column[0])
        paths: list[str | None] = [None] * len(values)
        if len(column) > 1 and "path" in {child.name for child in values.type}:
            paths = values.field("path").to_pylist()
        content = values.field("bytes") if len(column) > 1 else values
        for row, (path, there) in enumerate(
            zip(paths, content.is_valid().to_pylist(), strict=True), start=start
        ):
            rows.paths.append(path)
            cell = TableCell(file, 0, row, column)
            rows.sources.append(cell if there else _elsewhere(file, path))
        start += len(values)
        read.append(batch.select(others))
    kept = pa.schema([schema.field(name) for name in others])
    return _frame(pa.Table.from_batches(read, kept) if others else pa.table({}), start)


def _elsewhere(file: AnyPath, path: str | None) -> Source:
    """Return the image of a row without bytes: the file that it names."""
    return place_of(file, file.parent, path) if path else RejectedImage("no picture in its row")


def _others(schema: Any) -> list[str]:
    """Return the columns of texts, numbers and the like."""
    from pyarrow import types

    return [
        one.name
        for one in schema
        if not types.is_nested(one.type)
        and not types.is_binary(one.type)
        and not types.is_large_binary(one.type)
        and not types.is_fixed_size_binary(one.type)
        and one.name != _IMAGE
    ]


def _frame(read: Any, rows: int) -> pd.DataFrame:
    if not read.num_columns:
        return pd.DataFrame(index=range(rows))
    frame: pd.DataFrame = read.to_pandas()
    return frame.reset_index(drop=True)


def _split_of(file: AnyPath) -> str | None:
    """Return the split that the name of a file says, or that of its folder."""
    return split_of(_SHARD.sub("", file.name.rpartition(".")[0])) or split_of(file.parent.name)
