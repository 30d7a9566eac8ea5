"""The tables of a comparison, put together from what its parts found."""

import hashlib
import importlib.metadata
import platform
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from embedbench.analysis.duplicates import duplicate_rate
from embedbench.analysis.sweep import Sweep
from embedbench.data.dataset import Dataset
from embedbench.embedding.embed import Embedding
from embedbench.encoder import Encoder
from embedbench.results.schema import FAILURE_COLUMNS
from embedbench.utils.hardware import cores

__all__ = [
    "elbow_table",
    "encoder_failures",
    "encoders_table",
    "image_failures",
    "partitions_table",
    "run_record",
    "similarity_table",
    "stack",
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
    columns["label"] = np.concatenate([sweep.labels.reshape(-1) for sweep in sweeps.values()])
    return pd.DataFrame(columns, copy=False)


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


def similarity_table(related: dict[tuple[str, str], dict[str, float]]) -> pd.DataFrame:
    """Return a row for each pair of encoders, either way round, with how alike they are."""
    columns = ["encoder", "other", "partition_agreement", "mutual_knn", "cka"]
    rows = [
        {"encoder": first, "other": second, **found}
        for (one, other), found in related.items()
        for first, second in ((one, other), (other, one))
    ]
    return pd.DataFrame(rows, columns=columns)


def encoders_table(
    encoders: dict[str, Encoder], embeddings: dict[str, Embedding], errors: dict[str, str]
) -> pd.DataFrame:
    """Return a row for each encoder asked for."""
    rows = []
    for name in encoders:
        record = embeddings[name].record if name in embeddings else {}
        facts = record.get("facts", {})
        rows.append(
            {
                "encoder": name,
                "dim": record.get("dim"),
                "images_per_second": record.get("images_per_second"),
                "load_seconds": record.get("load_seconds"),
                "peak_memory_mb": record.get("peak_memory_mb"),
                "parameters": facts.get("parameters"),
                "licence": facts.get("licence"),
                "pretrained_on": facts.get("pretrained_on"),
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
    counts = ("dim", "parameters", "peak_memory_mb", "batch_size")
    shares = ("precision_cosine", "precision_neighbours")
    return table.astype(
        dict.fromkeys(counts, "Int64") | dict.fromkeys(shares, float) | {"compiled": "boolean"}
    )


def run_record(
    images: pd.DataFrame,
    embeddings: dict[str, Embedding],
    encoders: dict[str, Encoder],
    started: float,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Return all that is needed to repeat the comparison.

    Args:
        images: the table of the images compared.
        embeddings: what the encoders made of them.
        encoders: all that were asked for, also those that failed.
        started: in seconds since 1970.
        asked: what was asked for.
    """
    return {
        **asked,
        "dataset": {
            "images": len(images),
            "classes": int(images["truth"].nunique()) if "truth" in images else None,
            "duplicates": round(duplicate_rate(images["group"].to_numpy()), 4),
            "fingerprint": _dataset_fingerprint(images),
        },
        "fingerprints": {name: found.record["fingerprint"] for name, found in embeddings.items()},
        "weights": {name: _weights(found.record) for name, found in embeddings.items()},
        "encoded": {name: found.encoded for name, found in embeddings.items()},
        "versions": _versions(encoders),
        "hardware": {
            "machine": platform.machine(),
            "system": platform.system(),
            "cores": cores(),
        },
        "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
        "seconds": round(time.time() - started, 1),
    }


def _weights(record: dict[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each file of weights, by the file's name alone."""
    return {PurePath(row[0]).name: str(row[3]) for row in record.get("weights", [])}


def _versions(encoders: dict[str, Encoder]) -> dict[str, str]:
    names = {"image-embedbench", "numpy", "scipy", "scikit-learn", "hdbscan", "pandas", "pillow"}
    names |= {library for encoder in encoders.values() for library in encoder.libraries}
    found = {"python": platform.python_version()}
    for name in sorted(names):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _dataset_fingerprint(images: pd.DataFrame) -> str:
    """Return 16 hex digits that change with the images' names, bytes and labels."""
    columns = [name for name in ("image", "hash", "truth") if name in images.columns]
    text = images[columns].to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(text.encode()).hexdigest()[:16]
