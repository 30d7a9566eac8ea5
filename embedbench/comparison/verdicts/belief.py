"""What signals and labels make us believe of the encoders: how likely each is as good as the best.

The true scores of the encoders of a run are Gaussian around a line in two signals that need no
labels. Encoders that are alike (linear CKA) err alike, so that one network under two names is one
voice. Labels of some images move the Gaussian by Bayes' rule. The line and the spread around it
are fitted on labelled sets whose labels were hidden: `docs/explanation/verdict.md`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from embedbench.metrics.bootstrap import Replicates
from embedbench.results.schema import CERTAINTY, MARGIN
from embedbench.results.tables.purposes import CLASSIFICATION, CLUSTERING, SEARCH

__all__ = ["Asked", "Belief", "LINES", "Line", "likely", "together", "with_probability"]

_DRAWN = 4000
"""Scores that are drawn from the Gaussian; a probability is exact to 0.01."""

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
class Line:
    """The fitted line and the spread around it.

    Attributes:
        retention: weight of cluster retention.
        consensus: weight of consensus.
        level: logarithm of the variance of the true scores around the line, less
            `slope * log(variance of the line's scores + 0.001)`.
        slope: how this variance grows with that of the scores.
    """

    retention: float
    consensus: float
    level: float
    slope: float

    def scores(self, retention: Values, consensus: Values) -> Values:
        """Return the scores that the signals of a run's encoders lead to, less their mean."""
        found = self.retention * retention + self.consensus * consensus
        return np.asarray(found - found.mean())

    def variance(self, scores: Values) -> float:
        """Return the variance of the true scores around these."""
        return float(np.exp(self.level + self.slope * np.log(scores.var() + 1e-3)))


LINES: Mapping[str, Line] = {
    CLUSTERING: Line(0.185, 1.517, -3.744, -0.049),
    SEARCH: Line(0.106, 1.241, -4.262, -0.033),
    CLASSIFICATION: Line(0.062, 1.536, -3.571, -0.017),
}
"""By purpose, for AMI, mAP and kNN accuracy; made by `benchmarks/calibration.py`."""

SETS = 29
"""Labelled sets that they were made of."""

RIGHT: Mapping[str, Mapping[int, Mapping[float, float]]] = {
    CLUSTERING: {
        0: {0.6: 0.87, 0.7: 0.89, 0.8: 0.90, 0.9: 0.87},
        10: {0.6: 0.82, 0.7: 0.86, 0.8: 0.91, 0.9: 0.94},
        20: {0.6: 0.86, 0.7: 0.91, 0.8: 0.95, 0.9: 0.98},
        40: {0.6: 0.88, 0.7: 0.92, 0.8: 0.95, 0.9: 0.98},
        100: {0.6: 0.91, 0.7: 0.93, 0.8: 0.95, 0.9: 0.98},
    },
    SEARCH: {0: {0.6: 0.89, 0.7: 0.91, 0.8: 0.93, 0.9: 0.88}},
    CLASSIFICATION: {0: {0.6: 0.90, 0.7: 0.92, 0.8: 0.91, 0.9: 0.84}},
}
"""By purpose, number of labels and certainty, the share of named groups that were right, on sets
that took no part in the fit; made with `LINES`."""


@dataclass(frozen=True, eq=False)
class Belief:
    """What is believed of the true scores: a Gaussian, up to what all encoders share.

    Attributes:
        mean: of each encoder's score.
        covariance: of the scores.
    """

    mean: Values
    covariance: Matrix

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
        mean = line.scores(retention, consensus)
        return cls(mean, line.variance(mean) * together(alike))

    @classmethod
    def unknown(cls, alike: Matrix, line: Line) -> "Belief":
        """Return the belief without signals, as `by_signals` with signals that are all the same."""
        nothing = np.zeros(len(alike))
        return cls.by_signals(nothing, nothing, alike, line)

    def with_scores(self, scores: Values, moved: Replicates) -> "Belief":
        """Return the belief once scores by labels are known.

        Args:
            scores: of each encoder.
            moved: the same in each resample of the labelled images.
        """
        contrasts = -np.diff(np.eye(len(self.mean)), axis=0)
        noise = _TOO_SURE * np.cov(moved) + 1e-6 * np.eye(len(self.mean))
        seen = contrasts @ (self.covariance + noise) @ contrasts.T
        gain = self.covariance @ contrasts.T @ np.linalg.inv(seen)
        return Belief(
            self.mean + gain @ (contrasts @ (scores - self.mean)),
            self.covariance - gain @ contrasts @ self.covariance,
        )

    def drawn(self) -> Replicates:
        """Return scores drawn from the Gaussian."""
        values, axes = np.linalg.eigh((self.covariance + self.covariance.T) / 2)
        random = np.random.default_rng(0).normal(size=(len(self.mean), _DRAWN))
        return np.asarray(self.mean[:, None] + (axes * np.sqrt(values.clip(0))) @ random)

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


def likely(certainty: float, purpose: str, asked: Asked, labels: int) -> str:
    """Return how likely a group holds an encoder within the margin of the best, for a sentence.

    Args:
        certainty: as `Belief.holds` returns it.
        purpose: what the encoder is for.
        asked: what was asked of the group.
        labels: number of labelled images.
    """
    told = f"within {asked.margin:g} of the best with a probability of {certainty:.2f}"
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
