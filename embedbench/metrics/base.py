"""What a metric is, and its estimate on one partition or encoder."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

__all__ = ["Estimate", "Metric", "mean_estimate", "no_estimate"]


@dataclass(frozen=True)
class Metric:
    """One column of numbers.

    Attributes:
        name: the column.
        heading: what a person reads above it.
        direction: +1 where higher is better, -1 where lower is, 0 where neither is.
        low: the lowest value it can take.
        high: the highest.
        needs_truth: whether it compares with known labels.
        sentence: what it tells, in plain words.
        source: the paper or library that defines it.
    """

    name: str
    heading: str
    direction: int
    low: float
    high: float
    needs_truth: bool
    sentence: str
    source: str


_COINS = 4
"""Images made up to be right or wrong at random, as Agresti and Coull (1998) add to a share."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """A number for each seed, and how much each image moves it.

    Attributes:
        estimates: the number of each seed; nan where there is none.
        influence: of each image: an image more like it would move the number by about this,
            divided by the number of images. 0 for images that do not count; sums to 0.
        smoothing_error: the root mean square influence of an image made up at random, so that
            an interval has a width also where all images are right.
        n_images: how many images count.
        low: the lowest that the number can be.
    """

    estimates: Float64[np.ndarray, " seeds"]
    influence: Float64[np.ndarray, "seeds images"]
    smoothing_error: Float64[np.ndarray, " seeds"]
    n_images: int
    low: float = -1.0

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return float(self.estimates.mean())


def mean_estimate(
    values: Float64[np.ndarray, "seeds images"],
    low: float = 0.0,
    moves: Float64[np.ndarray, " images"] | None = None,
    moving: Bool[np.ndarray, " images"] | None = None,
) -> Estimate:
    """Return the score that is the mean over the images.

    Args:
        values: of each image, at most 1; nan for those that do not count, the same for each seed.
        low: the lowest that a value can be.
        moves: how far each image moves the sum of the others' values; not at all if None.
        moving: the images that may do so; those that count if None.
    """
    counts = ~np.isnan(values[0])
    counted = int(counts.sum())
    if not counted:
        return no_estimate(values.shape)
    means = values[:, counts].mean(axis=1)
    influence = np.where(counts, values - means[:, None], 0.0)
    if moves is not None:
        there = counts if moving is None else moving
        influence += np.where(there, moves - moves[there].mean(), 0.0)
    away = ((1 - means) ** 2 + (means - low) ** 2) / 2
    return Estimate(means, influence, np.sqrt(_COINS * away), counted, low)


def no_estimate(shape: tuple[int, int]) -> Estimate:
    """Return a score without a number, for labels or images that say nothing."""
    nan = np.full(shape[0], np.nan)
    return Estimate(nan, np.zeros(shape), nan, 0)
