"""Which images a corruption moves the furthest among the others, for one encoder."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from embedbench.analysis.robustness.corruption_effects import CorruptionEffect
from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate
from embedbench.results.schema import (
    CLUSTER_CHANGES,
    ENCODER_ALONE,
    MOVED_COLUMNS,
    NEIGHBOUR_RETENTION,
)

__all__ = ["moved_images"]


def moved_images(
    effect: CorruptionEffect, vectors: Vectors, names: Sequence[str], count: int = 24
) -> pd.DataFrame:
    """Return the images that a corruption moves: `MOVED_COLUMNS`, the furthest first.

    Those are the images that keep the fewest of their nearest images, and of equal ones those
    that change cluster for the most seeds. An image that keeps all of them, and its cluster, is
    not listed.

    Args:
        effect: what the corruption changes.
        vectors: of each image after corruption; nan where it could not be corrupted.
        names: of the images.
        count: the most.
    """
    made = np.isfinite(vectors).all(axis=1)
    kept = _by_image(effect.after[ENCODER_ALONE, NEIGHBOUR_RETENTION], made)
    changes = _by_image(effect.after[ENCODER_ALONE, CLUSTER_CHANGES], made)
    moved = np.flatnonzero(made & ((kept < 1) | (changes > 0)))
    chosen = moved[np.lexsort((-changes[moved], kept[moved]))][:count]
    return pd.DataFrame(
        {
            "corruption": effect.corruption.kind,
            "severity": effect.corruption.severity,
            "image": [names[row] for row in chosen],
            NEIGHBOUR_RETENTION: kept[chosen],
            CLUSTER_CHANGES: changes[chosen],
        },
        columns=MOVED_COLUMNS,
    )


def _by_image(score: Estimate, made: Bool[np.ndarray, " images"]) -> Float64[np.ndarray, " images"]:
    """Return the mean over the seeds of each image's value; nan where it has none."""
    values = (score.estimates[:, None] + score.influence).mean(axis=0)
    return np.where(made, values.round(6), np.nan)
