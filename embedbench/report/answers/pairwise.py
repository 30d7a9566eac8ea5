"""Each two encoders compared, by the headline metric of the first clusterer."""

from dataclasses import dataclass

import pandas as pd

from embedbench.report.tables import interval_text
from embedbench.results.results import Results
from embedbench.results.views import headline_pairs, ranked

__all__ = ["PairwiseResult", "pairwise_results", "visible_difference"]


@dataclass(frozen=True)
class PairwiseResult:
    """Two encoders, the better one first, their numbers as text.

    Attributes:
        better: the encoder that is ahead.
        other: the one behind.
        difference: by how much.
        interval: of that difference.
        outcomes: how often the better one wins, ties and loses, in percent.
        p_beats: the probability that it beats the other.
        apart: whether the difference is clear: the interval does not contain 0.
    """

    better: str
    other: str
    difference: str
    interval: str
    outcomes: str
    p_beats: str
    apart: bool


def pairwise_results(results: Results) -> list[PairwiseResult]:
    """Return each pair of encoders once, in the order of their ranks."""
    order = {name: rank for rank, name in enumerate(ranked(results))}
    pairs = []
    for _, row in headline_pairs(results).iterrows():
        better, other = str(row["encoder"]), str(row["other"])
        ahead = row["difference"] > 0 or (row["difference"] == 0 and order[better] < order[other])
        if ahead:
            pairs.append((order[better], order[other], _result(better, other, row)))
    return [result for _, _, result in sorted(pairs, key=lambda pair: pair[:2])]


def _result(better: str, other: str, row: pd.Series) -> PairwiseResult:
    shares = " / ".join(f"{100 * row[name]:.0f}" for name in ("win", "tie", "loss"))
    # A share of 1,000 resamples is no certainty.
    p_beats = "> 0.99" if row["p_beats"] > 0.99 else f"{row['p_beats']:.2f}"
    return PairwiseResult(
        better,
        other,
        f"{row['difference']:.3f}",
        interval_text(row["difference_low"], row["difference_high"]),
        shares,
        p_beats,
        bool(row["difference_low"] > 0),
    )


def visible_difference(results: Results) -> float | None:
    """Return how large a difference in AMI must be to be seen here; None where it is not known.

    It is half the median width of the intervals of the differences: a smaller one has an interval
    that contains 0.
    """
    pairs = headline_pairs(results)
    if pairs.empty:
        return None
    half = float((pairs["difference_high"] - pairs["difference_low"]).median() / 2)
    return None if pd.isna(half) else half
