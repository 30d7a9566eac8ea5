"""Vectors of images: one float32 row an image; checked, joined, side by side."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32

from embedbench.errors import EncoderError

__all__ = ["Vectors", "check_rows", "join_rows", "side_by_side"]

Vectors = Float32[np.ndarray, "images dim"]


def check_rows(rows: Any, count: int) -> Vectors:
    """Return `rows` if they are `count` finite float32 rows.

    Raises:
        EncoderError: they are not; the message says what they are instead.
    """
    if not isinstance(rows, np.ndarray):
        raise EncoderError(f"it returned a {type(rows).__name__}; it must return a numpy array")
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise EncoderError(f"it returned shape {rows.shape}; it must return (images, dim)")
    if len(rows) != count:
        raise EncoderError(f"it returned {len(rows)} rows for {count} images")
    if rows.dtype != np.float32:
        raise EncoderError(f"it returned {rows.dtype}; it must return float32")
    if not np.isfinite(rows).all():
        raise EncoderError("it returned values that are not finite")
    return np.asarray(rows)


def join_rows(parts: Sequence[np.ndarray]) -> Vectors:
    """Return the rows of several batches as one array.

    Raises:
        EncoderError: they are of different lengths.
    """
    lengths = sorted({rows.shape[1] for rows in parts})
    if len(lengths) > 1:
        raise EncoderError(f"it returned rows of {lengths[0]} numbers and of {lengths[-1]}")
    return np.concatenate(parts)


def side_by_side(parts: Sequence[Float32[np.ndarray, "images _"]]) -> Vectors:
    """Return the unit vectors of several encoders side by side, of length 1 each.

    The cosine of two images is the mean of the encoders' cosines. A row of zeros stays so.

    Args:
        parts: vectors of the same images by each encoder.
    """
    unit = []
    for rows in parts:
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
        unit.append(rows / np.where(lengths > 0, lengths, 1.0))
    return np.concatenate(unit, axis=1).astype(np.float32)
