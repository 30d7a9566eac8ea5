"""The tables of a comparison, put together from what its parts found."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pandas as pd

from embedbench.analysis.inputs import AnalysisInputs
from embedbench.analysis.projections import is_neighbour_embedding, null_silhouette
from embedbench.analysis.shortcuts import Shortcut
from embedbench.analysis.sweep import KCandidate, Sweep, comparison_rows
from embedbench.data.dataset import Dataset
from embedbench.embedding.result import Embedding
from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate
from embedbench.metrics.embedding.neighbours import Neighbourhood
from embedbench.results.schema import FAILURE_COLUMNS, TABLES
from embedbench.results.views import MEASURED
from embedbench.utils.text import pluralise

__all__ = [
    "elbow_table",
    "encoder_failures",
    "encoders_table",
    "few_words_remarks",
    "image_failures",
    "known_of",
    "left_out_remarks",
    "neighbours_table",
    "partitions_table",
    "rows_of_encoder",
    "shortcuts_table",
    "similarity_table",
    "stack",
    "stack_by_encoder",
    "stack_by_job",
    "without_timings",
]


def image_failures(dataset: Dataset, embeddings: dict[str, Embedding]) -> pd.DataFrame:
    """Return a row for each image that an encoder could not encode."""
    rows = [
        ("image", dataset.names[row], f"encode: {name}", error)
        for name, embedding in embeddings.items()
        for row, error in embedding.failures.items()
    ]
    return pd.DataFrame(rows, columns=FAILURE_COLUMNS)


def encoder_failures(encoding: dict[str, str], clustering: dict[str, str]) -> pd.DataFrame:
    """Return a row for each encoder that failed, from the errors by encoder and stage."""
    rows = [
        ("encoder", name, stage, error)
        for stage, errors in (("encode", encoding), ("cluster", clustering))
        for name, error in errors.items()
    ]
    return pd.DataFrame(rows, columns=FAILURE_COLUMNS)


def stack(tables: list[pd.DataFrame], keys: list[dict[str, str]]) -> pd.DataFrame:
    """Return the tables as one, with their keys as the first columns, also where all are empty."""
    named = [
        pd.concat([pd.DataFrame([key] * len(table), table.index, list(key)), table], axis=1)
        for table, key in zip(tables, keys, strict=True)
    ]
    return pd.concat([table for table in named if len(table)] or named[:1], ignore_index=True)


def stack_by_encoder(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the tables of all encoders as one, with the first column `encoder`."""
    return stack(list(tables.values()), [{"encoder": name} for name in tables])


def stack_by_job(tables: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Return the tables of all encoders and spaces as one, with these as the first columns."""
    keys = [{"encoder": name, "space": space} for name, space in tables]
    return stack(list(tables.values()), keys)


def rows_of_encoder(
    inputs: AnalysisInputs,
    vectors: Vectors,
    space: str,
    sweep: Sweep,
    common_k: int,
    known: pd.DataFrame | None,
) -> tuple[pd.DataFrame, dict[str, dict[str, Estimate]]]:
    """Return one encoder's rows in one space, and its scores at the common k.

    `known` are its rows of the table `comparison` that were made before the criteria chose k.
    """
    if known is not None:
        known = known.drop(columns=["encoder", "space", "silhouette_noise"], errors="ignore")
    common = inputs.k_grid.common_k_from
    candidates = [KCandidate(common, common_k)]
    if sweep.choice is not None:
        candidates += [KCandidate(name, k) for name, k in sweep.choice.by_criterion().items()]
    settings = inputs.settings(space, (common_k,))
    rows, scores = comparison_rows(
        sweep, inputs.targets.labels, settings, candidates, inputs.bootstrap, known
    )
    if is_neighbour_embedding(space):
        noise = null_silhouette(vectors, settings)
        main = rows["k_from"].isin([common, "own"])
        rows["silhouette_noise"] = rows["clusterer"].map(noise).where(main)
    return rows, scores


def partitions_table(sweeps: dict[tuple[str, str], Sweep], images: Sequence[str]) -> pd.DataFrame:
    """Return a row for each image x run, of 20 bytes or so."""
    runs = pd.concat(
        [
            sweep.runs[["clusterer", "k", "seed"]].assign(encoder=encoder, space=space)
            for (encoder, space), sweep in sweeps.items()
        ],
        ignore_index=True,
    )
    runs = runs.astype({name: "category" for name in ("encoder", "space", "clusterer")})
    runs = runs.astype({"k": "Int32", "seed": "int32"})
    every, count = pd.Categorical(list(images)), len(images)
    columns: dict[str, Any] = {
        "image": pd.Categorical.from_codes(np.tile(every.codes, len(runs)), dtype=every.dtype)
    }
    for name in ("encoder", "space", "clusterer", "k", "seed"):
        columns[name] = runs[name].array.repeat(count)
    assignments = [sweep.assignments.reshape(-1) for sweep in sweeps.values()]
    columns["cluster"] = np.concatenate(assignments)
    return pd.DataFrame(columns, copy=False)


NEIGHBOURS_KEPT = 8
"""How many of the nearest images of each image are kept."""


def neighbours_table(
    neighbours: Mapping[str, Neighbourhood], images: Sequence[str]
) -> pd.DataFrame:
    """Return a row for each encoder, image and one of its nearest other images, nearest first."""
    every = pd.Categorical(list(images))
    frames = []
    for seen in neighbours.values():
        asked = np.arange(len(images)) if seen.asked is None else seen.asked
        nearest = seen.nearest[asked, :NEIGHBOURS_KEPT]
        row, rank = np.nonzero(nearest >= 0)
        columns = {
            "image": pd.Categorical.from_codes(every.codes[asked[row]], dtype=every.dtype),
            "rank": (rank + 1).astype(np.int8),
            "neighbour": pd.Categorical.from_codes(
                every.codes[nearest[row, rank]], dtype=every.dtype
            ),
            "similarity": seen.similarity[asked[row], rank].astype(np.float32),
        }
        frames.append(pd.DataFrame(columns))
    return stack_by_encoder(dict(zip(neighbours, frames, strict=True)))


def elbow_table(sweeps: dict[str, Sweep]) -> pd.DataFrame:
    """Return a row for each encoder x k of the K-means sweep, with what each criterion chose."""
    frames = []
    for sweep in sweeps.values():
        if sweep.choice is None:
            kmeans = sweep.runs[sweep.runs["clusterer"] == "kmeans"]
            curve = kmeans.groupby("k", as_index=False)[["inertia", "silhouette"]].mean()
            frames.append(curve.assign(gap=np.nan, chosen=""))
            continue
        choice = sweep.choice
        marks = [
            ",".join(name for name, best in choice.by_criterion().items() if best == k)
            for k in choice.curve["k"]
        ]
        frames.append(choice.curve.assign(chosen=marks))
    return stack(frames, [{"encoder": name} for name in sweeps])


def shortcuts_table(shortcuts: Mapping[str, Sequence[Shortcut]]) -> pd.DataFrame:
    """Return a row for each attribute that was probed, by encoder."""
    columns = [field.name for field in fields(Shortcut)]
    return stack_by_encoder(
        {
            name: pd.DataFrame([asdict(shortcut) for shortcut in probed], columns=columns)
            for name, probed in shortcuts.items()
        }
    )


def left_out_remarks(failures: pd.DataFrame) -> list[str]:
    """Return a remark for each encoder without which more images would be compared.

    Args:
        failures: those of images, as `image_failures` returns them.
    """
    of_encoders = failures[failures["stage"].str.startswith("encode: ")]
    return [
        f"left out for all encoders: {pluralise(len(rows), 'image')}, because of "
        f"{str(stage).removeprefix('encode: ')}: {rows['error'].iloc[0]}"
        for stage, rows in of_encoders.groupby("stage", sort=False)
    ]


def few_words_remarks(words: int, clusters: int) -> list[str]:
    """Return a remark if there are candidate names, but fewer than clusters."""
    if not 0 < words < clusters:
        return []
    return [f"there are {words} candidate names for {clusters} clusters: some share a name"]


def known_of(embedding: Embedding) -> tuple[int | None, int | None, float | None, bool]:
    """Return an encoder's dim, parameters, images/s, and whether all vectors were in the store."""
    record = embedding.record
    return record.dim, record.facts.parameters, record.images_per_second, not embedding.encoded


def similarity_table(related: dict[tuple[str, str], dict[str, float]]) -> pd.DataFrame:
    """Return two rows for each pair of encoders, one each way round, with their similarities."""
    columns = ["encoder", "other", "partition_agreement", "mutual_knn", "cka"]
    rows = [
        {"encoder": first, "other": second, **similarities}
        for (left, right), similarities in related.items()
        for first, second in ((left, right), (right, left))
    ]
    return pd.DataFrame(rows, columns=columns)


def encoders_table(
    encoders: Sequence[str], embeddings: Mapping[str, Embedding], errors: Mapping[str, str]
) -> pd.DataFrame:
    """Return a row for each encoder asked for."""
    rows = []
    for name in encoders:
        known = embeddings[name].record if name in embeddings else None
        record = known.to_json() if known else {}
        is_made = name in embeddings and embeddings[name].is_looked_up
        facts = record.get("facts", {})
        rows.append(
            {
                "encoder": name,
                "dim": record.get("dim"),
                "parameters": facts.get("parameters"),
                "weights_mb": None if known is None or is_made else known.weights_mb,
                "licence": facts.get("licence"),
                "pretrained_on": facts.get("pretrained_on"),
                "weights": facts.get("weights"),
                "revision": facts.get("revision"),
                "pooling": facts.get("pooling"),
                "image_size": facts.get("image_size"),
                "device": facts.get("device"),
                "precision": record.get("precision"),
                "batch_size": record.get("batch_size"),
                "compiled": record.get("compiled"),
                "precision_cosine": record.get("precision_cosine"),
                "precision_neighbours": record.get("precision_neighbours"),
                "fingerprint": record.get("fingerprint"),
                "status": "failed" if name in errors else "ok",
                "error": errors.get(name, ""),
            }
        )
    table = pd.DataFrame(rows)
    counts = ("dim", "parameters", "batch_size")
    numbers = ("precision_cosine", "precision_neighbours", "weights_mb")
    return table.astype(
        dict.fromkeys(counts, "Int64") | dict.fromkeys(numbers, float) | {"compiled": "boolean"}
    )


_CLUSTERED = ["encoder", "space", "clusterer"]


def without_timings(
    tables: Mapping[str, pd.DataFrame], embeddings: Mapping[str, Embedding], started: float
) -> dict[str, pd.DataFrame]:
    """Return the tables without what differs from one run to the next, and `timings` with it.

    Args:
        tables: `comparison`, with a column `seconds`, and others, which stay as they are.
        embeddings: what the encoders made.
        started: in seconds since 1970.
    """
    comparison = tables["comparison"]
    rows: list[tuple[str, str, str, str, float]] = [
        ("", "", "", "started", round(started)),
        ("", "", "", "seconds", round(time.time() - started, 1)),
    ]
    for name, embedding in embeddings.items():
        rows.append((name, "", "", "images_encoded", embedding.encoded))
        measured = {quantity: getattr(embedding.record, quantity) for quantity in MEASURED}
        rows += [
            (name, "", "", quantity, value)
            for quantity, value in measured.items()
            if value is not None
        ]
    clustered = comparison.dropna(subset=["seconds"]).drop_duplicates(_CLUSTERED)
    for row in clustered[[*_CLUSTERED, "seconds"]].itertuples(index=False):
        rows.append((*row[:3], "seconds", row[3]))
    timings = pd.DataFrame(rows, columns=list(TABLES["timings"].columns))
    timings = timings.astype({"value": float})
    return {**tables, "comparison": comparison.drop(columns="seconds"), "timings": timings}
