"""The calibrated model with signals of choice: fitted quickly, judged on other sets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from calibration import FOLDS, Model, Run, judged, named

CERTAINTY = 0.8
"""What is asked of the group that is named."""


@dataclass(frozen=True, eq=False)
class Tried(Run):
    """A run with signals of choice in place of the two.

    Attributes:
        names: of the signals.
    """

    names: Sequence[str]

    @classmethod
    def of(cls, run: Run, names: Sequence[str]) -> "Tried":
        """Return the run with these signals."""
        return cls(run.name, run.truth, run.signals, run.alike, run.labelled, names)

    def features(self) -> np.ndarray:
        """Return these signals of each encoder, less their means."""
        found = np.stack([self.signals[name] for name in self.names], axis=1)
        return np.asarray(found - found.mean(axis=0))


def fitted(runs: Sequence[Tried]) -> Model:
    """Return the model that `calibration.Model.fitted` finds, quicker, of any number of signals.

    The spread is a factor of a run's covariance, so that its likelihood needs no more of the run
    than the moments of its signals and truth, which are computed once.
    """
    moments, spreads, sizes = [], [], []
    for run in runs:
        contrasts = -np.diff(np.eye(len(run.truth)), axis=0)
        root = np.linalg.cholesky(contrasts @ run.kernel() @ contrasts.T)
        columns = np.column_stack([run.features(), run.truth])
        whitened = np.linalg.solve(root, contrasts @ columns)
        moments.append(whitened.T @ whitened)
        spreads.append(run.features().T @ run.features() / len(run.truth))
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
    return Model(found[:-2], float(found[-2]), float(found[-1]))


def log_density(run: Run, mean: np.ndarray, covariance: np.ndarray) -> float:
    """Return the logarithm of the density of the differences of the true scores, an encoder."""
    contrasts = -np.diff(np.eye(len(mean)), axis=0)
    found = multivariate_normal(contrasts @ mean, contrasts @ covariance @ contrasts.T)
    return float(found.logpdf(contrasts @ run.truth)) / len(mean)


def judged_with(
    runs: Sequence[Run], signals: Sequence[str], certainty: float = CERTAINTY
) -> pd.DataFrame:
    """Return how the model of these signals was judged in each run, fitted on other sets.

    The folds are those of `calibration.nested`.
    """
    names = np.random.default_rng(1).permutation(sorted({run.name for run in runs}))
    fold = {name: number % FOLDS for number, name in enumerate(names)}
    tried = [Tried.of(run, signals) for run in runs]
    models = [
        fitted([run for run in tried if fold[run.name] != number])
        for number in range(min(FOLDS, len(names)))
    ]
    rows = []
    for run in tried:
        mean, covariance = models[fold[run.name]].prior(run)
        found = judged(run, mean, named(mean, covariance, certainty))
        del found["regret of the group"]
        found["log density"] = log_density(run, mean, covariance)
        rows.append({"set": run.name} | {name: float(value) for name, value in found.items()})
    return pd.DataFrame(rows)
