"""Numbers of each encoder: by purpose, and what is known of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from embedbench.results.results import Results
from embedbench.results.views import MEASURED, timings_of

__all__ = ["facts_of", "named_scores", "score_rows", "selected", "written_tables"]

_FACTS = (
    "dim", "parameters", "weights_mb", "licence", "pretrained_on", "weights", "revision",
    "pooling", "image_size", "device", "precision", "fingerprint",
)  # fmt: skip

_WITHOUT = ("images", "partitions", "silhouettes", "nearest", "projections")
"""Tables of a row an image or more."""


def score_rows(results: Results, encoder: str) -> list[dict[str, Any]]:
    """Return the rows of the table `purposes` of an encoder, as Python numbers.

    What is not known is left out.
    """
    rows = results.purposes[results.purposes["encoder"] == encoder].drop(columns="encoder")
    return [_known(row) for row in rows.to_dict("records")]


def named_scores(results: Results, encoder: str) -> dict[str, float]:
    """Return the numbers of an encoder by name: `search/retrieval_map`, `search/rank`, ...

    Ends of intervals end in `_low` and `_high`. Speed and memory are `measured/...`.
    """
    scores: dict[str, float] = {}
    for row in score_rows(results, encoder):
        purpose, metric = row["purpose"], row.get("metric") or ""
        for part, name in (("value", ""), ("low", "_low"), ("high", "_high")):
            if metric and part in row:
                scores[f"{purpose}/{metric}{name}"] = float(row[part])
        for part in ("chance", "rank", "rank_low", "rank_high", "probability"):
            if part in row:
                scores[f"{purpose}/{part}"] = float(row[part])
    for quantity in MEASURED:
        known = timings_of(results, quantity)
        if encoder in known:
            scores[f"measured/{quantity}"] = known[encoder]
    return {name: value for name, value in scores.items() if np.isfinite(value)}


def facts_of(results: Results, encoder: str) -> dict[str, Any]:
    """Return what is known of an encoder: dimensions, parameters, weights, licence, ..."""
    rows = results.encoders[results.encoders["encoder"] == encoder]
    [row] = rows[[name for name in _FACTS if name in rows]].to_dict("records")
    return _known(row)


def written_tables(results: Results) -> dict[str, pd.DataFrame]:
    """Return the tables that have rows, by name, but for those of a row an image or more."""
    return {
        name: table
        for name, table in vars(results).items()
        if isinstance(table, pd.DataFrame) and len(table) and name not in _WITHOUT
    }


def selected(table: pd.DataFrame, encoders: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a table that are about these encoders, or about none."""
    if "encoder" not in table:
        return table
    return table[table["encoder"].isin([*encoders, ""])]


def _known(row: Mapping[Any, Any]) -> dict[str, Any]:
    found = {}
    for name, value in row.items():
        if not pd.isna(value) and value != "":
            found[str(name)] = value.item() if isinstance(value, np.generic) else value
    return found
