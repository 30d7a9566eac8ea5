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
    """Return every metric of every partition, a row a run, and each image's silhouette in it.

    Columns: `clusters`, noise not counted; `coverage`, the share of images that are no noise;
    the columns of `external` (with truth) and `internal`, with each noise image as a cluster of
    its own; and all of these again with noise left out, as `NAME_clustered`. A number that is
    not defined is nan. `embedbench.metrics.METRICS` says what each of them means. The silhouettes
    count each noise image as a cluster of its own.

    Args:
        points: the space that was clustered.
        labels: the cluster of each image in each run, -1 is noise.
        truth: the known label of each image as a number, -1 where not known: those images are
            left out of the comparison with the truth only. None without labels.
        rows: the images whose silhouettes are wanted; all if None.
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
