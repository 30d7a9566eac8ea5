"""Write results for another tool, by its name."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from embedbench.errors import InputError
from embedbench.export.columns import chosen_encoders
from embedbench.export.outcome import Exported, Request
from embedbench.results.results import Results
from embedbench.vectors import Vectors

__all__ = ["EXPORTERS", "export"]

EXPORTERS: Mapping[str, tuple[str, str, str]] = {
    "fiftyone": ("fiftyone_dataset", "write_fiftyone", "a dataset of FiftyOne"),
    "folders": ("folders", "write_folders", "the original images in a folder for each cluster"),
    "hub": ("hub_folder", "write_hub", "a folder for the Hugging Face Hub"),
    "mlflow": ("trackers.mlflow_runs", "write_mlflow", "a run of MLflow for each encoder"),
    "mteb": ("mteb_results", "write_mteb", "JSON files that MTEB reads"),
    "parquet": ("parquet_file", "write_parquet", "one file for Embedding Atlas or DuckDB"),
    "wandb": ("trackers.wandb_run", "write_wandb", "a run of Weights & Biases, on disk"),
}
"""By tool: the module and the function that write for it, and what they write."""


def export(
    results: Results,
    to: str,
    out: str | Path | None = None,
    *,
    name: str = "embedbench",
    encoders: Sequence[str] = (),
    clusterer: str | None = None,
    link: bool = False,
    vectors: Mapping[str, Vectors] | None = None,
) -> Exported:
    """Write results for another tool; return what was written, and what was left out.

    Args:
        results: the comparison.
        to: a key of `EXPORTERS`.
        out: the file, folder or address to write to; what is there is never replaced. None for
            the tool's own place, where it has one.
        name: of the experiment, project or dataset in the tool.
        encoders: the encoders to export; all if there are none.
        clusterer: whose clusters; the first one if None.
        link: link images instead of copying them.
        vectors: float32 vectors by encoder, row i of image i; those of the results if None.

    Raises:
        InputError: there is no such tool, encoder or clusterer, its library is not installed, or
            the place cannot be written.
    """
    if to not in EXPORTERS:
        raise InputError(f"cannot export to '{to}'; there are: {', '.join(EXPORTERS)}")
    if link and to != "folders":
        raise InputError("`link` is for folders of images")
    if out is not None and to == "fiftyone":
        raise InputError("FiftyOne keeps datasets in its database: give `name`, not `out`")
    if vectors is None:
        vectors = results.encoded.images if results.encoded is not None else {}
    for encoder, rows in vectors.items():
        if len(rows) != len(results.images):
            raise InputError(f"{len(rows)} vectors of '{encoder}' for {len(results.images)} images")
    request = Request(
        None if out is None else str(out),
        name,
        chosen_encoders(results, encoders),
        clusterer,
        link,
        vectors,
    )
    module, function, _ = EXPORTERS[to]
    write = getattr(importlib.import_module(f"embedbench.export.{module}"), function)
    exported: Exported = write(results, request)
    return exported
