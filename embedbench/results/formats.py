"""Tables as people read them: plain text, Markdown; foreign texts in them are escaped."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from embedbench.utils.text import escape_markdown, printable, two_decimals

__all__ = ["as_markdown", "as_plain_text", "short_interval", "short_number"]


def as_plain_text(table: pd.DataFrame) -> str:
    """Return the table for a terminal."""
    return _as_text(table, "simple", printable)


def as_markdown(table: pd.DataFrame) -> str:
    """Return the table as Markdown."""
    return _as_text(table, "pipe", escape_markdown)


def _as_text(table: pd.DataFrame, form: str, shown: Callable[[str], str]) -> str:
    """Return the table as text: whole numbers whole, others with three decimals."""
    texts = [bool(table[name].map(lambda cell: isinstance(cell, str)).any()) for name in table]
    align = ["left" if is_text else "right" for is_text in texts]
    written = table.map(lambda cell: _number(_shown(cell, shown)))
    return str(
        written.to_markdown(index=False, tablefmt=form, colalign=align, disable_numparse=True)
    )


def _shown(cell: Any, shown: Callable[[str], str]) -> Any:
    return shown(cell) if isinstance(cell, str) else cell


def _number(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if pd.isna(cell):
        return ""
    if cell == int(cell) and cell > 1:
        return f"{cell:.0f}"
    return f"{cell:.3f}".replace("-0.000", "0.000")


def short_number(value: float) -> str:
    """Return a number with two decimals; "" where there is none."""
    return "" if pd.isna(value) else two_decimals(float(value))


def short_interval(low: float, high: float) -> str:
    """Return an interval with two decimals; "" where there is none."""
    return "" if pd.isna(low) else f"{short_number(low)} to {short_number(high)}"
