"""Uncertainty: the same resamples for every encoder, and what they say of intervals and ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64, Int

from embedbench.metrics.scores import LEVEL, Score

__all__ = [
    "RESAMPLES",
    "TIE",
    "Replicates",
    "Resamples",
    "compare_pairs",
    "interval",
    "rank",
    "tied_with_best",
]

RESAMPLES = 1000

TIE = 0.005
"""A difference smaller than this in a resample is a tie."""

_BLOCK = 100

Replicates = Float64[np.ndarray, "encoders resamples"]


@dataclass(frozen=True, eq=False)
class Resamples:
    """Draws of images and of seeds, the same for every encoder and metric (paired bootstrap).

    Each resample draws as many groups of duplicates as there are, with replacement, and in the
    same step the seeds: one fewer than there are, which makes their spread that of their mean
    (Efron 1979; Rao and Wu 1988).

    Attributes:
        groups: the group of duplicates of each image.
        seed: of the draws.
        count: how many resamples.
    """

    groups: Int[np.ndarray, " images"]
    seed: int
    count: int = RESAMPLES

    def of(self, scores: Sequence[Score]) -> Float64[np.ndarray, "scores resamples"]:
        """Return what each score is in each resample; a row of nan where a score has no number."""
        values = np.empty((len(scores), self.count))
        for start in range(0, self.count, _BLOCK):
            stop = min(start + _BLOCK, self.count)
            random = np.random.default_rng([self.seed, start])
            times = self._draw(random, stop - start)
            for row, score in enumerate(scores):
                values[row, start:stop] = self._block(score, times, start)
        return values

    def intervals(self, scores: Mapping[str, Score]) -> dict[str, tuple[float, float]]:
        """Return low and high of each score at `LEVEL`; nan where it has no number."""
        replicates = self.of(list(scores.values()))
        return {
            name: interval(score.mean, row, score.low, 1.0)
            for (name, score), row in zip(scores.items(), replicates, strict=True)
        }

    def _draw(self, random: np.random.Generator, count: int) -> Float64[np.ndarray, "block images"]:
        """Return how often each image is drawn in each resample."""
        groups = int(self.groups.max()) + 1
        drawn = random.integers(groups, size=(count, groups))
        places = drawn + groups * np.arange(count)[:, None]
        times = np.bincount(places.ravel(), minlength=count * groups).reshape(count, groups)
        return times[:, self.groups].astype(np.float64)

    def _block(
        self, score: Score, times: Float64[np.ndarray, "block images"], start: int
    ) -> Float64[np.ndarray, " block"]:
        seeds = len(score.estimates)
        draws = max(1, seeds - 1)
        random = np.random.default_rng([self.seed, start, seeds])
        share = random.multinomial(draws, np.full(seeds, 1 / seeds), size=len(times)) / draws
        moved = score.estimates + times @ score.influence.T / max(1, score.counted)
        invented = random.normal(size=len(times))
        doubt = score.doubt.mean() / max(1, score.counted)
        return np.asarray((share * moved).sum(axis=1) + doubt * invented)


def interval(
    estimate: float,
    replicates: Float64[np.ndarray, " resamples"],
    low: float = -np.inf,
    high: float = np.inf,
) -> tuple[float, float]:
    """Return the percentile interval at `LEVEL`; it holds the estimate and stays in the range."""
    if np.isnan(replicates).any():
        return float("nan"), float("nan")
    tail = (1 - LEVEL) / 2
    ends = np.quantile(replicates, [tail, 1 - tail])
    return max(low, min(float(ends[0]), estimate)), min(high, max(float(ends[1]), estimate))


def compare_pairs(
    names: Sequence[str],
    estimates: Float64[np.ndarray, " encoders"],
    replicates: Replicates,
) -> pd.DataFrame:
    """Return how each encoder does against each other one, a row an ordered pair.

    Columns: `encoder, other, difference, difference_low, difference_high`; `win, tie, loss`, the
    shares of resamples in which the encoder is ahead, within `TIE`, or behind; `p_beats`, the
    share in which it is ahead at all, 0 to 1. A positive difference is in favour of `encoder`.
    """
    rows = []
    for one, name in enumerate(names):
        for two, other in enumerate(names):
            if one == two or np.isnan(estimates[[one, two]]).any():
                continue
            moved = replicates[one] - replicates[two]
            difference = float(estimates[one] - estimates[two])
            low, high = interval(difference, moved)
            rows.append(
                {
                    "encoder": name,
                    "other": other,
                    "difference": difference,
                    "difference_low": low,
                    "difference_high": high,
                    "win": float((moved > TIE).mean()),
                    "tie": float((np.abs(moved) <= TIE).mean()),
                    "loss": float((moved < -TIE).mean()),
                    "p_beats": float((moved > 0).mean() + (moved == 0).mean() / 2),
                }
            )
    columns = ["encoder", "other", "difference", "difference_low", "difference_high"]
    return pd.DataFrame(rows, columns=[*columns, "win", "tie", "loss", "p_beats"])


def rank(
    replicates: Replicates,
) -> tuple[Int[np.ndarray, " encoders"], Int[np.ndarray, " encoders"]]:
    """Return the lowest and the highest rank of each encoder at `LEVEL`, 1 the best."""
    places = 1 + (replicates[None] > replicates[:, None]).sum(axis=1)
    tail = (1 - LEVEL) / 2
    low = np.quantile(places, tail, axis=1, method="lower")
    high = np.quantile(places, 1 - tail, axis=1, method="higher")
    return low.astype(np.int64), high.astype(np.int64)


def tied_with_best(
    estimates: Float64[np.ndarray, " encoders"], replicates: Replicates
) -> Bool[np.ndarray, " encoders"]:
    """Return which encoders may be the best: a set that holds the best one at `LEVEL`.

    An encoder is left out where another one is ahead of it by more than chance explains, however
    many others there were to be behind: its largest difference to another one, in standard
    errors, is held against that in the resamples (multiple comparisons with the best, Hsu 1984;
    studentised maximum as in Hansen, Lunde and Nason 2011).
    """
    tied = np.ones(len(estimates), dtype=bool)
    centred = replicates - estimates[:, None]
    for one in range(len(estimates)):
        ahead = np.delete(estimates - estimates[one], one)
        moved = np.delete(centred - centred[one], one, axis=0)
        spread = moved.std(axis=1)
        if not (ahead > 0).any():
            continue
        if (spread[ahead > 0] == 0).any():
            tied[one] = False
            continue
        sure = spread > 0
        largest = (moved[sure] / spread[sure, None]).max(axis=0)
        tied[one] = (ahead[sure] / spread[sure]).max() <= np.quantile(largest, (1 + LEVEL) / 2)
    return tied
