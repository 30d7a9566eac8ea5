"""Provenance of a comparison: all that `run.json` needs to repeat it."""

import hashlib
import platform
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import MISSING
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from embedbench.analysis.duplicates import duplicate_rate
from embedbench.analysis.inputs import AnalysisInputs
from embedbench.comparison.options import OPTIONS, ComparisonOptions
from embedbench.comparison.stages.clustering import ClusteringAnalysis
from embedbench.comparison.tables import few_words_remarks
from embedbench.data.dataset import Dataset
from embedbench.embedding.result import Embedding
from embedbench.encoder import Encoder, Vectors
from embedbench.encoders.record import EncoderRecord
from embedbench.utils.fingerprint import library_versions
from embedbench.utils.hardware import cores
from embedbench.utils.options import Option, value_of
from embedbench.utils.text import join_names

__all__ = [
    "cluster_remarks",
    "model_remarks",
    "python_objects",
    "record_options",
    "repeat_command",
    "run_record",
    "with_labels",
]

_SAME_COSINE = 0.9999
"""Least cosine of two encoders' vectors of one image from which they count as the same network;
that of one network in float32 and in bfloat16 is about this."""

_FIRST = 64
"""Images that tell most different encoders apart."""


def record_options(options: ComparisonOptions, read: Mapping[str, Any]) -> dict[str, Any]:
    """Return every option as `run.json` records it, and the command that repeats the run.

    Args:
        options: as they were given.
        read: those that are recorded as they were read, by keyword.
    """
    given = {option.keyword: _as_texts(option, value_of(options, option)) for option in OPTIONS}
    sources = given.pop("source")
    command = shlex.join(repeat_command(options))
    objects = python_objects(options)
    return given | dict(read) | {"sources": sources, "command": command, "objects": objects}


def python_objects(options: ComparisonOptions) -> list[str]:
    """Return the names of what was given as Python objects, which no command can repeat."""
    names = []
    for option in OPTIONS:
        value = value_of(options, option)
        if option.kind is list and isinstance(value, Mapping):
            names += list(value)
        elif option.kind is list and not isinstance(value, str | PurePath):
            parts = [value] if isinstance(value, Dataset) else value
            names += [_as_text(part) for part in parts if not isinstance(part, str | PurePath)]
    return names


def repeat_command(options: ComparisonOptions) -> list[str]:
    """Return the arguments of the command that repeats the run; defaults are left out."""
    arguments, sources = ["embedbench", "run"], []
    for option in OPTIONS:
        value = _as_texts(option, value_of(options, option))
        if not option.flags:
            sources = value
        elif option.kind is bool:
            arguments += [option.flags[0]] if value else []
        elif option.kind is list:
            texts = [] if value == _as_texts(option, option.default) else value
            arguments += [part for text in texts for part in (option.flags[0], text)]
        elif value is not None and value != _as_texts(option, option.default):
            arguments += [option.flags[0], str(value)]
    if any(source.startswith("-") for source in sources):
        return [*arguments, "--", *sources]
    return [*arguments[:2], *sources, *arguments[2:]]


def with_labels(run: Mapping[str, Any], file: str) -> str:
    """Return the command that repeats a run with labels from a file, into another folder.

    Args:
        run: as in run.json.
        file: the file of labels.
    """
    words = shlex.split(str(run.get("command") or "embedbench run SOURCE -e ..."))
    for flag in ("--labels", "--label-column", "--out"):
        if flag in words:
            at = words.index(flag)
            del words[at : at + 2]
    return shlex.join([*words, "--labels", file])


def _as_texts(one: Option, value: Any) -> Any:
    """Return an option's value as the command line takes it; of objects, their names."""
    if value is None or value is MISSING or one.kind in (int, float, bool):
        return value
    if one.kind is list:
        if not one.flags:  # sources; many objects of one kind are one
            parts = value if isinstance(value, list | tuple) else [value]
            return list(dict.fromkeys(map(_as_text, parts)))
        return [_as_text(part) for part in ([value] if isinstance(value, str) else value)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(str, value)) or None
    return str(value)


def _as_text(value: Any) -> str:
    if isinstance(value, Dataset):
        return value.origin
    has_words = isinstance(value, str | PurePath | Encoder)
    return str(value) if has_words else type(value).__name__.lower()


def run_record(
    images: pd.DataFrame,
    embeddings: dict[str, Embedding],
    versions: Mapping[str, str],
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Return all that is needed to repeat the comparison.

    Args:
        images: the table of the images compared.
        embeddings: what the encoders made of them.
        versions: of the encoders' libraries, also of those that failed.
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
        "fingerprints": {
            name: embedding.record.fingerprint for name, embedding in embeddings.items()
        },
        "weights": {name: _weights(embedding.record) for name, embedding in embeddings.items()},
        "versions": _versions(versions),
        "hardware": {
            "machine": platform.machine(),
            "system": platform.system(),
            "cores": cores(),
        },
    }


def cluster_remarks(words: int, inputs: AnalysisInputs, clusters: ClusteringAnalysis) -> list[str]:
    """Return what to know of the clusters: few words, copies and samples, a k at the edge."""
    return [
        *few_words_remarks(words, clusters.common_k),
        *inputs.remarks,
        *clusters.groups.remarks,
    ]


def model_remarks(embeddings: Mapping[str, Embedding]) -> list[str]:
    """Return what a reader should know of the models: their own remarks, and which are the same.

    Encoders are the same under several names if every image has the same vector, up to its length.
    """
    remarks = [
        f"{name}: {embedding.record.facts.remark}"
        for name, embedding in embeddings.items()
        if embedding.record.facts.remark
    ]
    names, told = list(embeddings), set[str]()
    for number, first in enumerate(names):
        if first in told:
            continue
        cosines = {
            name: _least_cosine(embeddings[first].vectors, embeddings[name].vectors)
            for name in names[number + 1 :]
            if embeddings[name].vectors.shape == embeddings[first].vectors.shape
        }
        same = [name for name, cosine in cosines.items() if cosine >= _SAME_COSINE]
        told.update(same)
        if same:
            remarks.append(
                f"{join_names([first, *same])} give the same vectors (least cosine "
                f"{min(cosines[name] for name in same):.6f}): they are one encoder under several "
                "names"
            )
    return remarks


def _least_cosine(vectors: Vectors, others: Vectors) -> float:
    """Return the least cosine of an image's two vectors; of many images, -1 if the first differ."""
    if len(vectors) > _FIRST and _least_cosine(vectors[:_FIRST], others[:_FIRST]) < _SAME_COSINE:
        return -1.0
    left, right = vectors.astype(np.float64), others.astype(np.float64)
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    products = np.einsum("ij,ij->i", left, right)
    return float(np.min(products / np.maximum(lengths, np.finfo(np.float64).tiny)))


def _weights(record: EncoderRecord) -> dict[str, str]:
    """Return the SHA-256 of each file of weights, by the file's name alone."""
    return {PurePath(file.path).name: file.sha256 for file in record.weights}


def _versions(of_encoders: Mapping[str, str]) -> dict[str, str]:
    names = ("image-embedbench", "numpy", "scipy", "scikit-learn", "hdbscan", "pandas", "pillow")
    known = {**of_encoders, **library_versions(names)}
    return {"python": platform.python_version()} | dict(sorted(known.items()))


def _dataset_fingerprint(images: pd.DataFrame) -> str:
    """Return 16 hex digits that change with the images' names, bytes and labels."""
    columns = [name for name in ("image", "hash", "truth") if name in images.columns]
    text = images[columns].to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(text.encode()).hexdigest()[:16]
