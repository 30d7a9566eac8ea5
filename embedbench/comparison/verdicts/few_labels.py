"""What the labels that a person has given so far say of the encoders of a run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int

from embedbench.comparison.verdicts.labels import verdict_with_labels
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.clustering.agreement import ami_score
from embedbench.results.results import Results
from embedbench.results.schema import NONE_BETTER, TOO_FEW
from embedbench.results.sentences import verdict_sentences
from embedbench.results.views import fastest_of, headline_rows, timings_of
from embedbench.utils.text import pluralise, two_decimals

__all__ = ["MARGIN", "Standing", "standing"]

MARGIN = 0.02
"""Encoders whose AMI differs by no more than this are as good as each other."""

_NORMAL = 1.96
"""Standard errors from the middle to either end of a 95 % interval."""

_UNSEEN = 3.0
"""What was seen in none of n pictures may happen in 3 / n of all, at 95 %: the rule of three."""


@dataclass(frozen=True)
class Standing:
    """How the encoders stand by the labels so far.

    Attributes:
        labels: number of labelled images, near-duplicates counted once.
        sentences: the verdict, and how many more labels will tell the best two apart.
        is_settled: whether more labels would change nothing that matters.
    """

    labels: int
    sentences: tuple[str, ...]
    is_settled: bool


def standing(results: Results, labels: Mapping[str, str], left: int) -> Standing:
    """Return how the encoders stand by the AMI of their clusters with the labels so far.

    The clusters are those of the run, of the first clusterer in the first space at the shared k.

    Args:
        results: the comparison.
        labels: label of each image that has one, by the image's name.
        left: number of images that can still be labelled.
    """
    images = results.images
    given = images["image"].astype(str).map(pd.Series(labels, dtype=object))
    rows = np.flatnonzero(given.notna())
    groups = np.unique(images["group"].to_numpy()[rows], return_inverse=True)[1]
    count = int(groups.max() + 1) if len(rows) else 0
    truth = pd.factorize(given.iloc[rows])[0].astype(np.int64)
    if len(np.unique(truth)) < 2:
        few = "No labels so far."
        if count:
            few = f"{pluralise(count, 'label')} so far, all the same: it takes another one."
        return Standing(count, (few,), False)
    partitions = {name: runs[:, rows] for name, runs in _partitions(results).items()}
    resamples = PairedBootstrap(groups, 0)
    scores = [ami_score(runs, truth) for runs in partitions.values()]
    ranks, verdict, _ = verdict_with_labels(partitions, scores, truth, resamples)
    fastest = fastest_of(verdict.group, timings_of(results, "images_per_second"))
    told = verdict_sentences(verdict.record() | {"smallest": None}, fastest)
    if verdict.answer == NONE_BETTER:  # which more labels may change
        told = ["So far, no AMI is higher than chance gives."]
    if verdict.answer == TOO_FEW or len(ranks) < 2:
        return Standing(count, tuple(told), False)
    if verdict.answer == "best":
        return Standing(count, tuple(told), True)
    values = np.array([score.mean for score in scores])
    further, is_settled = _further(list(partitions), values, resamples.of(scores), count, left)
    return Standing(count, (*told, further), is_settled)


def _partitions(results: Results) -> dict[str, Int[np.ndarray, "seeds images"]]:
    """Return the partitions of each encoder by which the run compares them, one a seed."""
    rows = headline_rows(results).drop_duplicates("encoder")
    table, images = results.partitions, len(results.images)
    found = {}
    for _, row in rows.iterrows():
        own = (table["encoder"] == row["encoder"]) & (table["space"] == row["space"])
        own &= table["clusterer"] == row["clusterer"]
        own &= table["k"].isna() if pd.isna(row["k"]) else table["k"] == row["k"]
        clusters = table.loc[own, "cluster"].to_numpy().reshape(-1, images)
        found[str(row["encoder"])] = clusters.astype(np.int64)
    return found


def _further(
    names: list[str],
    values: Float64[np.ndarray, " encoders"],
    moved: Float64[np.ndarray, "encoders resamples"],
    count: int,
    left: int,
) -> tuple[str, bool]:
    """Return how many more labels will tell the first two apart, and whether none will."""
    first, second = (int(row) for row in np.argsort(-values, kind="stable")[:2])
    one, other = names[first], names[second]
    difference = float(values[first] - values[second])
    reach = max(_NORMAL * float((moved[first] - moved[second]).std()), _UNSEEN / count)
    if difference + reach <= MARGIN:
        return f"{one} and {other} are as good as each other, within {MARGIN}.", True
    # The reach of an interval falls with the square root of the number of labels.
    apart = _more(count, reach, difference)
    alike = _more(count, reach, MARGIN - difference)
    ahead = two_decimals(difference)
    sentence = (
        f"{one} is ahead of {other} by {ahead}"
        if difference >= 0.005
        else f"{one} and {other} come to the same so far"
    )
    if not left:
        return f"{sentence}; there is no picture left to tell them apart.", False
    if min(apart, alike) > left:
        return f"{sentence}; the {pluralise(left, 'picture')} left may not tell them apart.", False
    shown = "will show it" if apart <= alike else "will show that they are as good as each other"
    more = pluralise(math.ceil(max(min(apart, alike), 1)), "more label")
    return f"{sentence}: if it stays so, about {more} {shown}.", False


def _more(count: int, reach: float, distance: float) -> float:
    """Return how many more labels make the reach as short as a distance; infinite if it is 0."""
    return count * (reach / distance) ** 2 - count if distance > 0 else math.inf
