"""What labels say together with the signals that need none, and how many more would decide."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int

from embedbench.comparison.verdicts.belief import LINES, Asked, Belief, likely, with_probability
from embedbench.comparison.verdicts.labels import Verdict, verdict_with_labels
from embedbench.comparison.verdicts.signals import Signals
from embedbench.metrics.bootstrap import PairedBootstrap, Replicates
from embedbench.metrics.clustering.agreement import ami_score
from embedbench.results.results import Results
from embedbench.results.schema import CANNOT_TELL, LIKELY, NONE_BETTER, TOO_FEW
from embedbench.results.sentences import verdict_sentences
from embedbench.results.tables.purposes import CLASSIFICATION, CLUSTERING
from embedbench.results.views import fastest_of, headline_rows, timings_of
from embedbench.utils.text import join_names, pluralise, two_decimals

__all__ = ["FEW_LABELS", "Scores", "Standing", "standing", "with_likely"]

FEW_LABELS = 100
"""From here on labels decide without the signals that need none."""

_LEAST_LABELS = 10
"""With fewer, labels say nothing yet; how often groups are right was measured from here on."""

_UNTOLD: dict[str, Any] = {"smallest": None}

_NORMAL = 1.96
"""Standard errors from the middle to either end of a 95 % interval."""

_UNSEEN = 3.0
"""What was seen in none of n pictures may happen in 3 / n of all, at 95 %: the rule of three."""


@dataclass(frozen=True, eq=False)
class Scores:
    """What labels say of some encoders.

    Attributes:
        values: the score of each.
        moved: the same in each resample.
        purpose: what the score is for.
        metric: its name in sentences.
        labels: number of labelled images, near-duplicates counted once.
    """

    values: Sequence[float]
    moved: Replicates
    purpose: str
    metric: str
    labels: int


def with_likely(
    ranks: pd.DataFrame, verdict: Verdict, signals: Signals, scores: Scores, asked: Asked
) -> tuple[pd.DataFrame, Verdict]:
    """Return the ranks with probabilities, and the verdict by labels with what is likely.

    Where several are tied, those of them that are likely within the margin of the best are told.
    Where the labels are too few for a verdict, or leave it open, but the signals are known as well,
    a group of at most half of the encoders is named as likely.

    Args:
        ranks: of the encoders, by the labels.
        verdict: by the labels.
        signals: of these encoders; nan where they were not measured.
        scores: of these encoders, in the same order.
        asked: how certain, and how near to the best.
    """
    if not (np.isfinite(scores.values).all() and np.isfinite(scores.moved).all()):
        return ranks, verdict  # an interval is not known, so nobody knows how near the others are
    has_signals = bool(signals.is_measured.all()) and scores.purpose in LINES
    belief = Belief.unknown(signals.alike, LINES.get(scores.purpose, LINES[CLASSIFICATION]))
    if has_signals:
        belief = signals.belief(scores.purpose)
    belief = belief.with_scores(np.asarray(scores.values, dtype=np.float64), scores.moved)
    ranks = with_probability(ranks, signals.names, belief, asked.margin)
    rows = belief.group(asked)
    certainty = belief.holds(rows, asked.margin)
    named = tuple(signals.names[row] for row in rows)
    if scores.labels < _LEAST_LABELS:
        return ranks, verdict
    near = f"within {asked.margin:g} of the best {scores.metric}"
    told = f"{near} with a probability of {certainty:.2f}"
    if has_signals:
        told = likely(certainty, scores.purpose, asked, scores.labels)
    who = "it is" if len(named) == 1 else "one of them is"
    if verdict.answer == "tied" and len(named) < len(verdict.group):
        sentence = (
            f"{join_names(named)} {'is' if len(named) == 1 else 'are'} likely enough: {who} {told}."
        )
        return ranks, replace(verdict, reasons=(*verdict.reasons, sentence))
    is_open = verdict.answer in (TOO_FEW, CANNOT_TELL) or (
        # which more labels may change
        verdict.answer == NONE_BETTER and scores.labels < FEW_LABELS and signals.above.any()
    )
    if is_open and has_signals and len(named) <= len(signals.names) / 2:
        by = " By the labels together with the two signals that need none."
        sentence = f"{who[0].upper()}{who[1:]} {told}.{by}"
        return ranks, Verdict("labels", LIKELY, named, (sentence,))
    return ranks, verdict


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


def standing(results: Results, labels: Mapping[str, str], left: int, asked: Asked) -> Standing:
    """Return how the encoders stand by the AMI of their clusters with the labels so far.

    The clusters are those of the run, of the first clusterer in the first space at the shared k.

    Args:
        results: the comparison.
        labels: label of each image that has one, by the image's name.
        left: number of images that can still be labelled.
        asked: what is asked of a group that is named as likely.
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
    found = [ami_score(runs, truth) for runs in partitions.values()]
    ranks, verdict, _ = verdict_with_labels(partitions, found, truth, resamples)
    if len(ranks) < 2:
        return Standing(count, tuple(verdict_sentences(verdict.record() | _UNTOLD, None)), False)
    values, moved = np.array([score.mean for score in found]), resamples.of(found)
    every = int(images["group"].nunique())
    signals = Signals.of_tables(list(partitions), results.label_free, results.similarity, every)
    scores = Scores(list(values), moved, CLUSTERING, "AMI", count)
    _, verdict = with_likely(ranks, verdict, signals, scores, asked)
    fastest = fastest_of(verdict.group, timings_of(results, "images_per_second"))
    told = verdict_sentences(verdict.record() | _UNTOLD, fastest)
    if verdict.answer == NONE_BETTER:  # which more labels may change
        told = ["So far, no AMI is higher than chance gives."]
    if verdict.answer in ("best", TOO_FEW):
        return Standing(count, tuple(told), verdict.answer == "best")
    further, is_settled = _further(list(partitions), values, moved, count, left, asked.margin)
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
    margin: float,
) -> tuple[str, bool]:
    """Return how many more labels will tell the first two apart, and whether none will."""
    first, second = (int(row) for row in np.argsort(-values, kind="stable")[:2])
    one, other = names[first], names[second]
    difference = float(values[first] - values[second])
    reach = max(_NORMAL * float((moved[first] - moved[second]).std()), _UNSEEN / count)
    if difference + reach <= margin:
        return f"{one} and {other} are as good as each other, within {margin:g}.", True
    # The reach of an interval falls with the square root of the number of labels.
    apart = _more(count, reach, difference)
    alike = _more(count, reach, margin - difference)
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
