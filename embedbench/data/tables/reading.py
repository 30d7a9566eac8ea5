"""Read a user's table: delimited text, Parquet, JSON, JSON lines, Excel, a list of names."""

import codecs
import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pandas as pd

from embedbench.data.tables.excel import read_excel, remark_on_names
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, open_file
from embedbench.utils.formats import has_image_suffix
from embedbench.utils.text import pluralise

__all__ = ["TABLE_SUFFIXES", "UserTable", "as_table", "is_table_name", "read_table"]

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it starts with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SEPARATORS = (",", ";", "\t", "|")
_LOOKED_AT = 50
"""Rows from which the separator is taken."""

_NAME_AND_LABEL = re.compile(r"(\S.*)\s+(\S+)")


@dataclass(frozen=True)
class UserTable:
    """A table of a user.

    Attributes:
        file: where it was read.
        cells: one row per row of the file; texts without blanks at their ends, missing values
            where a cell is empty.
        remarks: what was assumed on reading, one sentence each.
    """

    file: AnyPath
    cells: pd.DataFrame
    remarks: tuple[str, ...] = ()


def is_table_name(name: str) -> bool:
    """Return whether a file is a table, by its suffix in any case."""
    return _suffix(name) in TABLE_SUFFIXES


def read_table(file: AnyPath, content: bytes | None = None) -> UserTable:
    """Read a table; its suffix, in any case, is that of its format.

    Args:
        file: the file.
        content: its bytes where they are in an archive; None to read the file.

    Raises:
        InputError: the file cannot be read as a table; the message names the line where it can.
    """
    read = _READERS[_suffix(file.name)]
    try:
        if content is not None:
            table, remarks = read(io.BufferedReader(io.BytesIO(content)))
        else:
            with open_file(file) as opened:
                table, remarks = read(opened)
    except FileNotFoundError as error:
        raise InputError(f"there is no file '{file}'") from error
    except ImportError as error:
        raise InputError(
            f"to read '{file}', install openpyxl: pip install 'image-embedbench[excel]'"
        ) from error
    except Exception as error:  # pandas and pyarrow raise nearly anything on broken files
        raise InputError(f"cannot read '{file}': {' '.join(str(error).split())}") from error
    return as_table(file, table, tuple(f"'{file.name}' {remark}" for remark in remarks))


def as_table(file: AnyPath, cells: pd.DataFrame, remarks: tuple[str, ...] = ()) -> UserTable:
    """Return cells as a table: names and texts without blanks at their ends, no empty rows."""
    columns = [str(name).strip() for name in cells.columns]
    cells = cells.set_axis(columns, axis="columns").apply(_stripped)
    rows = cells.notna().any(axis=1).to_numpy(dtype=bool)
    return UserTable(file, cells.loc[rows].reset_index(drop=True), remarks)


Read = tuple[pd.DataFrame, list[str]]


def _suffix(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot >= 0 else ""


def _stripped(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return a column with its texts stripped, and missing values for empty texts."""
    if pd.api.types.is_string_dtype(column.dtype) and column.dtype != object:
        stripped = column.str.strip()
        return stripped.where(stripped != "")
    if column.dtype != object:
        return column
    texts = [one.strip() or None if isinstance(one, str) else one for one in column]
    return pd.Series(texts, index=column.index, dtype=object)


def _text_of(content: bytes) -> tuple[str, list[str]]:
    """Return the text of a file, and a remark if its encoding is a guess."""
    for mark, encoding in _BOMS.items():
        if content.startswith(mark):
            return content.decode(encoding), []
    half = len(content) // 4
    for encoding, start in (("utf-16-le", 1), ("utf-16-be", 0)):
        if half and content[start::2].count(0) > half:
            return content.decode(encoding), []
    if b"\0" in content:
        raise ValueError("it is not a text")
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    try:
        remark = f"was read as Windows-1252 (cp1252): line {line} is not UTF-8"
        return content.decode("cp1252"), [remark]
    except UnicodeDecodeError as error:
        raise ValueError(f"line {line} is neither UTF-8 nor Windows-1252") from error


def _read_delimited(file: io.BufferedReader) -> Read:
    text, remarks = _text_of(file.read())
    if not text.strip():
        raise ValueError("it is empty")
    rows = _first_rows(text)
    separator = max(rows, key=lambda one: _regularity(rows[one]))
    first = next(iter(rows[separator]), [])
    headed = not any(has_image_suffix(cell.strip()) for cell in first)
    try:
        table = pd.read_csv(
            io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, na_values=[""],
            skipinitialspace=True, header=0 if headed else None,
        )  # fmt: skip
    except ValueError as error:
        raise ValueError(_fault(text, separator) or str(error)) from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas uses extra fields as an index
        raise ValueError(_fault(text, separator) or "a row has more fields than the first")
    if not headed:
        table.columns = pd.Index([f"column {number + 1}" for number in range(len(table.columns))])
        remarks.append("has no row of column names: its first row names an image")
        return table, remarks
    return table, remarks + remark_on_names(first)


def _fault(text: str, separator: str) -> str:
    """Return which line has more fields than the first, or starts a quotation without an end."""
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True, strict=True)
    width, line = 0, 1
    try:
        for row in reader:
            width = width or len(row)
            if len(row) > width:
                return f"line {line} has {pluralise(len(row), 'field')}, the first line {width}"
            line = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            return f"the quotation that starts in line {line} has no end"
    return ""


def _first_rows(text: str) -> dict[str, list[list[str]]]:
    """Return the first rows that are not blank, split by each separator."""
    rows = {}
    for separator in _SEPARATORS:
        reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
        try:
            rows[separator] = list(islice(filter(None, reader), _LOOKED_AT))
        except csv.Error:
            rows[separator] = []
    return rows


def _regularity(rows: list[list[str]]) -> tuple[bool, int]:
    """Return whether all rows have the same number of fields, at least two; and this number."""
    widths = {len(row) for row in rows}
    width = len(rows[0]) if rows else 0
    return len(widths) == 1 and width > 1, width


def _read_list(file: io.BufferedReader) -> Read:
    """Read a `.txt`: names of images, one a line, or with a label after a blank; or a table."""
    content = file.read()
    text, remarks = _text_of(content)
    if any(regular for regular, _ in map(_regularity, _first_rows(text).values())):
        return _read_delimited(io.BufferedReader(io.BytesIO(content)))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    parted = [_NAME_AND_LABEL.fullmatch(line) for line in lines]
    if lines and all(
        part and has_image_suffix(part[1].strip()) and not has_image_suffix(part[2])
        for part in parted
    ):
        pairs = [(part[1].strip(), part[2]) for part in parted if part]
        remarks.append("was read as names of images, each with its label after a blank")
        return pd.DataFrame(pairs, columns=["path", "label"], dtype=str), remarks
    if lines and lines[0].lower() in ("path", "file", "filename", "file_name", "image", "url"):
        return pd.DataFrame({lines[0]: lines[1:]}, dtype=str), remarks
    urls = bool(lines) and all(re.match(r"https?://", line) for line in lines)
    return pd.DataFrame({"url" if urls else "path": lines}, dtype=str), remarks


def _read_parquet(file: io.BufferedReader) -> Read:
    table = pd.read_parquet(file).reset_index(drop=True)
    for column in table:
        list(table[column])  # raises an error if a text is not UTF-8
    return table, []


def _read_json_lines(file: io.BufferedReader) -> Read:
    text, remarks = _text_of(file.read())
    records = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                records.append(_record(json.loads(line)))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
    return _from_records(records), remarks


def _read_json(file: io.BufferedReader) -> Read:
    text, remarks = _text_of(file.read())
    content = json.loads(text)
    if isinstance(content, dict) and len(content) == 1:
        (only,) = content.values()
        content = only if isinstance(only, list) else content
    if isinstance(content, list):
        return _from_records([_record(one) for one in content]), remarks
    if not isinstance(content, dict):
        raise ValueError("it must hold a list of objects, or an object")
    if content and all(isinstance(values, list) for values in content.values()):
        return pd.DataFrame(content, dtype=object), remarks
    if all(isinstance(value, dict) for value in content.values()):
        rows = [{"path": name, **fields} for name, fields in content.items()]
        return _from_records(rows), remarks
    pairs = pd.DataFrame({"path": list(content), "label": list(content.values())}, dtype=object)
    return pairs, remarks


def _record(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("it must hold an object with names and values")
    return value


def _from_records(records: list[dict[str, Any]]) -> pd.DataFrame:
    names = list(dict.fromkeys(name for record in records for name in record))
    return pd.DataFrame(
        {name: [record.get(name) for record in records] for name in names}, dtype=object
    )


_READERS: dict[str, Callable[[Any], Read]] = {
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".tab": _read_delimited,
    ".txt": _read_list,
    ".parquet": _read_parquet,
    ".json": _read_json,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".xlsx": read_excel,
}
TABLE_SUFFIXES = frozenset(_READERS)
"""Suffixes of tables, in lower case."""
