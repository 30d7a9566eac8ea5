"""Whether what was read is the table that the schema says: its columns, and the kinds of values."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from pandas.api import types

from embedbench.results.tables.column import Column
from embedbench.results.tables.table import Table

__all__ = ["misfit"]

_SAID = {
    "text": "texts",
    "integer": "whole numbers",
    "number": "numbers",
    "yes/no": "True or False",
    "bytes": "bytes",
}
_LONGEST = 40
"""Letters of a value that are quoted."""


def misfit(table: Table, frame: pd.DataFrame) -> str | None:
    """Return what first tells a frame from a table of the schema; None if it fits.

    All columns must be there, and hold values of their kinds. A column that the schema does not
    know is left alone, as are missing values.
    """
    for name, column in table.columns.items():
        if name in frame.columns:
            reason = _misfit_of_column(name, column, frame[name])
        else:
            reason = None if name in table.conditional else f"it has no column `{name}`"
        if reason is not None:
            return reason
    if table.others is None:
        return None
    others = [name for name in frame.columns if name not in table.columns]
    reasons = (_misfit_of_column(str(name), table.others, frame[name]) for name in others)
    return next((reason for reason in reasons if reason is not None), None)


def _misfit_of_column(name: str, column: Column, values: pd.Series) -> str | None:
    known = values if column.kind == "text" and _is_text(values) else values[values.notna()]
    if known.empty or _FITS[column.kind](known):
        return None
    example = next(
        (one for one in known if not _FITS[column.kind](pd.Series([one]))), known.iloc[0]
    )
    return f"`{name}` must hold {_SAID[column.kind]}; not {_quoted(example)}"


def _quoted(value: object) -> str:
    said = repr(value.item() if isinstance(value, np.generic) else value)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."


def _is_text(values: pd.Series) -> bool:
    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        categories = kind.categories
        return len(categories) == 0 or _is_text(categories.to_series())
    if isinstance(kind, pd.StringDtype):
        return True
    return types.is_object_dtype(kind) and all(isinstance(one, str) for one in values.dropna())


def _is_yes_no(values: pd.Series) -> bool:
    return types.is_bool_dtype(values.dtype) or (
        types.is_object_dtype(values.dtype) and all(isinstance(one, bool) for one in values)
    )


def _is_number(values: pd.Series) -> bool:
    kind = values.dtype
    return types.is_numeric_dtype(kind) and not types.is_bool_dtype(kind)


def _is_integer(values: pd.Series) -> bool:
    if types.is_integer_dtype(values.dtype):
        return True
    return _is_number(values) and bool((values == np.floor(values)).all())


def _is_bytes(values: pd.Series) -> bool:
    return all(isinstance(one, bytes) for one in values)


_FITS: Mapping[str, Callable[[pd.Series], bool]] = {
    "text": _is_text,
    "integer": _is_integer,
    "number": _is_number,
    "yes/no": _is_yes_no,
    "bytes": _is_bytes,
}
