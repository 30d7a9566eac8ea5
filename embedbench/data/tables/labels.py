"""Read users' tables of images: order, labels, and unique names for URLs."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pandas as pd

from embedbench.data.images.decoding import SUFFIXES
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, RemotePath, files_in, is_remote_path, open_file, parse_path
from embedbench.io.safe_csv import restored
from embedbench.utils.text import join_names

__all__ = [
    "TableForm",
    "as_labels",
    "fault_of_place",
    "in_order",
    "labels_from_file",
    "load_table",
    "named_column",
    "names_of_urls",
    "texts",
    "with_extensions",
    "without_extension",
]


@dataclass(frozen=True)
class TableForm:
    """What the columns of a table are called, and where the files are that it names.

    Attributes:
        path: the column of file names; None for the usual names.
        label: the column of labels; None for the usual names.
        root: a folder or an address; None for the place of the table.
    """

    path: str | None = None
    label: str | None = None
    root: str | Path | None = None


_USUAL_FORM = TableForm()


def load_table(file: AnyPath) -> pd.DataFrame:
    """Read a `.csv` table, with all values as texts, or a `.parquet` table; empty cells are nan.

    Raises:
        InputError: the table cannot be read.
    """
    try:
        with open_file(file) as opened:
            if file.suffix == ".parquet":
                table = pd.read_parquet(opened).reset_index(drop=True)
                for column in table:
                    list(table[column])  # raises an error if a text is not UTF-8
                return table
            table = pd.read_csv(opened, dtype=str, keep_default_na=False, na_values=[""])
    except FileNotFoundError as error:
        raise InputError(f"there is no file '{file}'") from error
    except Exception as error:  # pandas and pyarrow raise nearly anything on broken files
        raise InputError(f"cannot read '{file}': {' '.join(str(error).split())}") from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas uses extra fields as an index
        raise InputError(f"cannot read '{file}': a row has more fields than the first")
    return table


_HARMLESS = re.compile(r"region=[a-z0-9-]+")
"""Allowed query of an address in a table; other queries could lead to another host."""


def fault_of_place(table: AnyPath, name: str) -> str | None:
    """Return why a table must not contain this address or absolute path; None if it may.

    Tables are not trusted: they may choose images, but not the hosts of requests.
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
    """Return the texts in a column; empty texts for missing values or a missing column."""
    if column not in table.columns:
        return [""] * len(table)
    return ["" if pd.isna(value) else str(value) for value in table[column]]


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort the rows by path, then by URL, then by their other values.

    The result does not depend on the original order.
    """
    keys = pd.DataFrame({column: texts(table, column) for column in ("path", "url")})
    if keys.duplicated().any():
        keys = keys.assign(rest=[str(tuple(row)) for row in table.itertuples(index=False)])
    order = keys.sort_values(list(keys.columns), kind="stable").index
    return table.loc[order].reset_index(drop=True)


def labels_from_file(
    file: AnyPath, names: Sequence[str], form: TableForm = _USUAL_FORM
) -> pd.Series:
    """Return the label of each name.

    Joined by the whole name, or by the file name if unique; where the table leaves the extension
    out, by the name without it.

    Raises:
        InputError: the table cannot be used, names none of the images, or a name without its
            extension fits several.
    """
    table = load_table(file)
    key, column = _key_and_label(file, table, form)
    if table[key].duplicated().any():
        twice = table.loc[table[key].duplicated(), key].iloc[0]
        raise InputError(f"'{file}' has two labels for '{twice}'")
    labels = [
        restored(label) if isinstance(label, str) else label for label in as_labels(table[column])
    ]
    given = dict(zip(texts(table, key), labels, strict=True))
    # A table that `suggest-labels` wrote is defused; a file's own name goes first.
    known = {restored(name): label for name, label in given.items()} | given
    taken = set(names)
    bare = [name if (short := without_extension(name)) in taken else short for name in names]
    _check_one_each(file, set(known) - taken, names, bare)
    keys = [pd.Series(names), _last_if_unique(names), pd.Series(bare), _last_if_unique(bare)]
    found = [
        next((known[one] for one in tries if one in known), None)
        for tries in zip(*keys, strict=True)
    ]
    if all(pd.isna(label) for label in found):
        raise InputError(f"the labels in '{file}' name none of the {len(names)} images")
    return pd.Series(found, dtype=object)


def _key_and_label(file: AnyPath, table: pd.DataFrame, form: TableForm) -> tuple[str, str]:
    """Return the columns of file names and of labels in a table of labels."""
    key = form.path and named_column(file, table, form.path)
    for usual in ("path", "filename", "image", "name"):
        key = key or (usual if usual in table.columns else None)
    if not key:
        raise InputError(f"'{file}' must have a column `path`, `filename`, `image` or `name`")
    if form.label:
        return key, named_column(file, table, form.label)
    rest = [column for column in table.columns if column != key]
    column = "label" if "label" in rest else rest[0] if len(rest) == 1 else None
    if column is None:
        raise InputError(f"'{file}' must have a column `label`; it has {', '.join(rest) or 'none'}")
    return key, column


def named_column(file: AnyPath, table: pd.DataFrame, name: str) -> str:
    """Return the name of a column if the table has it.

    Raises:
        InputError: it has not.
    """
    if name not in table.columns:
        columns = ", ".join(map(str, table.columns))
        raise InputError(f"'{file}' has no column '{name}'; it has {columns}")
    return name


def without_extension(name: str) -> str:
    """Return a name without the extension of an image file; the name itself if it has none."""
    path = PurePosixPath(name)
    return name[: -len(path.suffix)] if path.suffix.lower() in SUFFIXES else name


def _last_if_unique(names: Sequence[str]) -> "pd.Series[str]":
    """Return the last part of each name; the whole name where others have the same last part."""
    last = pd.Series([PurePosixPath(name).name for name in names])
    return last.where(~last.duplicated(keep=False), pd.Series(names))


def _check_one_each(
    file: AnyPath, keys: set[str], names: Sequence[str], bare: Sequence[str]
) -> None:
    """Raise InputError where a name that lacks its extension could be that of several images."""
    fitting: dict[str, list[str]] = {}
    for name, key in zip(names, bare, strict=True):
        if key in keys:
            fitting.setdefault(key, []).append(name)
    for key, several in fitting.items():
        if len(several) > 1:
            raise InputError(f"'{file}' names '{key}', which fits {join_names(several)}")


def with_extensions(paths: Sequence[str], folder: AnyPath) -> list[str]:
    """Return the paths below a folder, with the extension of the image where they lack it.

    A path stays as it is if there is such a file, or no image that it fits, or if it is not below
    the folder: a table does not choose which other folders are listed.

    Raises:
        InputError: several images fit one path.
    """
    listed: dict[str, set[str]] = {}
    found = []
    for path in paths:
        above, _, last = path.rpartition("/")
        elsewhere = is_remote_path(path) or PurePosixPath(path).is_absolute()
        if not last or elsewhere or PurePosixPath(last).suffix.lower() in SUFFIXES:
            found.append(path)
            continue
        if above not in listed:
            listed[above] = _files(folder, above)
        fitting = sorted(one for one in listed[above] if without_extension(one) == last != one)
        if last in listed[above] or not fitting:
            found.append(path)
        elif len(fitting) > 1:
            raise InputError(f"'{path}' in '{folder}' fits {join_names(fitting)}: name one of them")
        else:
            found.append(f"{above}/{fitting[0]}" if above else fitting[0])
    return found


def _files(folder: AnyPath, above: str) -> set[str]:
    """Return the names of the files in a folder below another; none if it cannot be read."""
    try:
        return set(files_in(folder / above if above else folder))
    except (OSError, ValueError):  # a name that no folder can have
        return set()


def as_labels(column: "pd.Series[str]") -> pd.Series:
    """Return the values of a column as texts; None if missing."""
    return (
        column.astype(object)
        .where(column.notna(), None)
        .map(lambda value: None if value is None else str(value))
    )


def names_of_urls(urls: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """Return a unique name for each URL, different from the names in `taken`.

    The name is the last part of the URL's path if it is unique, else host and path, else host and
    path with a number. Names do not depend on the order of the URLs.
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
    """Return the last part of the path of a URL, and its host and path."""
    try:
        split = urlsplit(url)
        host, path = split.hostname or "", split.path
    except ValueError:
        host, path = "", url
    last = path.rstrip("/").rpartition("/")[2] or host or "no-url"
    return last, f"{host}{path}" or "no-url"
