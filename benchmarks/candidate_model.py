"""The calibrated model with signals of choice: fitted quickly, judged on other sets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from calibration import FOLDS, judged
from calibration_fit import Known, fit
from calibration_runs import Run
from embedbench.comparison.verdicts.belief import Asked, Belief, Spread
from embedbench.results.schema import CERTAINTY
from embedbench.results.tables.purposes import CLUSTERING

SIGNALS = ("clusters kept", "consensus")


@dataclass(frozen=True, eq=False)
class Tried:
    """A run with any signals.

    Attributes:
        name: of the set.
        truth: true AMI of each encoder.
        alike: linear CKA of every two encoders.
        signals: of each encoder, by name.
    """

    name: str
    truth: np.ndarray
    alike: np.ndarray
    signals: dict[str, np.ndarray]

    @classmethod
    def of(cls, run: Run) -> "Tried":
        """Return the run with all that could be a signal by itself."""
        return cls(run.name, run.truth[CLUSTERING], run.signals.alike, dict(run.alone))

    def features(self, names: Sequence[str]) -> np.ndarray:
        """Return these signals of each encoder, less their means."""
        found = np.stack([self.signals[name] for name in names], axis=1)
        return np.asarray(found - found.mean(axis=0))


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted model: weights of the signals, and the spread around what they lead to."""

    names: Sequence[str]
    weights: np.ndarray
    spread: Spread

    def belief(self, run: Tried) -> Belief:
        """Return what the signals of a run lead to."""
        return self.spread.belief(run.features(self.names) @ self.weights, run.alike)


def fitted(runs: Sequence[Tried], names: Sequence[str]) -> Model:
    """Return the model of maximum likelihood."""
    known = [Known(run.features(names), run.truth, run.alike) for run in runs]
    return Model(names, *fit(known))


def log_density(run: Tried, belief: Belief) -> float:
    """Return the logarithm of the density of the differences of the true scores, an encoder."""
    contrasts = -np.diff(np.eye(len(run.truth)), axis=0)
    of_parts = [
        multivariate_normal(
            contrasts @ part.mean, contrasts @ part.covariance @ contrasts.T
        ).logpdf(contrasts @ run.truth)
        for part in belief.parts
    ]
    return float(logsumexp(of_parts, b=belief.weights)) / len(run.truth)


def judged_with(
    runs: Sequence[Tried], names: Sequence[str], certainty: float = CERTAINTY
) -> pd.DataFrame:
    """Return how the model of these signals was judged in each run, fitted on other sets.

    The folds are those of `calibration.folds`; the group is that of the belief alone.
    """
    sets = np.random.default_rng(1).permutation(sorted({run.name for run in runs}))
    fold = {name: number % FOLDS for number, name in enumerate(sets)}
    models = [
        fitted([run for run in runs if fold[run.name] != number], names)
        for number in range(min(FOLDS, len(sets)))
    ]
    rows = []
    for run in runs:
        belief = models[fold[run.name]].belief(run)
        found = judged(run.truth, belief.mean, belief.group(Asked(certainty)))
        del found["regret of the group"]
        found["log density"] = log_density(run, belief)
        rows.append({"set": run.name} | {name: float(value) for name, value in found.items()})
    return pd.DataFrame(rows)
