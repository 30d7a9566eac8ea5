"""The same comparison again: a run folder that was made of the same things is left as it is."""

import os
import platform
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from embedbench.comparison.config import ComparisonConfig
from embedbench.comparison.stages.encoding import EncodedDataset
from embedbench.embedding.result import Embedding
from embedbench.errors import InputError
from embedbench.io.structured import digest_of
from embedbench.results.reading import read_results
from embedbench.results.results import Results
from embedbench.results.run_folder import is_intact
from embedbench.utils.fingerprint import embedbench_code
from embedbench.utils.hardware import cores

__all__ = ["digest_of_comparison", "unchanged_results"]

_ROOMS = (
    "analysis", "clustering", "comparison", "data", "io", "metrics", "parallel", "report",
    "results", "utils", "vectors.py",
)  # fmt: skip
"""The code that makes results and page of vectors."""

_LIBRARIES = (
    "faiss-cpu", "hdbscan", "image-embedbench", "jinja2", "kneed", "numpy", "pandas", "pillow",
    "scikit-image", "scikit-learn", "scipy", "umap-learn",
)  # fmt: skip

_NO_PARTS = ["thumbnail"]
"""Columns of images that follow from the images' bytes."""


def digest_of_comparison(
    config: ComparisonConfig, dataset: EncodedDataset, record: Mapping[str, Any]
) -> str | None:
    """Return hex digits that change with anything that the results depend on.

    These are the options, the images with their labels, the vectors, the code and the libraries'
    versions. None if a clusterer is of another package, whose code is not known.
    """
    images, encoded, extra = dataset.images, dataset.encoded, dataset.extra
    known = [name for name in _NO_PARTS if name in images.table]
    parts = (
        embedbench_code(_ROOMS, _LIBRARIES),
        (platform.python_version(), platform.machine(), platform.system(), cores()),
        dict(record),
        config.clusterers,
        config.remarks,
        images.dataset.remarks,
        images.dataset.label_remarks,
        images.table.drop(columns=known),
        images.failures,
        encoded.errors,
        {name: _without_timings(one) for name, one in encoded.embeddings.items()},
        (extra.blocks, extra.rows, extra.failures, extra.remarks),
    )
    try:
        return digest_of(parts)
    except TypeError:
        return None


def unchanged_results(folder: Path, digest: str | None) -> Results | None:
    """Return the results in a run folder if they have this digest and nobody changed a file.

    Args:
        folder: a run folder; it may be missing or damaged.
        digest: as `digest_of_comparison` returned it.
    """
    if digest is None or not os.path.lexists(folder / "run.json") or not is_intact(folder):
        return None
    try:
        results = read_results(folder)
    except InputError:
        return None
    return results if results.run.get("made_of") == digest else None


def _without_timings(embedding: Embedding) -> Embedding:
    """Return an embedding without what differs from one run to the next.

    The files of weights are in the fingerprint of the record.
    """
    record = replace(
        embedding.record,
        weights=(),
        load_seconds=None,
        peak_memory_mb=None,
        images_per_second=None,
        latency_ms=None,
        workers=None,
    )
    return replace(embedding, encoded=0, record=record)
