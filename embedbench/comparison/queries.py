"""Which images are queries of search, and which the gallery."""

from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from jaxtyping import Bool

from embedbench.data.dataset import Dataset
from embedbench.errors import InputError
from embedbench.utils.text import pluralise

__all__ = ["IS_QUERY", "with_queries"]

IS_QUERY = "is_query"
"""The column that says whether an image is a query; the others are the gallery."""

_YES = {"1", "1.0", "true", "yes", "y", "query"}
_NO = {"0", "0.0", "false", "no", "n", "gallery", ""}


def with_queries(dataset: Dataset, queries: str | None) -> Dataset:
    """Return the dataset with a column `is_query`, and a remark that counts queries and gallery.

    Args:
        dataset: the images.
        queries: a column that holds yes or no (true, 1, query); `COLUMN=VALUE`; or a folder of
            the source. The images that it tells are queries, the others the gallery. None for no
            such column: then each image is a query among all others.

    Raises:
        InputError: it tells no image, or leaves no gallery.
    """
    if queries is None:
        return dataset
    is_query = _queries(dataset, queries)
    found, rest = int(is_query.sum()), int((~is_query).sum())
    if not found or not rest:
        none = "no image" if not found else "every image"
        raise InputError(f"`queries` '{queries}' makes {none} a query; some must be, and some not")
    remark = (
        f"{pluralise(found, 'image')} {'is a query' if found == 1 else 'are queries'}, "
        f"{pluralise(rest, 'image')} the gallery"
    )
    table = dataset.table.assign(**{IS_QUERY: is_query})
    return replace(dataset, table=table, remarks=(*dataset.remarks, remark))


def _queries(dataset: Dataset, queries: str) -> Bool[np.ndarray, " images"]:
    """Return which images are queries.

    Raises:
        InputError: there is no such column, value or folder.
    """
    table = dataset.table
    column, equals, value = queries.partition("=")
    if equals and column in table:
        return np.asarray(table[column].map(_told) == value)
    if queries in table:
        words = [_told(cell).casefold() for cell in table[queries]]
        unclear = next((word for word in words if word not in _YES | _NO), None)
        if unclear is not None:
            raise InputError(
                f"`queries` '{queries}' must hold yes or no; not '{unclear}': "
                f"--queries {queries}={unclear} takes the images with this value"
            )
        return np.array([word in _YES for word in words])
    wanted = PurePosixPath(queries.rstrip("/"))
    inside = np.array([wanted in PurePosixPath(name).parents for name in dataset.names])
    if not inside.any():
        columns = ", ".join(map(str, table.columns)) or "none"
        raise InputError(
            f"`queries` must be a column ({columns}), COLUMN=VALUE, or a folder of the source; not "
            f"'{queries}'"
        )
    return inside


def _told(cell: object) -> str:
    return "" if pd.isna(cell) else str(cell)  # type: ignore[call-overload]
