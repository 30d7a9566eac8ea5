"""Names and vectors in tables, and in arrays by name."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from embedbench.encoder import InputError
from embedbench_vectors.rows import as_array

__all__ = ["NAMES", "VECTORS", "from_arrays", "from_table", "names_in_table"]

NAMES = (
    "image", "path", "paths", "imagepath", "imagepaths", "file", "files", "filename", "filenames",
    "filepath", "filepaths", "names", "name", "images", "imagename", "keys", "key", "id", "ids",
)  # fmt: skip
"""Usual names of what holds the images' names, in small letters and digits, preferred first."""

VECTORS = (
    "vector", "vectors", "embedding", "embeddings", "features", "feature", "emb", "embs",
    "imageembedding", "imageembeddings", "imgemb", "x",
)  # fmt: skip
"""Usual names of what holds the vectors, written in the same way."""

_NUMBERED = re.compile(r"(.*?)(\d+)")


def from_table(
    origin: str, table: pd.DataFrame, column: str = "", names: str = ""
) -> tuple[list[Any], Any]:
    """Return the names and the vectors in a table.

    Vectors are lists in one column, or texts such as "[0.1, 0.2]", or numbers in one column for
    each dimension: `0`, `1` ...; `dim_0`, `dim_1` ...

    Args:
        origin: where the table is from, for the words of errors.
        table: with a row for each image.
        column: that of the vectors; empty for the usual one.
        names: the column of the images' names; empty for the usual one.

    Raises:
        InputError: there are no such columns.
    """
    table = table.rename(columns=str)
    columns = list(table.columns)
    texts, named = names_in_table(origin, table, names)
    others = [one for one in columns if one != named]
    chosen = _chosen(origin, column, columns, "column") or _usual(others, VECTORS)
    numbered = [] if chosen else _numbered(table[others])
    if not chosen and not numbered:
        lists = [one for one in others if len(table) and _is_vector(table[one].iloc[0])]
        chosen = lists[0] if len(lists) == 1 else ""
    if numbered:
        return texts, table[numbered].to_numpy()
    if not chosen:
        raise InputError(
            f"{origin} has no column of vectors, such as `vector` or `embedding`, nor one for "
            f"each dimension, such as `dim_0`; it has {_listed(columns)}: give column=COLUMN"
        )
    return texts, _rows(origin, table[chosen].tolist())


def names_in_table(origin: str, table: pd.DataFrame, names: str = "") -> tuple[list[Any], str]:
    """Return the images' names in a table, and their column; empty where they are its index.

    Args:
        origin: where the table is from, for the words of errors.
        table: with a row for each image.
        names: the column; empty for the usual one.

    Raises:
        InputError: there is no such column.
    """
    columns = list(table.columns)
    column = _chosen(origin, names, columns, "names") or _usual(columns, NAMES)
    if column:
        return table[column].tolist(), column
    if isinstance(table.index, pd.RangeIndex):
        raise InputError(
            f"{origin} has no column of the images' names, such as `image` or `path`; it has "
            f"{_listed(columns)}: give names=COLUMN"
        )
    return list(table.index), ""


def from_arrays(
    origin: str, arrays: Mapping[str, Any], column: str = "", names: str = ""
) -> tuple[list[Any] | None, Any]:
    """Return the names and the vectors in arrays by name; no names where there is one array.

    Either an array of names lies beside one of vectors, or there is one array of vectors alone,
    or each array is the vector of the image that it is named after.

    Args:
        origin: where the arrays are from, for the words of errors.
        arrays: by name.
        column: the name of the vectors' array; empty for the usual one.
        names: the name of that of the names; empty for the usual one.

    Raises:
        InputError: the arrays are none of these.
    """
    keys = list(map(str, arrays))
    vectors = _chosen(origin, column, keys, "column") or _usual(keys, VECTORS)
    named = _chosen(origin, names, keys, "names") if names else _usual(keys, NAMES)
    if vectors and named:
        return list(np.asarray(arrays[named]).ravel().tolist()), arrays[vectors]
    if vectors and len(_shape(arrays[vectors])) > 1:
        return None, arrays[vectors]
    if len(keys) == 1 and len(_shape(arrays[keys[0]])) > 1:
        return None, arrays[keys[0]]
    if not keys:
        raise InputError(f"{origin} holds no vectors")
    rows = [as_array(f"{origin} at '{key}'", arrays[key]).ravel() for key in keys]
    if len({len(row) for row in rows}) > 1:
        raise InputError(
            f"{origin} holds {_listed(keys)}, which are neither names and vectors nor vectors of "
            "one length by the images' names: give column=NAME and names=NAME"
        )
    return keys, np.stack(rows)


def _chosen(origin: str, wanted: str, known: Sequence[str], field: str) -> str:
    if wanted and wanted not in known:
        raise InputError(f"{origin} has no `{wanted}`; {field} must be one of {_listed(known)}")
    return wanted


def _usual(columns: Sequence[str], usual: Sequence[str]) -> str:
    """Return the column that has the first of these names; empty if there is none."""
    plain = {re.sub(r"[^a-z0-9]", "", column.lower()): column for column in reversed(columns)}
    return next((plain[name] for name in usual if name in plain), "")


def _numbered(table: pd.DataFrame) -> list[str]:
    """Return the columns of numbers that are counted through, in their order."""
    groups: dict[str, list[tuple[int, str]]] = {}
    for column in table.columns:
        match = _NUMBERED.fullmatch(column)
        if match and pd.api.types.is_numeric_dtype(table[column]):
            groups.setdefault(match[1], []).append((int(match[2]), column))
    longest = max(groups.values(), key=len, default=[])
    return [column for _, column in sorted(longest)] if len(longest) > 1 else []


def _is_vector(cell: Any) -> bool:
    return isinstance(cell, (list, np.ndarray)) or (
        isinstance(cell, str) and cell.strip().startswith("[")
    )


def _rows(origin: str, cells: list[Any]) -> list[Any]:
    """Return cells as rows of numbers; those of text hold them with commas or blanks between."""
    if not any(isinstance(cell, str) for cell in cells):
        return cells
    try:
        texts = (str(cell).strip().strip("[]()").replace(",", " ") for cell in cells)
        return [np.array(text.split(), np.float64) for text in texts]
    except ValueError as error:
        raise InputError(f"the vectors in {origin} must be like [0.1, 0.2]: {error}") from error


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape) if hasattr(value, "shape") else np.shape(value)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in list(names)[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown or "none"
