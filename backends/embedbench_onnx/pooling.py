"""One vector an image from the output of a network."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from embedbench.encoder import InputError, Vectors

__all__ = ["POOLINGS", "pool_rows", "pooling_of"]

POOLINGS = ("cls", "mean", "none")


def pool_rows(rows: np.ndarray, pool: str, output: str) -> Vectors:
    """Return one row an image.

    Args:
        rows: "images dim", "images tokens dim", or "images channels height width".
        pool: as in `OnnxEncoder`.
        output: where the rows are from, for the words of an error.

    Raises:
        InputError: `pool` is unknown, or does not fit the rows, or is needed.
    """
    if pool and pool not in POOLINGS:
        raise InputError(f"`pool` must be one of {', '.join(POOLINGS)}; not '{pool}'")
    if pool == "none" or (rows.ndim == 2 and not pool) or rows.shape[2:] in ((1,), (1, 1)):
        return rows.reshape(len(rows), -1)
    if rows.ndim == 4 and pool in ("", "mean"):
        return np.asarray(rows.mean(axis=(2, 3)))
    if rows.ndim == 3 and pool:
        return rows[:, 0] if pool == "cls" else np.asarray(rows.mean(axis=1))
    if rows.ndim == 2 or pool:
        raise InputError(f"output '{output}' has shape {rows.shape}, which pool={pool} cannot pool")
    raise InputError(
        f"output '{output}' has shape {rows.shape}, not one row an image; say which is meant: "
        "pool=cls, pool=mean or pool=none"
    )


def pooling_of(shape: Sequence[Any] | None, pool: str) -> str | None:
    """Return how an output of this shape is pooled, in a word; None where it is not."""
    if pool == "none" or (shape is not None and len(shape) == 2):
        return None
    return pool or ("mean" if shape and len(shape) == 4 else None)
