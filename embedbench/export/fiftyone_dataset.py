"""A dataset of FiftyOne: the originals with clusters, neighbours and 2-D maps of each encoder."""

import os
import shlex
from typing import Any

import numpy as np
import pandas as pd

from embedbench.errors import InputError
from embedbench.export.columns import clusters_of, encoder_names, neighbours_of, plane_of
from embedbench.export.libraries import errors_of, import_library
from embedbench.export.outcome import Exported, Request
from embedbench.report.viewing.originals import Originals
from embedbench.results.results import Results

__all__ = ["write_fiftyone"]

_DATABASE = (
    "FiftyOne needs MongoDB: its package brings one, or set FIFTYONE_DATABASE_URI to a server"
)


def write_fiftyone(results: Results, request: Request) -> Exported:
    """Make a dataset in FiftyOne's database, of the images that have a file of their own.

    For an encoder whose name in the folders of figures is `01_timm`, it has the fields
    `cluster_01_timm`, a classification, and `neighbors_01_timm`, ids of samples, the nearest
    first; the visualisation `map_01_timm`; and, with vectors, the similarity `similar_01_timm`.

    Raises:
        InputError: FiftyOne is not installed, its database does not start, a dataset of that name
            is there, or no image has a file.
    """
    os.environ.setdefault("FIFTYONE_DO_NOT_TRACK", "true")  # read as it is imported
    fiftyone = import_library("fiftyone", "fiftyone")
    originals = Originals(results)
    paths = [originals.path(row) for row in range(len(originals))]
    rows = [row for row, path in enumerate(paths) if path is not None and path.is_file()]
    names = results.images["image"].astype(str).tolist()
    kept = set(rows)
    skipped = {
        name: "has no file of its own on this disk"
        for row, name in enumerate(names)
        if row not in kept
    }
    if not rows:
        raise InputError("no image has a file of its own on this disk: FiftyOne shows files")
    with errors_of("FiftyOne", _DATABASE):
        if fiftyone.dataset_exists(request.name):
            raise InputError(
                f"FiftyOne has a dataset '{request.name}' already; name another with --name"
            )
        dataset = fiftyone.Dataset(request.name, persistent=True)
    try:
        with errors_of("FiftyOne"):
            dataset.add_samples(
                [fiftyone.Sample(filepath=str(paths[row].absolute())) for row in rows],  # type: ignore[union-attr]
                progress=False,
            )
            _fill(fiftyone, dataset, results, request, np.array(rows))
    except BaseException:
        dataset.delete()
        raise
    written = {"images": len(rows), "encoders": len(request.encoders)}
    command = shlex.join(["fiftyone", "app", "launch", request.name])
    return Exported("fiftyone", request.name, written, skipped, command)


def _fill(
    fiftyone: Any, dataset: Any, results: Results, request: Request, rows: np.ndarray
) -> None:
    """Fill the fields; row i of `rows` is the row of sample i in the table of images."""
    images = results.images.iloc[rows]
    dataset.set_values("image", images["image"].astype(str).tolist())
    if "truth" in images:
        labels = images["truth"].astype(object).where(images["truth"].notna(), None)
        dataset.set_values("label", _labels(fiftyone, labels.tolist()))
    ids = np.full(len(results.images), None, dtype=object)
    ids[rows] = dataset.values("id")
    safe = encoder_names(results)
    for encoder in request.encoders:
        name = safe[encoder]
        clusters = clusters_of(results, encoder, request.clusterer).iloc[rows]
        dataset.set_values(f"cluster_{name}", _labels(fiftyone, _cluster_labels(clusters)))
        dataset.set_values(f"silhouette_{name}", clusters["silhouette"].astype(float).where(
            clusters["silhouette"].notna(), None).tolist())  # fmt: skip
        if (near := neighbours_of(results, encoder)) is not None:
            lists = [
                [one for one in ids[near.rows[near.starts[row] : near.starts[row + 1]]] if one]
                for row in rows.tolist()
            ]
            dataset.set_values(f"neighbors_{name}", lists)
        _add_maps(dataset, results, request, encoder, ids)
    dataset.info = {
        "encoders": {safe[one]: one for one in request.encoders},
        "verdicts": {purpose: str(answer) for purpose, answer in results.verdicts.items()},
    }
    dataset.save()


def _add_maps(
    dataset: Any, results: Results, request: Request, encoder: str, ids: np.ndarray
) -> None:
    """Add the 2-D map that the results hold, and the similarity of vectors."""
    brain = import_library("fiftyone.brain", "fiftyone")
    name = encoder_names(results)[encoder]
    plane = plane_of(results, encoder)
    if plane is not None:
        points = plane.to_numpy(np.float64)
        shown = np.isfinite(points).all(axis=1) & (ids != None)  # noqa: E711
        brain.compute_visualization(
            dataset.select(ids[shown].tolist(), ordered=True),
            points=points[shown],
            brain_key=f"map_{name}",
        )
    if encoder in request.vectors:
        here = ids != None  # noqa: E711
        vectors = request.vectors[encoder][here]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        brain.compute_similarity(
            dataset.select(ids[here].tolist(), ordered=True),
            # The nearest by cosine, whose order FiftyOne 1.22 gets wrong where lengths differ.
            embeddings=vectors / np.maximum(lengths, np.finfo(np.float32).tiny),
            brain_key=f"similar_{name}",
            backend="sklearn",
            metric="euclidean",
        )


def _cluster_labels(clusters: pd.DataFrame) -> list[str | None]:
    """Return the number and the name of each image's cluster; `noise` of -1."""
    labels: list[str | None] = []
    for cluster, name in zip(clusters["cluster"], clusters["name"], strict=True):
        if pd.isna(cluster):
            labels.append(None)
        elif cluster < 0:
            labels.append("noise")
        else:
            labels.append(f"{cluster} {name}" if isinstance(name, str) and name else f"{cluster}")
    return labels


def _labels(fiftyone: Any, texts: list[str | None]) -> list[Any]:
    return [None if text is None else fiftyone.Classification(label=text) for text in texts]
