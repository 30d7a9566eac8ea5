"""What signals and labels make us believe of the encoders: how likely each is as good as the best.

The true scores of the encoders of a run are Gaussian around a line in two signals that need no
labels; on some pictures the signals tell nothing, and the scores are Gaussian around nothing.
Encoders that are alike (linear CKA) err alike, so that one network under two names is one voice.
Labels of some images move both Gaussians, and the weight of each, by Bayes' rule. All of it is
fitted on labelled sets whose labels were hidden: `docs/explanation/verdict.md`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from embedbench.metrics.bootstrap import Replicates
from embedbench.results.schema import CERTAINTY, MARGIN
from embedbench.results.tables.purposes import CLASSIFICATION, CLUSTERING, SEARCH

__all__ = [
    "Asked",
    "Belief",
    "Gaussian",
    "LINES",
    "Line",
    "Spread",
    "likely",
    "together",
    "with_probability",
    "within",
]

_DRAWN = 4000
"""Scores that are drawn from the Gaussians; a probability is exact to 0.01."""

_TOO_SURE = 1.5
"""The covariance of few labels' scores in resamples is too small; it is multiplied by this."""

Matrix = Float64[np.ndarray, "encoders encoders"]
Values = Float64[np.ndarray, " encoders"]


@dataclass(frozen=True)
class Asked:
    """What is asked of a named group.

    Attributes:
        certainty: how likely it must hold an encoder within the margin of the best, 0 to 1.
        margin: scores that differ by no more than this are as good as each other.
    """

    certainty: float = CERTAINTY
    margin: float = MARGIN


@dataclass(frozen=True)
class Spread:
    """How far true scores lie around those that signals lead to.

    Attributes:
        level: logarithm of the variance around them, less `slope * log(their variance + 0.001)`.
        slope: how this variance grows with theirs.
        trust: how likely the signals tell something of a run, 0 to 1.
        other: logarithm of the variance of the scores where they do not.
    """

    level: float
    slope: float
    trust: float
    other: float

    def belief(self, scores: Values, alike: Matrix) -> "Belief":
        """Return what is believed where signals lead to these scores.

        Args:
            scores: of the encoders, less their mean.
            alike: linear CKA of every two encoders.
        """
        variance = float(np.exp(self.level + self.slope * np.log(scores.var() + 1e-3)))
        told = Gaussian(float(np.log(self.trust)), scores, variance * together(alike))
        return Belief((told, replace(self.unknown(alike), log_weight=float(np.log1p(-self.trust)))))

    def unknown(self, alike: Matrix) -> "Gaussian":
        """Return what is believed without signals."""
        return Gaussian(0.0, np.zeros(len(alike)), float(np.exp(self.other)) * together(alike))


@dataclass(frozen=True)
class Line:
    """The fitted line in the two signals, and the spread around it."""

    retention: float
    consensus: float
    spread: Spread

    def scores(self, retention: Values, consensus: Values) -> Values:
        """Return the scores that the signals of a run's encoders lead to, less their mean."""
        found = self.retention * retention + self.consensus * consensus
        return np.asarray(found - found.mean())


LINES: Mapping[str, Line] = {
    CLUSTERING: Line(0.092, 1.943, Spread(-4.81, -0.165, 0.839, -2.497)),
    SEARCH: Line(0.027, 1.541, Spread(-5.01, -0.055, 0.82, -3.005)),
    CLASSIFICATION: Line(-0.039, 1.911, Spread(-5.069, -0.246, 0.86, -2.414)),
}
"""By purpose, for AMI, mAP and kNN accuracy; made by `benchmarks/calibration.py`."""

_SCORES = {CLUSTERING: "AMI", SEARCH: "mAP", CLASSIFICATION: "kNN accuracy"}

SETS = 29
"""Labelled sets that they were made of."""

RIGHT: Mapping[str, Mapping[int, Mapping[float, float]]] = {
    CLUSTERING: {
        0: {0.6: 0.85, 0.7: 0.88, 0.8: 0.90, 0.9: 0.83},
        10: {0.6: 0.80, 0.7: 0.86, 0.8: 0.91, 0.9: 0.95},
        20: {0.6: 0.85, 0.7: 0.90, 0.8: 0.94, 0.9: 0.97},
        40: {0.6: 0.87, 0.7: 0.92, 0.8: 0.95, 0.9: 0.98},
        100: {0.6: 0.91, 0.7: 0.92, 0.8: 0.95, 0.9: 0.98},
    },
    SEARCH: {0: {0.6: 0.88, 0.7: 0.90, 0.8: 0.92, 0.9: 0.85}},
    CLASSIFICATION: {0: {0.6: 0.88, 0.7: 0.91, 0.8: 0.92, 0.9: 0.85}},
}
"""By purpose, number of labels and certainty, the share of named groups that were right, on sets
that took no part in the fit; made with `LINES`."""


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A Gaussian of the true scores, up to what all encoders share.

    Attributes:
        log_weight: logarithm of how likely it is the right one, up to what all share.
        mean: of each encoder's score.
        covariance: of the scores.
    """

    log_weight: float
    mean: Values
    covariance: Matrix

    def with_scores(self, scores: Values, noise: Matrix) -> "Gaussian":
        """Return it once scores are known that have this covariance."""
        contrasts = -np.diff(np.eye(len(self.mean)), axis=0)
        seen = contrasts @ (self.covariance + noise) @ contrasts.T
        gain = self.covariance @ contrasts.T @ np.linalg.inv(seen)
        rest = contrasts @ (scores - self.mean)
        evidence = -(rest @ np.linalg.solve(seen, rest) + np.linalg.slogdet(seen)[1]) / 2
        return Gaussian(
            self.log_weight + float(evidence),
            self.mean + gain @ rest,
            self.covariance - gain @ contrasts @ self.covariance,
        )


@dataclass(frozen=True, eq=False)
class Belief:
    """What is believed of the true scores: one of some Gaussians is right."""

    parts: tuple[Gaussian, ...]

    @classmethod
    def by_signals(
        cls, retention: Values, consensus: Values, alike: Matrix, line: Line
    ) -> "Belief":
        """Return what the signals lead to.

        Args:
            retention: how well each encoder keeps clusters under small changes.
            consensus: how far its clusters agree with those of other families.
            alike: linear CKA of every two encoders.
            line: of the purpose.
        """
        return line.spread.belief(line.scores(retention, consensus), alike)

    @classmethod
    def unknown(cls, alike: Matrix, line: Line) -> "Belief":
        """Return the belief without signals."""
        return cls((line.spread.unknown(alike),))

    @property
    def weights(self) -> Float64[np.ndarray, " parts"]:
        """How likely each Gaussian is the right one."""
        found = np.exp([part.log_weight for part in self.parts])
        return np.asarray(found / found.sum())

    @property
    def mean(self) -> Values:
        """The mean of each encoder's score."""
        parts = zip(self.weights, self.parts, strict=True)
        return np.asarray(sum(weight * part.mean for weight, part in parts))

    def with_scores(self, scores: Values, moved: Replicates) -> "Belief":
        """Return the belief once scores by labels are known.

        Args:
            scores: of each encoder.
            moved: the same in each resample of the labelled images.
        """
        noise = _TOO_SURE * np.cov(moved) + 1e-6 * np.eye(len(scores))
        parts = [part.with_scores(scores, noise) for part in self.parts]
        most = max(part.log_weight for part in parts)
        return Belief(tuple(replace(part, log_weight=part.log_weight - most) for part in parts))

    def drawn(self) -> Replicates:
        """Return scores drawn from the Gaussians, of each as many as it is likely."""
        ends = np.round(_DRAWN * np.cumsum(self.weights)).astype(int)
        random = np.random.default_rng(0).normal(size=(len(self.mean), _DRAWN))
        found = np.empty_like(random)
        for part, start, end in zip(self.parts, [0, *ends], ends, strict=False):
            values, axes = np.linalg.eigh((part.covariance + part.covariance.T) / 2)
            spread = (axes * np.sqrt(values.clip(0))) @ random[:, start:end]
            found[:, start:end] = part.mean[:, None] + spread
        return found

    def is_near(self, margin: float) -> Bool[np.ndarray, "encoders draws"]:
        """Return in which draws each encoder is within the margin of the best."""
        drawn = self.drawn()
        return np.asarray(drawn >= drawn.max(axis=0) - margin)

    def probabilities(self, margin: float) -> Values:
        """Return how likely each encoder is within the margin of the best."""
        return np.asarray(self.is_near(margin).mean(axis=1))

    def group(self, asked: "Asked") -> list[int]:
        """Return the smallest group that holds one within the margin of the best, as asked.

        The likeliest encoder is taken first, then in turn the one that adds most.
        """
        near, chosen = self.is_near(asked.margin), list[int]()
        is_open = np.ones(near.shape[1], dtype=bool)
        while is_open.any() and 1 - is_open.mean() < asked.certainty:
            chosen.append(int(np.argmax((near & is_open).sum(axis=1))))
            is_open &= ~near[chosen[-1]]
        return chosen

    def holds(self, group: Sequence[int], margin: float) -> float:
        """Return how likely one of a group is within the margin of the best."""
        return float(self.is_near(margin)[list(group)].any(axis=0).mean())


def with_probability(
    ranks: pd.DataFrame, names: Sequence[str], belief: Belief, margin: float
) -> pd.DataFrame:
    """Return ranks with how likely each encoder is within the margin of the best.

    Args:
        ranks: as of `embedbench.metrics.ranking.rank_by`.
        names: of the encoders of the belief.
        belief: on their scores.
        margin: as of `Asked`.
    """
    probabilities = pd.Series(belief.probabilities(margin).round(3), index=list(names))
    return ranks.assign(probability=probabilities.reindex(ranks.index).astype(float))


def within(purpose: str, asked: Asked) -> str:
    """Return how near to the best an encoder is, in words."""
    return f"within {asked.margin:g} of the best {_SCORES[purpose]}"


def likely(certainty: float, purpose: str, asked: Asked, labels: int) -> str:
    """Return how likely a group holds an encoder within the margin of the best, for a sentence.

    Args:
        certainty: as `Belief.holds` returns it.
        purpose: what the encoder is for.
        asked: what was asked of the group.
        labels: number of labelled images.
    """
    told = f"{within(purpose, asked)} with a probability of {certainty:.2f}"
    counts = [count for count in RIGHT[purpose] if count <= labels and (count > 0) == (labels > 0)]
    if not counts:
        return told
    measured = RIGHT[purpose][max(counts)]
    share = float(np.interp(asked.certainty, list(measured), list(measured.values())))
    return (
        f"{told}; groups named like this were right in {100 * share:.0f} of 100 cases, on {SETS} "
        "labelled sets"
    )


def together(alike: Matrix) -> Matrix:
    """Return how far the errors of every two encoders go together, 0 to 1."""
    return np.asarray(alike.clip(0, 1) ** 2 + 1e-3 * np.eye(len(alike)))
