"""Images that are the rows of a table: their names, and the other columns, one of them labels."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import pandas as pd

from embedbench.data.dataset import Dataset
from embedbench.data.images.sources import Source
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.reading import as_table
from embedbench.data.tables.truth import with_truth
from embedbench.io.paths import AnyPath
from embedbench.utils.text import shown

__all__ = ["dataset_of_rows", "unique_names"]

_IMAGE = "image"


def dataset_of_rows(
    names: tuple[str, ...],
    sources: Sequence[Source],
    cells: pd.DataFrame,
    name: AnyPath,
    form: TableForm,
) -> Dataset:
    """Return images with the other columns of their rows, one of which may be the labels.

    Args:
        names: unique name of each image.
        sources: source of each image.
        cells: the other columns.
        name: what they are called together.
        form: may name the column of labels.

    Raises:
        InputError: there is no column of the name in `form`, or several could be the labels.
    """
    table = as_table(name, cells.assign(**{_IMAGE: names}))
    cells, label_remarks = with_truth(table, replace(form, path=None), {_IMAGE})
    columns = cells.drop(columns=_IMAGE)
    return Dataset(names, tuple(sources), columns, str(name), (), tuple(label_remarks))


def unique_names(paths: Sequence[str | None], numbered: Sequence[str]) -> tuple[str, ...]:
    """Return the path of each image where it has one that no other has; else its number."""
    written = [shown(path) if path else "" for path in paths]
    counts = Counter(written)
    taken = {one for one in written if one and counts[one] == 1}
    names = []
    for path, number in zip(written, numbered, strict=True):
        tries = (f"{number}#{again}" if again > 1 else number for again in count(1))
        name = (
            path if path and counts[path] == 1 else next(one for one in tries if one not in taken)
        )
        taken.add(name)
        names.append(name)
    return tuple(names)
