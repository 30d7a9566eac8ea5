"""Where the files are that a table names, and which locations a table may name."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas as pd

from embedbench.data.images.sources import RejectedImage
from embedbench.data.tables.columns import texts
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, RemotePath, files_in, is_remote_path, parse_path
from embedbench.utils.formats import has_image_suffix, without_suffix
from embedbench.utils.text import join_names

__all__ = ["in_order", "place_of", "with_extensions"]

_HARMLESS = re.compile(r"region=[a-z0-9-]+")
"""Allowed query of an address in a table; other queries could lead to another host."""


def _fault_of_place(table: AnyPath, name: str) -> str | None:
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


def place_of(table: AnyPath, root: AnyPath, name: str) -> AnyPath | RejectedImage:
    """Return where an image is that a table names: at an address, or a path below the root.

    An address or absolute path that a table must not contain is a rejected image.
    """
    if is_remote_path(name) or PurePosixPath(name).is_absolute():
        fault = _fault_of_place(table, name)
        return RejectedImage(fault) if fault else parse_path(name)
    return root / name


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
        if not last or elsewhere or has_image_suffix(last):
            found.append(path)
            continue
        if above not in listed:
            listed[above] = _files(folder, above)
        fitting = sorted(one for one in listed[above] if without_suffix(one) == last != one)
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


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort the rows by path, then by URL, then by their other values.

    The result does not depend on the original order.
    """
    keys = pd.DataFrame({column: texts(table, column) for column in ("path", "url")})
    if keys.duplicated().any():
        keys = keys.assign(rest=[str(tuple(row)) for row in table.itertuples(index=False)])
    order = keys.sort_values(list(keys.columns), kind="stable").index
    return table.loc[order].reset_index(drop=True)
