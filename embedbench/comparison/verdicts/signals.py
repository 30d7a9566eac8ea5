"""The verdict without labels, by two signals: which encoders are likely the best, or why not.

Without labels, no number is the truth, and the silhouette in each encoder's own space says next to
nothing. Two signals say something, and they fail in different places. One is cluster retention:
whether images keep their cluster when they are slightly changed. The other is consensus: whether
the encoder's clusters agree with those of the other encoders. What they said on labelled sets whose
labels were hidden gives each encoder a probability (`belief`). None is named that does not beat
chance itself, nor where the two signals agree no better than chance.
`docs/explanation/verdict.md` says how often that was right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from embedbench.comparison.verdicts.belief import (
    LINES,
    Asked,
    Belief,
    likely,
    with_probability,
    within,
)
from embedbench.comparison.verdicts.labels import NOTHING_TO_RANK, Verdict
from embedbench.metrics.chance import agreement_p
from embedbench.metrics.clustering.consensus import FAMILY, similar_groups
from embedbench.metrics.ranking import rank_by
from embedbench.results.schema import CANNOT_TELL, LIKELY, NONE_BETTER, SIGNALS, TOO_FEW
from embedbench.utils.text import join_names

__all__ = ["Signals", "alike", "judge", "verdict_without_labels"]

_LEAST = 2

_LEAST_FAMILIES = 4
"""Chance puts three encoders into the same order twice in 1 of 6 cases, four in 1 of 24."""

_AGREES = 1 / 24 + 1e-9
"""Of more encoders, the two signals must agree as well: below 5 %, whatever their number."""

_ONE_FAMILY = (
    f"They are all alike (linear CKA of {FAMILY} or more): they agree with each other, be it right "
    "or wrong."
)

_LEAST_IMAGES = 7
"""Two partitions of 6 images into halves are the same in 1 of 10 cases, of 7 in 1 of 35."""


@dataclass(frozen=True, eq=False)
class Signals:
    """Both signals of some encoders, cluster retention and consensus; nan where there is none.

    Attributes:
        names: of the encoders.
        values: of the signals.
        low: lower ends of their 95 % intervals.
        chance: what chance gives.
        alike: linear CKA of every two encoders.
        images: their number, copies counted once.
    """

    names: tuple[str, ...]
    values: Float64[np.ndarray, "2 encoders"]
    low: Float64[np.ndarray, "2 encoders"]
    chance: Float64[np.ndarray, "2 encoders"]
    alike: Float64[np.ndarray, "encoders encoders"]
    images: int

    @classmethod
    def of_tables(
        cls, names: Sequence[str], criteria: pd.DataFrame, similarity: pd.DataFrame, images: int
    ) -> "Signals":
        """Return the signals of the tables `label_free` and `similarity`.

        Args:
            names: of the encoders, in the order wanted.
            criteria: the table `label_free`.
            similarity: the table `similarity`.
            images: their number, copies counted once.
        """
        index = pd.MultiIndex.from_product([SIGNALS, names])
        rows = criteria.set_index(["criterion", "encoder"]).reindex(index)
        by_chance = rows[["shuffled", "random"]].astype(float).max(axis=1).fillna(0.0).clip(lower=0)
        values, low, chance = (
            column.to_numpy(np.float64).reshape(2, -1)
            for column in (rows["value"], rows["low"], by_chance)
        )
        return cls(tuple(names), values, low, chance, alike(names, similarity), images)

    @property
    def is_measured(self) -> Bool[np.ndarray, " encoders"]:
        """Which encoders have both signals."""
        return np.asarray(np.isfinite(self.values).all(axis=0))

    @property
    def above(self) -> Bool[np.ndarray, "2 encoders"]:
        """Which encoders are above chance by each signal, beyond its interval."""
        return np.asarray(np.fmin(self.low, self.values) > self.chance)

    def take(self, is_taken: Bool[np.ndarray, " encoders"]) -> "Signals":
        """Return the signals of these encoders alone."""
        rows = np.flatnonzero(is_taken)
        names = tuple(self.names[row] for row in rows)
        values, low, chance = (part[:, rows] for part in (self.values, self.low, self.chance))
        return Signals(names, values, low, chance, self.alike[np.ix_(rows, rows)], self.images)

    def belief(self, purpose: str) -> Belief:
        """Return what the signals make us believe of the scores for a purpose."""
        retention, consensus = self.values
        return Belief.by_signals(retention, consensus, self.alike, LINES[purpose])

    def agreement(self, seed: int) -> tuple[float, float]:
        """Return the correlation of the two, a family counted once, and its p-value."""
        family = np.unique(similar_groups(self.alike), return_inverse=True)[1]
        retention, consensus = (
            np.bincount(family, values) / np.bincount(family) for values in self.values
        )
        return agreement_p(retention, consensus, seed)

    @property
    def families(self) -> int:
        """Number of groups of encoders that are alike."""
        return len(np.unique(similar_groups(self.alike)))


def alike(
    names: Sequence[str], similarity: pd.DataFrame
) -> Float64[np.ndarray, "encoders encoders"]:
    """Return the linear CKA of every two encoders, of the table `similarity`."""
    matrix = similarity.pivot(index="encoder", columns="other", values="cka")
    matrix = matrix.reindex(index=list(names), columns=list(names)).fillna(0.0)
    return np.asarray(np.fmax(matrix.to_numpy(np.float64), np.eye(len(names))))


def verdict_without_labels(
    signals: Signals, purpose: str, asked: Asked, seed: int = 0
) -> tuple[pd.DataFrame, Verdict]:
    """Return the ranks, as of `rank_by`, with probabilities, and the verdict.

    Encoders are put in order by the scores that both signals lead to. The smallest group is named
    that holds one within the margin of the best with the certainty asked for, and each encoder that
    keeps its clusters as well as the best of this group does: one that is better than all others
    agrees with none of them. Nobody is named if

    - the group has more than half of the encoders;
    - the two signals agree on the encoders, or their families, no better than chance (permutation
      test, one-sided, 1 in 24);
    - one of the group is not above chance in both signals.

    An encoder that is above chance in neither signal is left out.

    Args:
        signals: of the encoders.
        purpose: clustering, search or classification.
        asked: how certain, and how near to the best.
        seed: of the permutations.
    """
    complete = signals.is_measured
    left_out = [name for name, has in zip(signals.names, complete, strict=True) if not has]
    missing: tuple[str, ...] = (
        f"Left out: {join_names(left_out)}: there are no slightly changed images, or no other "
        "encoders to compare with.",
    )
    missing = missing if left_out else ()
    if complete.sum() < _LEAST:
        if len(signals.names) >= _LEAST and signals.families == 1:
            verdict = Verdict("no labels", CANNOT_TELL, signals.names, (_ONE_FAMILY,))
            return rank_by([], [], np.zeros((0, 1))), verdict
        nothing = Verdict("nothing", CANNOT_TELL, (), (NOTHING_TO_RANK, *missing))
        return rank_by([], [], np.zeros((0, 1))), nothing
    signals = signals.take(complete)
    is_some = np.asarray(signals.above.any(axis=0))
    if _LEAST <= is_some.sum() < len(is_some):
        noise = [name for name, some in zip(signals.names, is_some, strict=True) if not some]
        is_one = len(noise) == 1
        missing += (
            f"{join_names(noise)} {'groups' if is_one else 'group'} these pictures no better than "
            f"chance, and {'takes' if is_one else 'take'} no part.",
        )
        signals = signals.take(is_some)
    belief = signals.belief(purpose)
    ranks = rank_by(signals.names, list(belief.mean), belief.drawn())
    verdict = _verdict(signals, belief, purpose, asked, seed)
    if verdict.answer in (TOO_FEW, NONE_BETTER):
        ranks = rank_by([], [], np.zeros((0, 1)))
    ranks = with_probability(ranks, signals.names, belief, asked.margin)
    return ranks, replace(verdict, reasons=verdict.reasons + missing)


def _verdict(signals: Signals, belief: Belief, purpose: str, asked: Asked, seed: int) -> Verdict:
    if signals.images < _LEAST_IMAGES:
        reason = f"With fewer than {_LEAST_IMAGES} images any agreement may be chance."
        return Verdict("no labels", TOO_FEW, (), (reason,))
    if not signals.above.any():
        reason = (
            "No encoder's images keep their cluster when they are slightly changed, and no "
            "clusters agree with those of other encoders, more than chance gives."
        )
        return Verdict("no labels", NONE_BETTER, (), (reason,))
    group, doubt = judge(signals, belief, purpose, asked, seed)
    named = tuple(signals.names[row] for row in group)
    certainty = belief.holds(group, asked.margin)
    if doubt:
        if signals.families < _LEAST_FAMILIES or len(group) == len(signals.names):
            return Verdict("no labels", CANNOT_TELL, named, (doubt,))
        first = belief.holds(group[:1], asked.margin)
        who = f"one of {join_names(named)}" if len(named) > 1 else named[0]
        likeliest = f"; the likeliest is {named[0]} ({first:.2f})" if len(named) > 1 else ""
        told = f"{within(purpose, asked)} with a probability of {certainty:.2f}{likeliest}."
        if signals.agreement(seed)[1] > _AGREES:
            told = f"If they were as good as on other pictures, {who} would be {told}"
        else:
            told = f"{who[0].upper()}{who[1:]} is {told}" if len(named) > 1 else f"{who} is {told}"
        return Verdict("no labels", CANNOT_TELL, named, (doubt, told))
    reason = (
        "Two signals agree by more than chance explains: images keep their cluster when they are "
        "slightly changed, and the clusters agree with those of the other encoders. This is "
        "evidence, not proof."
    )
    rivals = named[len(belief.group(asked)) :]
    if rivals:
        reason += (
            f" {join_names(rivals)} {'is' if len(rivals) == 1 else 'are'} named for keeping "
            "clusters as well, whatever the others agree on."
        )
    who = "It is" if len(named) == 1 else "One of them is"
    told = f"{who} {likely(certainty, purpose, asked, labels=0)}."
    return Verdict("no labels", LIKELY, named, (told, reason))


def judge(
    signals: Signals, belief: Belief, purpose: str, asked: Asked, seed: int = 0
) -> tuple[list[int], str]:
    """Return the group in which the best may be, and why it is not named; empty if it is.

    Args:
        signals: of encoders that are above chance.
        belief: what the signals lead to.
        purpose: what the encoder is for.
        asked: how certain, and how near to the best.
        seed: of the permutations.
    """
    group = belief.group(asked)
    group += _rivals(signals, group, asked.margin)
    return group, _doubt(signals, group, purpose, asked, seed)


def _rivals(signals: Signals, group: Sequence[int], margin: float) -> list[int]:
    """Return the encoders outside the group that keep clusters as well as its best, the best first.

    Agreement with the others alone excludes none of them. One that is alike to one of the group is
    none: they have one voice.
    """
    kept, own = signals.values[0], list(group)
    is_rival = kept > kept[own].max() - margin
    is_rival &= (signals.alike[:, own] < FAMILY).all(axis=1)
    order = np.argsort(-kept, kind="stable")
    return [int(row) for row in order if is_rival[row] and row not in group]


def _doubt(signals: Signals, group: Sequence[int], purpose: str, asked: Asked, seed: int) -> str:
    """Return why none can be named; empty if the group can."""
    count = len(signals.names)
    if signals.families < _LEAST_FAMILIES:
        alike = "" if signals.families == count else ", counting similar ones once"
        return (
            "It takes four encoders that differ, for chance too often puts fewer into the same "
            f"order twice; there are {signals.families}{alike}. Add some, or label some pictures."
        )
    correlation, p = signals.agreement(seed)
    if p > _AGREES:
        return (
            "The two signals, keeping clusters under small changes and agreement with the "
            "other encoders, agree on the encoders no better than chance: their "
            f"correlation is {correlation:.2f} (p = {p:.2f})."
        )
    if len(group) > count / 2:
        return (
            f"It takes {len(group)} of the {count} encoders to hold one {within(purpose, asked)} "
            f"with a certainty of {asked.certainty:g}."
        )
    unsure = [signals.names[row] for row in group if not signals.above[:, row].all()]
    if unsure:
        return f"{join_names(unsure)} may be the best, but not above chance in both signals."
    return ""
