"""Metrics with truth: agreement of partitions with known labels."""

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from jaxtyping import Int
from scipy.optimize import linear_sum_assignment
from sklearn import metrics
from sklearn.metrics.cluster import contingency_matrix

__all__ = ["external"]

Labels = Int[np.ndarray, " images"]


def external(
    labels: Int[np.ndarray, "runs images"], truth: Int[np.ndarray, " images"]
) -> pd.DataFrame:
    """Return the agreement of each partition with the truth, one row per run.

    Columns: the metrics that need the truth, as `METRICS` of
    `embedbench.metrics.clustering.catalogue` describes them. nan if fewer than two distinct labels
    are left.

    Args:
        labels: cluster of each image in each run; noise, -1, is left out of its run.
        truth: known label of each image as a number, -1 if unknown; those images do not count.
    """
    distinct, runs = np.unique(labels, axis=0, return_inverse=True)
    rows = [_scores(row, truth) for row in distinct]
    return pd.DataFrame(rows, columns=list(_SCORES)).iloc[runs].reset_index(drop=True)


def _scores(labels: Labels, truth: Labels) -> dict[str, float]:
    counted = (labels >= 0) & (truth >= 0)
    labels, truth = labels[counted], truth[counted]
    if len(np.unique(truth)) < 2:
        return dict.fromkeys(_SCORES, np.nan)
    with warnings.catch_warnings():
        # scikit-learn warns that many distinct labels may be a regression target.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        return {name: float(score(truth, labels)) for name, score in _SCORES.items()}


def _accuracy(truth: Labels, labels: Labels) -> float:
    counts = contingency_matrix(truth, labels)
    matched = linear_sum_assignment(counts, maximize=True)
    return float(counts[matched].sum() / counts.sum())


def _purity(truth: Labels, labels: Labels) -> float:
    counts = contingency_matrix(truth, labels)
    return float(counts.max(axis=0).sum() / counts.sum())


_SCORES: dict[str, Callable[[Labels, Labels], float]] = {
    "ami": metrics.adjusted_mutual_info_score,
    "ari": metrics.adjusted_rand_score,
    "nmi": metrics.normalized_mutual_info_score,
    "v_measure": metrics.v_measure_score,
    "homogeneity": metrics.homogeneity_score,
    "completeness": metrics.completeness_score,
    "fowlkes_mallows": metrics.fowlkes_mallows_score,
    "accuracy": _accuracy,
    "purity": _purity,
}
