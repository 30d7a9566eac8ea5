"""Partitions: labellings of the same images, a row each, and what made them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float32, Int

__all__ = ["Partitions", "Points", "make_partitions", "noise_as_singletons"]

Points = Float32[np.ndarray, "images dim"]


@dataclass(frozen=True)
class Partitions:
    """Labellings of the same images, a row each.

    Attributes:
        labels: the cluster of each image in each run, numbered from 0 in order of appearance;
            -1 is noise.
        runs: what made each row: `clusterer`; `k`, missing where the clusterer finds its own;
            `seed`, the first one where the clusterer uses none; `inertia`, the sum of squared
            distances to the cluster's mean, nan where the clusterer does not lower it.
    """

    labels: Int[np.ndarray, "runs images"]
    runs: pd.DataFrame


def make_partitions(
    name: str,
    points: Points,
    labels: Sequence[Int[np.ndarray, " images"]],
    rows: Sequence[tuple[int | None, int, float]],
) -> Partitions:
    """Return the partitions of one clusterer, their labels renumbered.

    Args:
        name: what the tables call the clusterer.
        points: what was clustered.
        labels: a row for each run; anything negative is noise.
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

    Runs that find the same partition then have the same row, and are scored once.
    """
    numbered = np.full(len(labels), -1)
    clustered = labels >= 0
    numbered[clustered] = pd.factorize(labels[clustered])[0]
    return numbered


def noise_as_singletons(
    labels: Int[np.ndarray, "runs images"],
) -> Int[np.ndarray, "runs images"]:
    """Return the labels with each noise image as a cluster of its own, numbered above the rest."""
    own = labels.max(axis=1, keepdims=True, initial=-1) + np.cumsum(labels < 0, axis=1)
    return np.where(labels < 0, own, labels).astype(labels.dtype)
