"""Fit the Gaussian of the calibrated verdict: weights of signals, and the spread around them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from embedbench.comparison.verdicts.belief import Spread, together


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


def fit(runs: Sequence[Known]) -> tuple[np.ndarray, Spread]:
    """Return weights and spread of maximum likelihood.

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
        weights, (level, slope, trust, other) = values[:-4], values[-4:]
        rest = np.array([*weights, -1.0])
        told = np.einsum("i,rij,j->r", weights, spread, weights)
        logs = level + slope * np.log(told + 1e-3)
        left = np.einsum("i,rij,j->r", rest, squares, rest)
        by_line = log_expit(trust) - (left / np.exp(logs) + size * logs) / 2
        by_none = log_expit(-trust) - (squares[:, -1, -1] / np.exp(other) + size * other) / 2
        return -float(np.logaddexp(by_line, by_none).mean())

    count = spread.shape[-1]
    start = np.array([*np.full(count, 1 / count), -4.5, 0.0, 1.5, -3.0])
    bounds = [(None, None)] * count + [(-9, 2), (-1, 2), (-5, 5), (-9, 2)]
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    level, slope, trust, other = (round(float(value), 3) for value in found[-4:])
    return found[:-4].round(3), Spread(level, slope, round(float(expit(trust)), 3), other)
