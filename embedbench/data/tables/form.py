"""How a user's table is read: its columns, and where the files are that it names."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["TableForm"]


@dataclass(frozen=True)
class TableForm:
    """The columns of a table, and where the files are that it names.

    Attributes:
        path: column of file names; None for the usual names.
        label: column of labels; None for the usual names.
        root: folder or address; None for that of the table.
        keep_na: whether texts such as `NA` and `None` are classes; else they are missing labels.
    """

    path: str | None = None
    label: str | None = None
    root: str | Path | None = None
    keep_na: bool = False
