"""What a column of a table of a run folder holds: its meaning, and the kind of its values."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Column", "Kind", "content", "integer", "number", "text", "yes_no"]

Kind = Literal["text", "integer", "number", "yes/no", "bytes"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        meaning: what a value says, in a sentence.
        kind: of its values. In a CSV file `yes/no` is `True` or `False`.
        low: the lowest value that there can be; None for any.
        high: the highest; None for any.
        unit: of the values; empty for none.
        nullable: whether a value may be missing: an empty cell of a CSV file. A text that is not
            nullable may be empty, which is the same cell.
    """

    meaning: str
    kind: Kind
    low: int | None = None
    high: int | None = None
    unit: str = ""
    nullable: bool = False

    def __str__(self) -> str:
        """Return the kind with its range and unit, as in `number, 0 to 1, or empty`."""
        words = [f"{self.kind} ({self.unit})" if self.unit else self.kind]
        if self.high is not None:
            words.append(f"at most {self.high}" if self.low is None else self._range)
        elif self.low is not None:
            words.append(f"at least {self.low}")
        return ", ".join([*words, *(["or empty"] if self.nullable else [])])

    @property
    def _range(self) -> str:
        return f"{self.low} to {self.high}"


def text(meaning: str, nullable: bool = False) -> Column:
    """Return a column of texts."""
    return Column(meaning, "text", nullable=nullable)


def integer(
    meaning: str,
    low: int | None = None,
    high: int | None = None,
    unit: str = "",
    nullable: bool = False,
) -> Column:
    """Return a column of whole numbers; those with missing values are read as decimal ones."""
    return Column(meaning, "integer", low, high, unit, nullable)


def number(
    meaning: str,
    low: int | None = None,
    high: int | None = None,
    unit: str = "",
    nullable: bool = False,
) -> Column:
    """Return a column of numbers."""
    return Column(meaning, "number", low, high, unit, nullable)


def yes_no(meaning: str, nullable: bool = False) -> Column:
    """Return a column of truth values."""
    return Column(meaning, "yes/no", nullable=nullable)


def content(meaning: str) -> Column:
    """Return a column of bytes."""
    return Column(meaning, "bytes")
