"""CSV files whose texts are not formulas in a spreadsheet, and which are read back unchanged.

A spreadsheet reads a cell that begins with `=`, `+`, `-`, `@`, a tab or an end of line as a
formula. Such a text is written with an apostrophe before it, as people do by hand; reading removes
the apostrophe. Numbers stay numbers.
"""

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

__all__ = ["defused", "read_csv", "restored", "write_csv"]

_FORMULA = re.compile(
    r"'*(?:[\t\r\n]|[\s\x00-\x20\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])"  # full-width ones too
)


def defused(text: str) -> str:
    """Return the text with an apostrophe before it if a spreadsheet would read it as a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def restored(text: str) -> str:
    """Undo `defused`; return other texts unchanged."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_csv(table: pd.DataFrame, file: Path | BinaryIO) -> None:
    """Write a table without its index; texts are defused.

    Raises:
        OSError: the file cannot be written.
    """
    safe = table.copy(deep=False)
    returns = False
    for name in _columns_of_text(table):
        texts = [defused(cell) if isinstance(cell, str) else cell for cell in table[name]]
        returns = returns or any("\r" in cell for cell in texts if isinstance(cell, str))
        safe[name] = pd.Series(texts, index=table.index, dtype=object)
    # Readers treat a lone carriage return as the end of a line, but pandas does not quote it.
    safe.to_csv(
        file,
        index=False,
        lineterminator="\n",
        quoting=csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL,
    )


def read_csv(file: Path, kinds: Mapping[str, type]) -> pd.DataFrame:
    """Return a table that `write_csv` wrote; only empty cells are missing values.

    Args:
        file: a CSV file.
        kinds: types by column; those of other columns are inferred.

    Raises:
        OSError: the file cannot be read.
        ValueError: the file is not CSV.
    """
    table = pd.read_csv(file, dtype=dict(kinds), keep_default_na=False, na_values=[""])
    for name in _columns_of_text(table):
        cells = table[name]
        if any(isinstance(cell, str) and cell.startswith("'") for cell in cells):
            texts: list[Any] = [restored(cell) if isinstance(cell, str) else cell for cell in cells]
            table[name] = pd.Series(texts, index=table.index, dtype=cells.dtype)
    return table


def _columns_of_text(table: pd.DataFrame) -> list[str]:
    return [
        str(name)
        for name, kind in table.dtypes.items()
        if pd.api.types.is_object_dtype(kind)
        or pd.api.types.is_string_dtype(kind)
        or isinstance(kind, pd.CategoricalDtype)
    ]
