"""One Parquet file, a row an image, as Embedding Atlas and DuckDB open it."""

import shlex
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from embedbench.errors import InputError
from embedbench.export.columns import (
    Neighbours,
    clusters_of,
    encoder_names,
    neighbours_of,
    plane_of,
)
from embedbench.export.outcome import Exported, Request
from embedbench.export.places import new_file
from embedbench.report.viewing.originals import Originals
from embedbench.results.results import Results
from embedbench.results.views import ranked
from embedbench.vectors import Vectors

__all__ = ["write_parquet"]

_ROWS = 1 << 14
"""Rows that are written at once: vectors may lie in files larger than the memory."""


def write_parquet(results: Results, request: Request) -> Exported:
    """Write the images with each encoder's clusters, 2-D map, neighbours and vectors.

    A column of an encoder ends in its name as the folders of figures have it, such as
    `cluster_01_timm`. `neighbors_...` holds `{ids, distances}`: rows of the file, from 0, and
    cosine distances. Own columns of the images whose names are taken start with `own_`.

    Raises:
        InputError: the file cannot be written.
    """
    names, found = encoder_names(results), dict[str, pa.Array]()
    for encoder in request.encoders:
        found |= _of_encoder(results, encoder, names[encoder], request.clusterer)
    vectors = {
        f"vector_{names[key]}": request.vectors[key]
        for key in request.encoders
        if key in request.vectors
    }
    images = _of_images(results)
    columns = images | _own_columns(results, {*images, *found, *vectors}) | found
    with new_file(request.out, ".parquet") as file:
        _write(pa.table(columns), vectors, file)
    written = {"images": len(results.images), "encoders": len(request.encoders)}
    mapped = [name for name in ranked(results) if f"projection_x_{names[name]}" in columns]
    command = _command(str(request.out), names[mapped[0]], columns) if mapped else ""
    return Exported("parquet", str(request.out), written, next=command)


def _of_images(results: Results) -> dict[str, pa.Array]:
    images = results.images
    columns = {
        "image": pa.array(images["image"].astype(str)),
        "path": pa.array(_paths(results), pa.string()),
    }
    if "truth" in images:
        texts = images["truth"].astype(object).where(images["truth"].notna(), None)
        columns["label"] = pa.array(texts, pa.string())
    if "thumbnail" in images:
        content = pa.array(images["thumbnail"], pa.large_binary(), from_pandas=True)
        columns["thumbnail"] = pa.StructArray.from_arrays([content], ["bytes"])
    return columns


def _paths(results: Results) -> list[str | None]:
    """Return the file of each image; None for those that have none of their own here."""
    try:
        originals = Originals(results)
    except InputError:
        return [None] * len(results.images)
    paths = map(originals.path, range(len(originals)))
    return [None if path is None else str(path.absolute()) for path in paths]


def _own_columns(results: Results, taken: set[str]) -> dict[str, pa.Array]:
    """Return the further columns of the table of images, under names that are not taken."""
    table = results.images.drop(columns=["image", "truth", "thumbnail"], errors="ignore")
    columns = {}
    for name, column in zip(map(str, table.columns), table, strict=True):
        while name in taken or name in columns:
            name = f"own_{name}"
        columns[name] = pa.array(table[column], from_pandas=True)
    return columns


def _of_encoder(
    results: Results, encoder: str, name: str, clusterer: str | None
) -> dict[str, pa.Array]:
    clusters = clusters_of(results, encoder, clusterer)
    columns = {f"cluster_{name}": pa.array(clusters["cluster"], pa.int32(), from_pandas=True)}
    if clusters["name"].fillna("").ne("").any():
        columns[f"cluster_name_{name}"] = _texts(clusters["name"])
    columns[f"silhouette_{name}"] = pa.array(
        clusters["silhouette"].astype(np.float32), from_pandas=True
    )
    if (plane := plane_of(results, encoder)) is not None:
        for axis in ("x", "y"):
            columns[f"projection_{axis}_{name}"] = pa.array(plane[axis], from_pandas=True)
    if (near := neighbours_of(results, encoder)) is not None:
        columns[f"neighbors_{name}"] = _neighbors(near)
    return columns


def _texts(column: pd.Series) -> pa.Array:
    return pa.array(column.astype(object).where(column.notna(), None), pa.string())


def _neighbors(near: Neighbours) -> pa.Array:
    """Return the neighbours as Embedding Atlas has them: {ids, distances}."""
    starts = pa.array(near.starts.astype(np.int32))
    ids = pa.ListArray.from_arrays(starts, pa.array(near.rows))
    distances = pa.array(1 - near.similarities.astype(np.float32))
    return pa.StructArray.from_arrays(
        [ids, pa.ListArray.from_arrays(starts, distances)], ["ids", "distances"]
    )


def _write(table: pa.Table, vectors: dict[str, Vectors], file: object) -> None:
    """Write the table with a column of each encoder's vectors, a part of the rows at a time."""
    kinds = [pa.field(name, pa.list_(pa.float32())) for name in vectors]
    schema = pa.schema([*table.schema, *kinds])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for start in range(0, len(table), _ROWS):
            part = table.slice(start, _ROWS)
            lists = [_lists(rows[start : start + _ROWS]) for rows in vectors.values()]
            writer.write_table(pa.table([*part.columns, *lists], schema=schema))


def _lists(vectors: Vectors) -> pa.Array:
    starts = np.arange(len(vectors) + 1, dtype=np.int32) * vectors.shape[1]
    values = np.ascontiguousarray(vectors, np.float32).ravel()
    return pa.ListArray.from_arrays(pa.array(starts), pa.array(values))


def _command(file: str, name: str, columns: Mapping[str, pa.Array]) -> str:
    """Return the command that opens the file in Embedding Atlas, with one encoder's map."""
    words = ["embedding-atlas", file, "--x", f"projection_x_{name}", "--y", f"projection_y_{name}"]
    near = columns.get(f"neighbors_{name}")
    if near is not None:
        words += ["--neighbors", f"neighbors_{name}"]
    # With pictures it computes page ranks, which need as many neighbours of each image.
    is_even = near is None or len(near.field("ids").value_lengths().unique()) == 1
    if "thumbnail" in columns and is_even:
        words += ["--image", "thumbnail"]
    return shlex.join(words)
