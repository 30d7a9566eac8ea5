"""Paired bootstrap: the same resamples for every encoder, and intervals from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int

from embedbench.metrics.base import Estimate
from embedbench.metrics.clustering.agreement import LEVEL

__all__ = ["PairedBootstrap", "RESAMPLES", "Replicates", "interval"]

RESAMPLES = 1000


_BLOCK = 100

Replicates = Float64[np.ndarray, "encoders resamples"]


@dataclass(frozen=True, eq=False)
class PairedBootstrap:
    """Resamples of images and seeds, the same for every encoder and metric.

    Each resample draws, with replacement, as many groups of near-duplicates as there are, and one
    seed fewer than there are, which gives the standard error of their mean (Efron 1979; Rao and Wu
    1988).

    Attributes:
        groups: near-duplicate group of each image.
        seed: seed of the draws.
        count: number of resamples.
    """

    groups: Int[np.ndarray, " images"]
    seed: int
    count: int = RESAMPLES

    def of(self, scores: Sequence[Estimate]) -> Float64[np.ndarray, "scores resamples"]:
        """Return each estimate in each resample; a row of nan for an undefined estimate."""
        values = np.empty((len(scores), self.count))
        for start in range(0, self.count, _BLOCK):
            stop = min(start + _BLOCK, self.count)
            random = np.random.default_rng([self.seed, start])
            times = self._draw(random, stop - start)
            for row, score in enumerate(scores):
                values[row, start:stop] = self._block(score, times, start)
        return values

    def intervals(self, scores: Mapping[str, Estimate]) -> dict[str, tuple[float, float]]:
        """Return the interval of each estimate at `LEVEL`; nan for an undefined estimate."""
        replicates = self.of(list(scores.values()))
        return {
            name: interval(score.mean, row, score.low, 1.0)
            for (name, score), row in zip(scores.items(), replicates, strict=True)
        }

    def _draw(self, random: np.random.Generator, count: int) -> Float64[np.ndarray, "block images"]:
        """Return how often each image is drawn in each resample."""
        groups = int(self.groups.max()) + 1
        drawn = random.integers(groups, size=(count, groups))
        cells = drawn + groups * np.arange(count)[:, None]
        times = np.bincount(cells.ravel(), minlength=count * groups).reshape(count, groups)
        return times[:, self.groups].astype(np.float64)

    def _block(
        self, score: Estimate, times: Float64[np.ndarray, "block images"], start: int
    ) -> Float64[np.ndarray, " block"]:
        seeds = len(score.estimates)
        draws = max(1, seeds - 1)
        random = np.random.default_rng([self.seed, start, seeds])
        share = random.multinomial(draws, np.full(seeds, 1 / seeds), size=len(times)) / draws
        moved = score.estimates + times @ score.influence.T / max(1, score.n_images)
        invented = random.normal(size=len(times))
        doubt = score.smoothing_error.mean() / max(1, score.n_images)
        return np.asarray((share * moved).sum(axis=1) + doubt * invented)


def interval(
    estimate: float,
    replicates: Float64[np.ndarray, " resamples"],
    low: float = -np.inf,
    high: float = np.inf,
) -> tuple[float, float]:
    """Return the percentile interval at `LEVEL`, within the range and around the estimate."""
    if np.isnan(replicates).any():
        return float("nan"), float("nan")
    tail = (1 - LEVEL) / 2
    ends = np.quantile(replicates, [tail, 1 - tail])
    return max(low, min(float(ends[0]), estimate)), min(high, max(float(ends[1]), estimate))
