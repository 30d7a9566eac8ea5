"""Partitions: cluster labels of the same images in several runs, and the settings of each run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float32, Int

__all__ = ["Partitions", "Points", "distinct_rows", "make_partitions", "noise_as_singletons"]

Points = Float32[np.ndarray, "images dim"]

_BLOCK = 256


@dataclass(frozen=True)
class Partitions:
    """Cluster labels of the same images, one row per run.

    Attributes:
        labels: cluster of each image in each run, numbered from 0 in order of appearance; -1 is
            noise.
        runs: settings of each run: `clusterer`; `k`, missing if the clusterer finds its own;
            `seed`, the first one if the clusterer uses none; `inertia`, the sum of squared
            distances to the cluster mean, nan if the clusterer does not minimise it.
    """

    labels: Int[np.ndarray, "runs images"]
    runs: pd.DataFrame


def distinct_rows(points: Points, enough: int | None = None) -> int:
    """Return the number of distinct rows.

    Args:
        points: one row per image.
        enough: where counting stops; None to count all.
    """
    seen: set[bytes] = set()
    for start in range(0, len(points), _BLOCK):
        # -0 becomes 0
        seen |= {row.tobytes() for row in points[start : start + _BLOCK] + np.float32(0)}
        if enough is not None and len(seen) >= enough:
            return enough
    return len(seen)


def make_partitions(
    name: str,
    points: Points,
    labels: Sequence[Int[np.ndarray, " images"]],
    rows: Sequence[tuple[int | None, int, float]],
) -> Partitions:
    """Return the partitions of one clusterer, with renumbered labels.

    Args:
        name: name of the clusterer in the tables.
        points: clustered points, one row per image.
        labels: one row per run; negative labels are noise.
        rows: k, seed and inertia of each run.
    """
    runs = pd.DataFrame(
        {
            "clusterer": pd.Series([name] * len(rows), dtype="str"),
            "k": pd.array([k for k, _, _ in rows], dtype="Int64"),
            "seed": np.array([seed for _, seed, _ in rows], dtype=np.int64),
            "inertia": np.array([inertia for _, _, inertia in rows], dtype=np.float64),
        }
    )
    numbered = [_number(row) for row in labels]
    return Partitions(np.array(numbered, dtype=np.int32).reshape(len(rows), len(points)), runs)


def _number(labels: Int[np.ndarray, " images"]) -> Int[np.ndarray, " images"]:
    """Return the labels renumbered from 0 in order of appearance, noise as -1.

    Runs with the same partition then have equal rows, and are scored once.
    """
    numbered = np.full(len(labels), -1)
    clustered = labels >= 0
    numbered[clustered] = pd.factorize(labels[clustered])[0]
    return numbered


def noise_as_singletons(
    labels: Int[np.ndarray, "runs images"],
) -> Int[np.ndarray, "runs images"]:
    """Return the labels with each noise image as its own cluster, numbered above the others."""
    singletons = labels.max(axis=1, keepdims=True, initial=-1) + np.cumsum(labels < 0, axis=1)
    return np.where(labels < 0, singletons, labels).astype(labels.dtype)
