"""Provenance of a comparison: all that `run.json` needs to repeat it."""

import hashlib
import importlib.metadata
import platform
import shlex
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

import pandas as pd

from embedbench.analysis.duplicates import duplicate_rate
from embedbench.comparison.options import COPIES, DEFAULT_MAPS
from embedbench.embedding.embed import Embedding
from embedbench.encoder import Encoder
from embedbench.encoders.record import EncoderRecord
from embedbench.utils.hardware import cores

__all__ = ["repeat_command", "run_record"]


def repeat_command(asked: Mapping[str, Any]) -> str:
    """Return the line for a shell that asks for the same."""
    parts = ["embedbench", "run", *asked["sources"]]
    repeated = {
        "-e": asked["encoders"],
        "--clusterer": asked["clusterers"],
        "--space": asked["spaces"],
        "--corrupt": asked["corrupt"],
        "--map": [] if tuple(asked["maps"]) == DEFAULT_MAPS else asked["maps"],
    }
    for word, values in repeated.items():
        parts += [part for value in values for part in (word, value)]
    options = {
        "--labels": asked["labels"],
        "--k": asked["k"],
        "--seeds": len(asked["seeds"]),
        "--names": ",".join(asked["names"]) or None,
        "--limit": asked["limit"],
        "--copies": None if asked["copies"] == COPIES else asked["copies"],
        "--corrupted": asked["corrupted"] if asked["corrupt"] else None,
        "--mix": asked["mix"],
        "--domain": asked["domain"],
        "--memory": asked["memory"],
        "--patience": asked["patience"],
    }
    parts += [
        str(part) for word, value in options.items() if value is not None for part in (word, value)
    ]
    words = ("offline", "allow_local", "follow_links")
    flags = {f"--{word.replace('_', '-')}": asked[word] for word in words}
    return shlex.join([*parts, *(word for word, given in flags.items() if given)])


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
        "fingerprints": {name: found.record.fingerprint for name, found in embeddings.items()},
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


def _weights(record: EncoderRecord) -> dict[str, str]:
    """Return the SHA-256 of each file of weights, by the file's name alone."""
    return {PurePath(file.path).name: file.sha256 for file in record.weights}


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
