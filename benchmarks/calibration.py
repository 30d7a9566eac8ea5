"""Fit a probability for each encoder on some labelled sets, and report it on the others.

python benchmarks/calibration.py DRAWS [RUNS]

DRAWS is the folder that `verdict_draws.py` writes. A run is RUNS (16) times a draw: 3 to 8 of its
encoders. The true scores of a run's encoders are taken as Gaussian around a line in the signals,
with the covariance of the encoders' linear CKA, so that encoders that are alike err alike and one
network under two names is one voice. Labels of some images move the Gaussian by Bayes' rule, with
the covariance of their scores in resamples. The group named is the smallest that holds an encoder
within 0.02 of the best with the certainty asked for; of more than half of the encoders it is
"cannot tell". The line and the spread are fitted by maximum likelihood on the sets of the other
folds, of which there are eight.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import kendalltau

from embedbench.metrics.clustering.consensus import similar_groups

MARGIN, FOLDS, SAMPLES = 0.02, 8, 2000
SIGNALS = ("clusters kept", "consensus")
CERTAINTIES, LABELS = (0.6, 0.7, 0.8, 0.9), (0, 10, 20, 40, 100)
TOO_SURE = 1.5
"""The covariance of scores by labels in resamples is multiplied by this."""

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Run:
    """A comparison whose truth is known.

    Attributes:
        name: of the set.
        truth: true score of each encoder.
        signals: of each encoder, by signal.
        alike: linear CKA of every two encoders.
        labelled: by number of labels and draw, scores by labels and these in resamples.
    """

    name: str
    truth: Array
    signals: dict[str, Array]
    alike: Array
    labelled: dict[tuple[int, int], tuple[Array, Array]]

    def features(self) -> Array:
        """Return the signals of each encoder, less their means."""
        found = np.stack([self.signals[name] for name in SIGNALS], axis=1)
        return np.asarray(found - found.mean(axis=0))

    def kernel(self) -> Array:
        """Return how far the errors of every two encoders go together, 0 to 1."""
        return np.asarray(self.alike.clip(0, 1) ** 2 + 1e-3 * np.eye(len(self.alike)))


def read_runs(folder: Path, count: int) -> list[Run]:
    """Return this number of runs of each draw."""
    runs = []
    for file in sorted(folder.glob("*.npz")):
        arrays = dict(np.load(file, allow_pickle=False))
        name, number = file.stem.rsplit("_", 1)
        random = np.random.default_rng([sum(map(ord, name)), int(number)])
        for _ in range(count):
            size = random.integers(3, 9)
            some = np.sort(random.choice(len(arrays["names"]), size, replace=False))
            runs.append(_run(name, arrays, some))
    return runs


def _run(name: str, arrays: dict[str, Array], some: Array) -> Run:
    square = np.ix_(some, some)
    alike, agreed = arrays["cka"][square], arrays["partitions"][square]
    labelled = {
        (int(key.split()[0]), int(key.split()[2])): (values[some], arrays[f"{key} resampled"][some])
        for key, values in arrays.items()
        if " labels " in key and not key.endswith("resampled")
    }
    signals = {
        "clusters kept": arrays["clusters kept"][some],
        "consensus": consensus(agreed, alike),
    }
    return Run(name, arrays["ami"][some], signals, alike, labelled)


def consensus(agreed: Array, alike: Array) -> Array:
    """Return how far each encoder agrees with the other families, each of which has one voice."""
    family, found = similar_groups(alike), []
    for row, own in enumerate(agreed):
        others = [own[family == name].mean() for name in np.unique(family) if name != family[row]]
        found.append(np.mean(others) if others else own.mean())
    return np.array(found)


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted Gaussian: weights of the signals, and how the spread grows with what they say."""

    weights: Array
    level: float
    slope: float

    @classmethod
    def fitted(cls, runs: Sequence[Run]) -> "Model":
        """Return the model of maximum likelihood."""
        parts = []
        for run in runs:
            contrasts = -np.diff(np.eye(len(run.truth)), axis=0)
            kernel = contrasts @ run.kernel() @ contrasts.T
            parts.append((run.features(), contrasts, contrasts @ run.truth, kernel))

        def loss(values: Array) -> float:
            model, total = cls(values[:-2], values[-2], values[-1]), 0.0
            for features, contrasts, truth, kernel in parts:
                mean = features @ model.weights
                root = np.linalg.cholesky(model._variance(mean) * kernel)
                rest = np.linalg.solve(root, truth - contrasts @ mean)
                total += rest @ rest / 2 + np.log(np.diag(root)).sum()
            return total / len(parts)

        start = np.array([*np.full(len(SIGNALS), 0.5 / len(SIGNALS)), -4.0, 0.3])
        bounds = [(None, None)] * len(SIGNALS) + [(-9, 2), (-1, 2)]
        found = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
        return cls(found[:-2], float(found[-2]), float(found[-1]))

    def _variance(self, mean: Array) -> float:
        return float(np.exp(self.level + self.slope * np.log(mean.var() + 1e-3)))

    def prior(self, run: Run) -> tuple[Array, Array]:
        """Return mean and covariance of the true scores, up to what all share."""
        mean = run.features() @ self.weights
        return mean, self._variance(mean) * run.kernel()


def with_labels(mean: Array, covariance: Array, scores: Array, moved: Array) -> tuple[Array, Array]:
    """Return mean and covariance once scores by labels are known, up to what all share."""
    contrasts = -np.diff(np.eye(len(mean)), axis=0)
    noise = TOO_SURE * np.cov(moved) + 1e-6 * np.eye(len(mean))
    seen = contrasts @ (covariance + noise) @ contrasts.T
    gain = covariance @ contrasts.T @ np.linalg.inv(seen)
    return (
        mean + gain @ (contrasts @ (scores - mean)),
        covariance - gain @ contrasts @ covariance,
    )


def named(mean: Array, covariance: Array, certainty: float) -> Array:
    """Return the smallest group that holds one within the margin of the best, the likeliest first.

    Found by taking in turn the encoder that adds most, in samples of the Gaussian.
    """
    values, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    random = np.random.default_rng(0).normal(size=(len(mean), SAMPLES))
    drawn = mean[:, None] + (axes * np.sqrt(values.clip(0))) @ random
    is_near = drawn >= drawn.max(axis=0) - MARGIN
    is_open, group = np.ones(SAMPLES, dtype=bool), []
    while 1 - is_open.mean() < certainty:
        group.append(int(np.argmax((is_near & is_open).sum(axis=1))))
        is_open &= ~is_near[group[-1]]
    return np.array(group)


def judged(run: Run, mean: Array, group: Array) -> dict[str, float]:
    """Return how a run was judged."""
    truth, commits = run.truth, len(group) <= len(run.truth) / 2
    lost = truth.max() - truth[group].max()
    return {
        "Kendall's tau": np.nan_to_num(kendalltau(mean, truth).statistic),
        "commits": commits,
        "right": lost <= MARGIN if commits else np.nan,
        "named of all": len(group) / len(truth) if commits else np.nan,
        "regret of the group": lost if commits else np.nan,
        "regret of the first": truth.max() - truth[np.argmax(mean)],
    }


def nested(runs: Sequence[Run]) -> pd.DataFrame:
    """Return how runs were judged, by labels and certainty, by models of the other folds' sets."""
    names = np.random.default_rng(1).permutation(sorted({run.name for run in runs}))
    fold = {name: number % FOLDS for number, name in enumerate(names)}
    rows = []
    for number in range(FOLDS):
        model = Model.fitted([run for run in runs if fold[run.name] != number])
        for run in (run for run in runs if fold[run.name] == number):
            prior = model.prior(run)
            states = {(0, 0): prior} | {
                key: with_labels(*prior, *seen) for key, seen in run.labelled.items()
            }
            for (count, _), (mean, covariance) in states.items():
                for certainty in CERTAINTIES:
                    group = named(mean, covariance, certainty)
                    asked = {"set": run.name, "labels": count, "certainty": certainty}
                    rows.append(asked | judged(run, mean, group))
    return pd.DataFrame(rows)


def main() -> None:
    """Print the tables."""
    runs = read_runs(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 16)
    table = nested(runs)
    print(f"## {len(runs)} runs on {table['set'].nunique()} sets\n")
    by = table.drop(columns="set").astype(float).groupby(["labels", "certainty"]).mean()
    print(by.reset_index().to_markdown(index=False, floatfmt=".2f"))
    print("\n## By set, without labels, at a certainty of 0.8\n")
    some = table[(table["labels"] == 0) & (table["certainty"] == 0.8)]
    sets = some.drop(columns=["labels", "certainty"]).set_index("set").astype(float)
    print(sets.groupby("set").mean().to_markdown(floatfmt=".2f"))
    model = Model.fitted(runs)
    weights = dict(zip(SIGNALS, model.weights.round(3).tolist(), strict=True))
    print(f"\nOf all: {weights}, ", end="")
    print(f"level {model.level:.3f}, slope {model.slope:.3f}")


if __name__ == "__main__":
    main()
