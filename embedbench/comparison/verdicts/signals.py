"""The verdict without labels, by two signals: which encoders come first, or why it cannot be told.

Without labels, no number is the truth, and the silhouette in each encoder's own space says next to
nothing. Two signals say something, and they fail in different places. One is cluster retention:
whether images keep their cluster when they are slightly changed. The other is consensus: whether
the encoder's clusters agree with those of the other encoders. `docs/explanation/verdict.md` says
how often they were right. None is named that does not beat chance itself, nor where the two signals
agree no better than chance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64, Int
from scipy.stats import rankdata

from embedbench.comparison.verdicts.labels import NOTHING_TO_RANK, Verdict
from embedbench.metrics.bootstrap import Replicates
from embedbench.metrics.chance import agreement_p
from embedbench.metrics.ranking import rank_by
from embedbench.results.schema import CANNOT_TELL, NONE_BETTER, TOO_FEW
from embedbench.utils.text import join_names

__all__ = ["mean_ranks", "verdict_without_labels"]

_LEAST_FOR_CONSENSUS = 3

_LEAST_FAMILIES = 4
"""Chance puts three encoders into the same order twice in 1 of 6 cases, four in 1 of 24."""

_AGREES = 1 / 24 + 1e-9
"""Of more encoders, the two signals must agree as well: below 5 %, whatever their number."""

_LEAST_IMAGES = 7
"""Two partitions of 6 images into halves are the same in 1 of 10 cases, of 7 in 1 of 35."""

_TAIL = 0.025
"""Share of the resamples below the lower end of an interval."""


def mean_ranks(
    signals: Float64[np.ndarray, "signals ... encoders"],
) -> Float64[np.ndarray, "..."]:
    """Return each encoder's mean rank over the signals, 1 is best; ties share a rank."""
    return np.asarray(rankdata(-signals, axis=-1).mean(axis=0))


def verdict_without_labels(
    names: Sequence[str],
    signals: Mapping[str, Sequence[float]],
    replicates: Mapping[str, Replicates],
    chance: Mapping[str, Sequence[float]],
    family: Sequence[int],
    images: int,
    seed: int = 0,
) -> tuple[pd.DataFrame, Verdict]:
    """Return the ranks, as `embedbench.metrics.ranking.rank_by`, and the verdict.

    Encoders are put in order by their mean rank in retention and in consensus, then by the worse
    of their two ranks. The better half is named if its first is in the better half by each signal
    alone, and if chance does not explain it:

    - the two signals agree on the order of the encoders, or of their families, by more than chance
      (permutation test, one-sided, 1 in 24);
    - each of the named is above chance in both signals; others of the better half are not named;
    - each encoder that is not named keeps its clusters less than the best of the named does, for
      one that is better than all others agrees with none of them.

    Encoders that one of the signals puts last are not named.

    Args:
        names: of the encoders.
        signals: `retention`, how well each keeps clusters under small changes, and `consensus`, how
            far its clusters agree with those of other families; nan where there is none.
        replicates: both in each resample.
        chance: both as chance gives them.
        family: of each encoder; a family has one voice.
        images: their number, copies counted once.
        seed: of the permutations.
    """
    both = np.array([signals[signal] for signal in _SIGNALS], dtype=np.float64)
    complete = np.asarray(np.isfinite(both).all(axis=0))
    left_out = [name for name, is_complete in zip(names, complete, strict=True) if not is_complete]
    missing: tuple[str, ...] = (
        f"Left out: {join_names(left_out)}: there are no slightly changed images, or no other "
        "encoders to compare with.",
    )
    missing = missing if left_out else ()
    if complete.sum() < 2:
        return rank_by([], [], np.zeros((0, 1))), Verdict(
            "nothing", CANNOT_TELL, (), (NOTHING_TO_RANK, *missing)
        )
    ranked = [name for name, is_complete in zip(names, complete, strict=True) if is_complete]
    moved = np.stack([replicates[signal][complete] for signal in _SIGNALS])
    compared = _Signals(
        ranked,
        both[:, complete],
        moved,
        np.array([chance[signal] for signal in _SIGNALS], dtype=np.float64)[:, complete],
        np.asarray(family)[complete],
    )
    ranks = rank_by(ranked, list(-compared.ranks), -mean_ranks(moved.swapaxes(1, 2)).T)
    verdict = compared.verdict(images, seed)
    ranks["tied_with_best"] = [name in verdict.group for name in ranks.index]
    return ranks, replace(verdict, reasons=verdict.reasons + missing)


_SIGNALS = ("retention", "consensus")


@dataclass(frozen=True, eq=False)
class _Signals:
    """Both signals of the encoders that have them: values, resamples, and values by chance."""

    names: Sequence[str]
    values: Float64[np.ndarray, "signals encoders"]
    moved: Float64[np.ndarray, "signals encoders resamples"]
    chance: Float64[np.ndarray, "signals encoders"]
    family: Int[np.ndarray, " encoders"]

    @property
    def alone(self) -> Float64[np.ndarray, "signals encoders"]:
        """Each encoder's rank by each signal."""
        return np.asarray(rankdata(-self.values, axis=1))

    @property
    def ranks(self) -> Float64[np.ndarray, " encoders"]:
        """Each encoder's mean rank."""
        return mean_ranks(self.values)

    @property
    def above(self) -> Bool[np.ndarray, "signals encoders"]:
        """Which encoders are above chance by each signal, beyond the interval of the resamples."""
        low = np.minimum(np.quantile(self.moved, _TAIL, axis=2), self.values)
        return np.asarray(low > self.chance)

    def verdict(self, images: int, seed: int) -> Verdict:
        """Return the verdict."""
        if images < _LEAST_IMAGES:
            reason = f"With fewer than {_LEAST_IMAGES} images any agreement may be chance."
            return Verdict("no labels", TOO_FEW, (), (reason,))
        if not self.above.any():
            reason = (
                "No encoder's images keep their cluster when they are slightly changed, and no "
                "clusters agree with those of other encoders, more than chance gives."
            )
            return Verdict("no labels", NONE_BETTER, (), (reason,))
        half = self._better_half()
        named = [row for row in half if self.above[:, row].all()]
        reason = self._doubt(half, named, seed)
        if reason:
            return Verdict("no labels", CANNOT_TELL, self._names(half), (reason,))
        reason = (
            f"Two signals agree on the better half of the {len(self.names)} encoders, by more than "
            "chance explains: images keep their cluster when they are slightly changed, and the "
            "clusters agree with those of the other encoders. This is evidence, not proof."
        )
        answer = "best" if len(named) == 1 else "tied"
        others = [int(row) for row in np.argsort(self.ranks, kind="stable") if row not in named]
        ruled_out = f"Ruled out: {join_names(self._names(others))}."
        return Verdict("no labels", answer, self._names(named), (reason, ruled_out))

    def _names(self, rows: Sequence[int]) -> tuple[str, ...]:
        return tuple(self.names[row] for row in rows)

    def _better_half(self) -> list[int]:
        """Return the better half, the best first, without those that a signal puts last."""
        worst = self.alone.max(axis=0)
        first = np.lexsort((np.array(self.names), worst, self.ranks))
        return [int(row) for row in first[: len(first) // 2] if worst[row] < len(first)]

    def _doubt(self, half: Sequence[int], named: Sequence[int], seed: int) -> str:
        """Return why none can be named; empty if some can."""
        if len(self.names) < _LEAST_FOR_CONSENSUS:
            return "Consensus needs at least three encoders: two agree with each other equally."
        families = np.unique(self.family, return_inverse=True)[1]
        if families.max() + 1 < _LEAST_FAMILIES:
            return (
                "There are fewer than four encoders, or groups of similar ones: two signals put "
                "three into the same order by chance too often."
            )
        means = [np.bincount(families, signal) / np.bincount(families) for signal in self.values]
        correlation, p = agreement_p(means[0], means[1], seed)
        leaders = np.flatnonzero(self.ranks == self.ranks.min())
        if (self.alone[:, leaders] > len(self.names) // 2).any():
            return self._contradiction(leaders)
        if p > _AGREES:
            return (
                "The two signals, keeping clusters under small changes and agreement with the "
                "other encoders, agree on the order of the encoders no better than chance: their "
                f"rank correlation is {correlation:.2f} (p = {p:.2f})."
            )
        if not named:
            return "The encoders that come first by both signals are not above chance in both."
        return self._rival(named)

    def _contradiction(self, leaders: Int[np.ndarray, " leaders"]) -> str:
        order = np.lexsort((np.array(self.names), self.alone.max(axis=0), self.ranks))
        worst = [row for row in order if row in leaders][-1]
        kept, agreed = self.alone[:, worst]
        return (
            f"The two signals contradict each other: {self.names[worst]} comes first by their "
            f"mean, but ranks {kept:g} of {len(self.names)} in keeping clusters under small "
            f"changes and {agreed:g} in agreement with the other encoders."
        )

    def _rival(self, named: Sequence[int]) -> str:
        """Return a sentence on encoders that keep their clusters as well as the named, or none."""
        best = named[int(np.argmax(self.values[0, named]))]
        ahead = np.quantile(self.moved[0, best] - self.moved[0], _TAIL, axis=1)
        others = [row for row in range(len(self.names)) if row not in named]
        rivals = [row for row in others if self.above[0, row] and not ahead[row] > 0]
        if not rivals:
            return ""
        return (
            f"{join_names(self._names(rivals))} may keep clusters under small changes as well as "
            f"{self.names[best]} does, and agreement with the other encoders alone excludes none: "
            "the encoders may see different things in these pictures."
        )
