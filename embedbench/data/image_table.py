"""Tables that people have of their images: read, ordered, their labels, a name for each URL."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pandas as pd

from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, RemotePath, open_file, parse_path
from embedbench.io.safe_csv import restored

__all__ = [
    "as_labels",
    "fault_of_place",
    "in_order",
    "labels_from_file",
    "load_table",
    "names_of_urls",
    "texts",
]


def load_table(file: AnyPath) -> pd.DataFrame:
    """Return a `.csv` table, all of it texts, or a `.parquet` table; missing where empty.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with open_file(file) as opened:
            if file.suffix == ".parquet":
                table = pd.read_parquet(opened).reset_index(drop=True)
                for column in table:
                    list(table[column])  # a text that is no UTF-8 is found here, not later
                return table
            table = pd.read_csv(opened, dtype=str, keep_default_na=False, na_values=[""])
    except FileNotFoundError as error:
        raise InputError(f"there is no file '{file}'") from error
    except Exception as error:  # pandas and pyarrow raise nearly anything on broken files
        raise InputError(f"cannot read '{file}': {' '.join(str(error).split())}") from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes what is too much for names
        raise InputError(f"cannot read '{file}': a row has more fields than the first")
    return table


_HARMLESS = re.compile(r"region=[a-z0-9-]+")
"""What an address in a table may ask for anywhere; all else could lead to another host."""


def fault_of_place(table: AnyPath, name: str) -> str | None:
    """Return why a table must not name this address or absolute path; None where it may.

    A table may have come from somewhere: it chooses images, not hosts to be asked.
    """
    try:
        place = parse_path(name)
    except InputError as error:
        return str(error)
    own = table.system if isinstance(table, RemotePath) else None
    if not isinstance(place, RemotePath):
        return "a path on this machine, in a table that is not" if own else None
    if place.system == own:
        return None
    query = name.partition("?")[2]
    if (query and not _HARMLESS.fullmatch(query)) or "::" in name:
        return "its address says how to connect, which a table may say only of its own place"
    return None


def texts(table: pd.DataFrame, column: str) -> list[str]:
    """Return the texts in a column, empty where missing; empty all if there is no such column."""
    if column not in table.columns:
        return [""] * len(table)
    return ["" if pd.isna(value) else str(value) for value in table[column]]


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows by path, then by URL; where these are the same, by whatever else they hold.

    The order in which rows are given changes nothing.
    """
    keys = pd.DataFrame({column: texts(table, column) for column in ("path", "url")})
    if keys.duplicated().any():
        keys = keys.assign(rest=[str(tuple(row)) for row in table.itertuples(index=False)])
    order = keys.sort_values(list(keys.columns), kind="stable").index
    return table.loc[order].reset_index(drop=True)


def labels_from_file(file: AnyPath, names: Sequence[str]) -> pd.Series:
    """Return the label of each name, joined by the whole name, or by the file name if unique.

    Raises:
        InputError: the table cannot be used, or names none of the images.
    """
    table = load_table(file)
    keys = [name for name in ("path", "filename", "image", "name") if name in table.columns]
    if not keys:
        raise InputError(f"'{file}' must have a column `path`, `filename`, `image` or `name`")
    rest = [column for column in table.columns if column != keys[0]]
    column = "label" if "label" in rest else rest[0] if len(rest) == 1 else None
    if column is None:
        raise InputError(f"'{file}' must have a column `label`; it has {', '.join(rest) or 'none'}")
    if table[keys[0]].duplicated().any():
        twice = table.loc[table[keys[0]].duplicated(), keys[0]].iloc[0]
        raise InputError(f"'{file}' has two labels for '{twice}'")
    labels = [
        restored(label) if isinstance(label, str) else label for label in as_labels(table[column])
    ]
    given = dict(zip(texts(table, keys[0]), labels, strict=True))
    # A table that `suggest-labels` wrote is defused; a file's own name goes first.
    known = {restored(name): label for name, label in given.items()} | given
    short = pd.Series([PurePosixPath(name).name for name in names])
    unique = ~short.duplicated(keep=False)
    found = [
        known.get(name, known.get(last) if alone else None)
        for name, last, alone in zip(names, short, unique, strict=True)
    ]
    if all(pd.isna(label) for label in found):
        raise InputError(f"the labels in '{file}' name none of the {len(names)} images")
    return pd.Series(found, dtype=object)


def as_labels(column: "pd.Series[str]") -> pd.Series:
    """Return a column's values as texts; None where missing."""
    return (
        column.astype(object)
        .where(column.notna(), None)
        .map(lambda value: None if value is None else str(value))
    )


def names_of_urls(urls: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """Return a name for each URL, all different, none of them taken.

    The last part of the URL's path where that is one URL's alone; else its host and path; where
    these too are several's, numbered in the order of the URLs. The order in which different URLs
    are given changes no name.
    """
    parts = [_parts_of_url(url) for url in urls]
    short, long = Counter(last for last, _ in parts), Counter(path for _, path in parts)
    used = set(taken)
    names: dict[int, str] = {}
    for row, (last, path) in enumerate(parts):
        for name, alone in ((path, long[path] == 1), (last, short[last] == 1)):
            if alone and name not in used:
                names[row] = name
    used |= set(names.values())
    for row in sorted(set(range(len(urls))) - set(names), key=lambda row: (urls[row], row)):
        path = parts[row][1]
        numbered = (f"{path}#{number}" for number in count(1))
        names[row] = next(name for name in numbered if name not in used)
        used.add(names[row])
    return [names[row] for row in range(len(urls))]


def _parts_of_url(url: str) -> tuple[str, str]:
    """The last part of the path, and host and path."""
    try:
        split = urlsplit(url)
        host, path = split.hostname or "", split.path
    except ValueError:
        host, path = "", url
    last = path.rstrip("/").rpartition("/")[2] or host or "no-url"
    return last, f"{host}{path}" or "no-url"
