"""All metrics of all partitions, with noise counted and with noise left out."""

import numpy as np
import pandas as pd
from jaxtyping import Float32, Float64, Int

from embedbench.clustering.partitions import noise_as_singletons
from embedbench.metrics.clustering.external import external
from embedbench.metrics.clustering.internal import internal
from embedbench.metrics.clustering.silhouette import silhouettes_of

__all__ = ["evaluate"]


def evaluate(
    points: Float32[np.ndarray, "images dim"],
    labels: Int[np.ndarray, "runs images"],
    truth: Int[np.ndarray, " images"] | None,
    rows: Int[np.ndarray, " sampled"] | None = None,
) -> tuple[pd.DataFrame, Float64[np.ndarray, "runs images"]]:
    """Return every metric of every partition, one row per run, and each image's silhouette.

    Columns: `clusters`, without noise; `coverage`, the share of images that are not noise; the
    columns of `external` (with truth) and `internal`, with each noise image as its own cluster;
    and the same with noise left out, as `NAME_clustered`. Undefined values are nan. `METRICS` of
    `embedbench.metrics.clustering.catalogue` describes each of them. The silhouettes count each
    noise image as its own cluster.

    Args:
        points: clustered points, one row per image.
        labels: cluster of each image in each run; -1 is noise.
        truth: known label of each image as a number, -1 if unknown; those images are left out of
            the comparison with the truth only. None without labels.
        rows: images whose silhouettes to compute; all if None.
    """
    runs = len(labels)
    both = np.concatenate([noise_as_singletons(labels), labels])
    profiles = silhouettes_of(points, both, rows)
    scores = internal(points, both, profiles)
    if truth is not None:
        scores = pd.concat([external(both, truth), scores], axis=1)
    counts = scores[["clusters", "coverage"]].iloc[runs:].reset_index(drop=True)
    scores = scores.drop(columns=["clusters", "coverage"])
    counted = scores.iloc[:runs].reset_index(drop=True)
    clustered = scores.iloc[runs:].reset_index(drop=True).add_suffix("_clustered")
    return pd.concat([counts, counted, clustered], axis=1), profiles[:runs]
