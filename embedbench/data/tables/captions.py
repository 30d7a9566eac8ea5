"""Texts that describe images, from a user's table: any number an image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from embedbench.data.tables.columns import texts, usual_columns
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.labels import column_of_names, match_images, unmatched_remarks
from embedbench.data.tables.reading import UserTable
from embedbench.errors import InputError
from embedbench.io.safe_csv import restored
from embedbench.utils.text import join_names

__all__ = ["captions_in_column", "captions_of_images"]

TEXT_COLUMNS = (
    "text", "texts", "caption", "captions", "description", "prompt", "query", "sentence", "comment",
)  # fmt: skip
"""Usual names of the column of texts, in small letters and digits alone, preferred first."""


def captions_in_column(column: "pd.Series[Any]") -> list[list[str]]:
    """Return the different texts in each cell: one, or those of a list; none where it is empty."""
    return [_texts(cell) for cell in column]


def captions_of_images(
    table: UserTable, images: Sequence[str], folder: str = ""
) -> tuple[list[list[str]], list[str]]:
    """Return the different texts of each image, and remarks on what was assumed or left out.

    Args:
        table: has a column of file names and a column of texts; several rows may name an image.
        images: unique names of the images.
        folder: the folder that the names are relative to.

    Raises:
        InputError: the columns cannot be told, or no row names an image.
    """
    file, cells = table.file, table.cells
    names_in = column_of_names(table, images, TableForm(), folder)
    left = [str(column) for column in cells.columns if str(column) != names_in]
    candidates = usual_columns(left, TEXT_COLUMNS)[:1] or left
    if names_in is None or not candidates:
        columns = ", ".join(map(str, cells.columns))
        raise InputError(
            f"'{file}' needs a column of file names and one of texts; it has {columns}"
        )
    if len(candidates) > 1:
        raise InputError(
            f"in '{file}' the texts may be those of {join_names(left)}: call the column 'text'"
        )
    (texts_in,) = candidates
    names = texts(cells, names_in)
    matches = match_images(names, images, folder)
    if not matches.rows:
        raise InputError(f"the texts in '{file}' name none of the {len(images)} images")
    found: list[dict[str, None]] = [{} for _ in images]
    for name, cell in zip(names, cells[texts_in], strict=True):
        if name in matches.rows:
            found[matches.rows[name]] |= dict.fromkeys(map(restored, _texts(cell)))
    remark = f"texts: column '{texts_in}' of '{file.name}', images by its column '{names_in}'"
    remarks = [remark, *unmatched_remarks(names, images, matches, file.name)]
    return [list(own) for own in found], remarks


def _texts(cell: Any) -> list[str]:
    parts = cell if isinstance(cell, list | tuple | np.ndarray) else [cell]
    found = [" ".join(str(part).split()) for part in parts if not pd.isna(part)]
    return list(dict.fromkeys(text for text in found if text))
