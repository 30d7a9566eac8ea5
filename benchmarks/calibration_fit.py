"""Fit the Gaussian of the calibrated verdict: weights of signals, and the spread around them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from embedbench.comparison.verdicts.belief import together


@dataclass(frozen=True, eq=False)
class Known:
    """A run whose truth is known.

    Attributes:
        features: signals of each encoder, (encoders, signals).
        truth: true score of each encoder.
        alike: linear CKA of every two encoders.
    """

    features: np.ndarray
    truth: np.ndarray
    alike: np.ndarray


def fit(runs: Sequence[Known]) -> tuple[np.ndarray, float, float]:
    """Return weights, level and slope of maximum likelihood, as `belief.Line` has them.

    The spread is a factor of a run's covariance, so that its likelihood needs no more of the run
    than the moments of its signals and truth, which are computed once.
    """
    moments, spreads, sizes = [], [], []
    for run in runs:
        contrasts = -np.diff(np.eye(len(run.truth)), axis=0)
        root = np.linalg.cholesky(contrasts @ together(run.alike) @ contrasts.T)
        features = run.features - run.features.mean(axis=0)
        columns = np.column_stack([features, run.truth])
        whitened = np.linalg.solve(root, contrasts @ columns)
        moments.append(whitened.T @ whitened)
        spreads.append(features.T @ features / len(run.truth))
        sizes.append(len(root))
    squares, spread, size = np.array(moments), np.array(spreads), np.array(sizes)

    def loss(values: np.ndarray) -> float:
        weights, (level, slope) = values[:-2], values[-2:]
        rest = np.array([*weights, -1.0])
        told = np.einsum("i,rij,j->r", weights, spread, weights)
        logs = level + slope * np.log(told + 1e-3)
        left = np.einsum("i,rij,j->r", rest, squares, rest)
        return float((left / np.exp(logs) + size * logs).mean() / 2)

    count = spread.shape[-1]
    start = np.array([*np.full(count, 0.5 / count), -4.0, 0.3])
    bounds = [(None, None)] * count + [(-9, 2), (-1, 2)]
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    return found[:-2], float(found[-2]), float(found[-1])
