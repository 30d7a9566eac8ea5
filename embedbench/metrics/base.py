"""Metrics, and their estimates with the influence of each image."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

__all__ = ["Estimate", "Metric", "TWICE_IN_HALVES", "mean_estimate", "no_estimate"]


@dataclass(frozen=True)
class Metric:
    """One metric, a column of the tables.

    Attributes:
        name: name of the column.
        heading: heading for people.
        direction: +1 if higher is better, -1 if lower is better, 0 if neither.
        low: lowest possible value.
        high: highest possible value.
        needs_truth: whether it compares with known labels.
        sentence: what it measures, in plain words.
        source: paper or library that defines it.
    """

    name: str
    heading: str
    direction: int
    low: float
    high: float
    needs_truth: bool
    sentence: str
    source: str


TWICE_IN_HALVES = 0.5
"""Share of the squares of influences by random halves that the values count, too.

All of them would be, but halves count less than all of what several images do together. In
simulations of kNN accuracy and of retrieval, half of the squares made up for both."""

_COINS = 4
"""Pseudo-observations, right or wrong at random, that Agresti and Coull (1998) add to a share."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimate of a metric for each seed, and the influence of each image on it.

    Attributes:
        estimates: estimate for each seed; nan if undefined.
        influence: influence of each image: one more image like it would move the estimate by
            about this value divided by the number of images. 0 for images that do not count; sums
            to 0.
        smoothing_error: root mean square influence of a random pseudo-image, so that an interval
            has a width even if all images are right.
        n_images: number of images that count.
        low: lowest possible value.
    """

    estimates: Float64[np.ndarray, " seeds"]
    influence: Float64[np.ndarray, "seeds images"]
    smoothing_error: Float64[np.ndarray, " seeds"]
    n_images: int
    low: float = -1.0

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return float(self.estimates.mean())


def mean_estimate(
    values: Float64[np.ndarray, "seeds images"],
    low: float = 0.0,
    moves: Float64[np.ndarray, " images"] | None = None,
    moving: Bool[np.ndarray, " images"] | None = None,
    high: float = 1.0,
    twice: float = 0.0,
) -> Estimate:
    """Return the estimate that is the mean over the images.

    Args:
        values: value of each image, at most 1; nan for images that do not count, the same for
            each seed.
        low: lowest possible value.
        moves: how far each image moves the sum of the values of the others; None for not at all.
        moving: which images have `moves`; those that count if None.
        high: highest value that the mean can have, at most 1.
        twice: part of the sum of the squares of `moves` that the spread of the values counts, too.
    """
    counts = ~np.isnan(values[0])
    counted = int(counts.sum())
    if not counted:
        return no_estimate(values.shape)
    means = values[:, counts].mean(axis=1)
    influence = np.where(counts, values - means[:, None], 0.0)
    if moves is not None:
        is_moving = counts if moving is None else moving
        apart = np.where(is_moving, moves - moves[is_moving].mean(), 0.0)
        squares = max(float(apart @ apart), 1e-300)
        influence += apart * np.sqrt(max(0.0, 1 - twice / squares))
    away = ((high - means) ** 2 + (means - low) ** 2) / 2
    return Estimate(means, influence, np.sqrt(_COINS * away), counted, low)


def no_estimate(shape: tuple[int, int]) -> Estimate:
    """Return the undefined estimate, nan for each seed."""
    nan = np.full(shape[0], np.nan)
    return Estimate(nan, np.zeros(shape), nan, 0)
