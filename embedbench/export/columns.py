"""Columns of results, a row an image: clusters, neighbours and maps of one encoder."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float32, Int64

from embedbench.errors import InputError
from embedbench.results.results import Results
from embedbench.results.views import assignments, encoder_named
from embedbench.utils.text import safe_names

__all__ = [
    "Neighbours",
    "chosen_encoders",
    "clusters_of",
    "encoder_names",
    "neighbours_of",
    "plane_of",
]

_PROJECTIONS = ("tsne", "umap", "pca")
"""Of those that there are, the first is exported."""


def chosen_encoders(results: Results, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the encoders asked for, or all that were compared, in the order of the run.

    Raises:
        InputError: there is no such encoder, there are several, or it failed.
    """
    known = results.comparison["encoder"].astype(str).unique().tolist()
    whole = {encoder_named(results, name) for name in asked}
    if failed := sorted(whole - set(known)):
        raise InputError(f"'{failed[0]}' failed, so it has no results")
    return tuple(name for name in known if not asked or name in whole)


def encoder_names(results: Results) -> dict[str, str]:
    """Return a unique name of letters, digits and _ for each encoder, as the figures have it."""
    return safe_names(results.encoders["encoder"].astype(str).tolist())


def clusters_of(results: Results, encoder: str, clusterer: str | None = None) -> pd.DataFrame:
    """Return the clusters of the images, a row an image of `results.images`, in its order.

    The columns are those of `Results.assignments` without `image`. The cluster is missing for
    images that have none.

    Raises:
        InputError: there are no such clusters.
    """
    table = assignments(results, encoder, clusterer).drop_duplicates("image").set_index("image")
    table = table.reindex(results.images["image"].astype(str))
    table["cluster"] = table["cluster"].astype("Int32")
    return table.reset_index(drop=True)


def plane_of(results: Results, encoder: str) -> pd.DataFrame | None:
    """Return an encoder's 2-D map, a row an image in their order; None if it has none.

    The columns `x` and `y` are missing for images that are not on the map.
    """
    rows = results.projections[results.projections["encoder"] == encoder]
    present = set(rows["projection"].astype(str))
    name = next((one for one in _PROJECTIONS if one in present), None)
    if name is None:
        return None
    points = rows[rows["projection"] == name]
    numbers = _rows(points["image"], results.images["image"])
    xy = np.full((len(results.images), 2), np.nan, np.float32)
    xy[numbers] = points[["x", "y"]].to_numpy(np.float32)
    return pd.DataFrame(xy, columns=["x", "y"])


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest other images of each image: those of row i are at `starts[i]:starts[i + 1]`.

    Attributes:
        starts: where each image's begin, and the end of the last.
        rows: rows of the neighbours in the table of images, the nearest first.
        similarities: cosine of the two vectors, -1 to 1.
    """

    starts: Int64[np.ndarray, " ends"]
    rows: Int64[np.ndarray, " pairs"]
    similarities: Float32[np.ndarray, " pairs"]


def neighbours_of(results: Results, encoder: str) -> Neighbours | None:
    """Return the neighbours that the results hold of an encoder; None if they hold none."""
    near = results.nearest[results.nearest["encoder"] == encoder]
    if near.empty:
        return None
    images = _rows(near["image"], results.images["image"])
    others = _rows(near["neighbour"], results.images["image"])
    order = np.lexsort((near["rank"].to_numpy(), images))
    counts = np.bincount(images, minlength=len(results.images))
    similarities = near["similarity"].to_numpy(np.float32)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Neighbours(starts, others[order], similarities[order])


def _rows(names: pd.Series, images: pd.Series) -> Int64[np.ndarray, " names"]:
    """Return the row of each name in a column of unique names.

    Raises:
        InputError: a name is not in it.
    """
    found = names.astype("category").cat
    rows = pd.Index(images.astype(str)).get_indexer(found.categories.astype(str))
    numbers = rows[found.codes.to_numpy()].astype(np.int64)
    if (numbers < 0).any() or (found.codes < 0).any():
        raise InputError("the tables of these results name different images; run again")
    return numbers
