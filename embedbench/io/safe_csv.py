"""CSV files: no text in them runs in a spreadsheet, and all are read back as they were.

A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or an end of line for a
formula. Where a text begins so, an apostrophe goes before it, as people do by hand; reading takes
it off. Numbers stay numbers.
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
    """Return a text that no spreadsheet takes for a formula; any other one as it is."""
    return f"'{text}" if _FORMULA.match(text) else text


def restored(text: str) -> str:
    """Return the text that `defused` made this of; any other one as it is."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_csv(table: pd.DataFrame, file: Path | BinaryIO) -> None:
    """Write a table without its index; texts are defused.

    Raises:
        OSError: it cannot be written.
    """
    safe = table.copy(deep=False)
    returns = False
    for name in _columns_of_text(table):
        texts = [defused(one) if isinstance(one, str) else one for one in table[name]]
        returns = returns or any("\r" in one for one in texts if isinstance(one, str))
        safe[name] = pd.Series(texts, index=table.index, dtype=object)
    # A lone carriage return ends a line for those who read it, but is not quoted for that.
    safe.to_csv(
        file,
        index=False,
        lineterminator="\n",
        quoting=csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL,
    )


def read_csv(file: Path, kinds: Mapping[str, type]) -> pd.DataFrame:
    """Return a table as it was written; empty is missing, and nothing else is.

    Args:
        file: what `write_csv` wrote.
        kinds: the types of columns that are not to be guessed.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no CSV file.
    """
    table = pd.read_csv(file, dtype=dict(kinds), keep_default_na=False, na_values=[""])
    for name in _columns_of_text(table):
        found = table[name]
        if any(isinstance(one, str) and one.startswith("'") for one in found):
            texts: list[Any] = [restored(one) if isinstance(one, str) else one for one in found]
            table[name] = pd.Series(texts, index=table.index, dtype=found.dtype)
    return table


def _columns_of_text(table: pd.DataFrame) -> list[str]:
    return [
        str(name)
        for name, kind in table.dtypes.items()
        if pd.api.types.is_object_dtype(kind)
        or pd.api.types.is_string_dtype(kind)
        or isinstance(kind, pd.CategoricalDtype)
    ]
