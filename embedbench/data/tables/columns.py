"""Choose the columns of a user's table: which holds the images, which the labels."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from embedbench.data.splits import is_split_name
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.reading import UserTable
from embedbench.errors import InputError
from embedbench.utils.formats import has_image_suffix
from embedbench.utils.text import join_names, pluralise

__all__ = ["image_column", "label_column", "named_column", "texts", "usual_columns"]

IMAGE_COLUMNS = (
    "path", "file", "filename", "filepath", "image", "img", "imagepath", "imgpath", "imagefile",
    "imagefilename", "imagename", "imageid", "photo", "picture", "id", "name",
)  # fmt: skip
"""Usual names of the column of images, in small letters and digits alone, preferred first."""

LABEL_COLUMNS = (
    "truth", "label", "labels", "class", "classname", "classlabel", "category", "categoryname",
    "target", "y", "species", "breed", "variety", "diagnosis", "groundtruth",
)  # fmt: skip
"""Usual names of the column of labels, written in the same way."""

_NO_LABELS = ("split", "set", "subset", "partition", "fold", "usage", "url", "width", "height")
_BOXES = re.compile(r"(bbox)?(x|y|w|h|xmin|xmax|ymin|ymax|x1|x2|y1|y2|left|top|right|bottom|area)")


def named_column(table: UserTable, name: str) -> str:
    """Return the column of this name, exactly or in another case.

    Raises:
        InputError: there is none.
    """
    columns = list(map(str, table.cells.columns))
    fitting = [name] if name in columns else [c for c in columns if _plain(c) == _plain(name)]
    if len(fitting) != 1:
        raise InputError(f"'{table.file}' has no column '{name}'; it has {', '.join(columns)}")
    return fitting[0]


def texts(table: pd.DataFrame, column: str) -> list[str]:
    """Return the texts in a column; empty texts for missing values or a missing column."""
    if column not in table.columns:
        return [""] * len(table)
    return ["" if missing else str(value) for value, missing in _values(table[column])]


def image_column(
    table: UserTable, form: TableForm, share_named: Callable[[Sequence[str]], float]
) -> str | None:
    """Return the column of the images: the named one, the usual one, or that whose values fit.

    Args:
        table: the table.
        form: may name it.
        share_named: share of these texts that name an image.

    Raises:
        InputError: there is no column of the name in `form`, or several columns fit.
    """
    if form.path:
        return named_column(table, form.path)
    cells = table.cells
    shares = {
        str(column): share_named([text for text in texts(cells, column) if text])
        for column in cells.columns
        if _may_name_images(cells[column])
    }
    usual = [column for column in usual_columns(cells.columns, IMAGE_COLUMNS) if column in shares]
    fitting = [column for column in shares if shares[column] >= max(0.01, *shares.values())]
    best = [column for column in usual if column in fitting] or fitting
    if not usual and len(best) > 1:
        raise InputError(
            f"in '{table.file}' the images may be those of {join_names(best)}: "
            "give the column with --path-column"
        )
    return next(iter([*best, *usual]), None)


def label_column(table: UserTable, form: TableForm, taken: Collection[str]) -> str | None:
    """Return the column of the labels: the named one, the usual one, or the only one left.

    Args:
        table: the table.
        form: may name it.
        taken: columns that are something else.

    Returns:
        None if there is no column left that could be it.

    Raises:
        InputError: there is no column of the name in `form`, or several columns could be it.
    """
    if form.label:
        return named_column(table, form.label)
    cells = table.cells
    left = [str(column) for column in cells.columns if str(column) not in taken]
    usual = usual_columns(left, LABEL_COLUMNS)
    if usual and all(_same_classes(cells[usual[0]], cells[other]) for other in usual[1:]):
        return usual[0]
    candidates = usual or [column for column in left if not _is_no_label(column, cells[column])]
    if len(candidates) > 1:
        counts = [
            f"{name} ({pluralise(cells[name].astype(str).nunique(), 'value')})"
            for name in candidates
        ]
        raise InputError(
            f"in '{table.file}' the labels may be those of {join_names(counts)}: "
            "give the column with --label-column"
        )
    return candidates[0] if candidates else None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def usual_columns(columns: Collection[Any], names: Sequence[str]) -> list[str]:
    """Return the columns of usual names, in the order of these names."""
    plain: Mapping[str, list[str]] = {name: [] for name in names}
    for column in columns:
        plain.get(_plain(str(column)), []).append(str(column))
    return [column for name in names for column in plain[name]]


def _values(column: "pd.Series[Any]") -> list[tuple[Any, bool]]:
    return list(zip(column.tolist(), column.isna().tolist(), strict=True))


def _may_name_images(column: "pd.Series[Any]") -> bool:
    return all(missing or isinstance(value, str | int) for value, missing in _values(column))


def _same_classes(first: "pd.Series[Any]", second: "pd.Series[Any]") -> bool:
    """Return whether two columns divide the rows alike, as a name and a number of a class do."""
    codes = [pd.factorize(column.astype(str))[0].tolist() for column in (first, second)]
    return codes[0] == codes[1]


def _is_no_label(name: str, column: "pd.Series[Any]") -> bool:
    """Return whether a column cannot hold labels: splits, boxes, row numbers, links, one a row."""
    plain = _plain(name)
    if plain in _NO_LABELS or _BOXES.fullmatch(plain) or name.startswith("Unnamed:"):
        return True
    values = [str(value) for value, missing in _values(column) if not missing]
    if not values or all(map(has_image_suffix, values)) or all(map(is_split_name, values)):
        return True
    return len(values) > 2 and len(set(values)) == len(values)
