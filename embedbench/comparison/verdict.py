"""The verdict: which encoders are the best here, or that it cannot be told, and why.

With labels it is a matter of statistics. Without labels, no number is the truth, and the silhouette
in each encoder's own space says next to nothing. Two signals say something, and they fail in
different places. One is cluster retention: whether images keep their cluster when they are slightly
changed. The other is consensus: whether the encoder's clusters agree with those of the other
encoders. `docs/explanation/verdict.md` says how often they were right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int
from scipy.stats import rankdata

from embedbench.metrics.base import Estimate
from embedbench.metrics.bootstrap import Replicates
from embedbench.metrics.clustering.agreement import ami_score
from embedbench.metrics.ranking import rank_by
from embedbench.results.schema import CANNOT_TELL
from embedbench.utils.text import join_names

__all__ = [
    "Verdict",
    "consensus_scores",
    "mean_ranks",
    "similar_groups",
    "verdict_from_labels",
    "verdict_without_labels",
]

FAMILY = 0.95
"""Encoders at least this much alike (linear CKA) have one voice in the consensus."""

_LEAST_FOR_CONSENSUS = 3


NOTHING_TO_RANK = "Fewer than two encoders have a number to be ranked by."


@dataclass(frozen=True)
class Verdict:
    """Which encoders are the best here.

    Attributes:
        basis: `labels`, `no labels`, or `nothing` where there is nothing to compare.
        answer: `best` where one is named, `tied` where several are, else `cannot tell`.
        group: the encoders named, the best first; those among which the best may be if it
            cannot be told.
        reasons: sentences.
    """

    basis: str
    answer: str
    group: tuple[str, ...]
    reasons: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """Return it for run.json."""
        return asdict(self)


def verdict_from_labels(ranks: pd.DataFrame, metric: str) -> Verdict:
    """Return the verdict on a table of `rank_by` made against the labels."""
    if ranks.empty:
        return Verdict("nothing", CANNOT_TELL, (), (NOTHING_TO_RANK,))
    group = tuple(ranks[ranks["tied_with_best"]].sort_values("rank", kind="stable").index)
    if len(group) == 1:
        reason = (
            f"Its {metric} is higher than that of every other encoder by more than chance explains."
        )
        return Verdict("labels", "best", group, (reason,))
    if len(group) == len(ranks):
        reason = f"No difference in {metric} between them is larger than chance explains."
        return Verdict("labels", "tied", group, (reason,))
    reason = (
        f"Their {metric} cannot be told apart with this number of images; that of the others is "
        "lower by more than chance explains."
    )
    return Verdict("labels", "tied", group, (reason,))


def similar_groups(alike: Float64[np.ndarray, "encoders encoders"]) -> Int[np.ndarray, " encoders"]:
    """Return the family of each encoder, from their linear CKA with each other."""
    family = np.arange(len(alike))
    for first, second in zip(*np.nonzero(alike >= FAMILY), strict=True):
        family[family == family[first]] = family[second]
    return np.asarray(family)


def consensus_scores(
    labels: Sequence[Int[np.ndarray, "ks seeds images"]],
    family: Int[np.ndarray, " encoders"],
) -> list[Estimate]:
    """Return how well each encoder's partitions agree with those of the other families.

    It is the mean over the other families of the mean over their members of the AMI with the
    partition of the same k and of the first seed: at most 1, higher is more in agreement.
    Consensus is not truth: an encoder that is better than all others agrees with none. nan where
    there is no other family.

    Args:
        labels: of each encoder, at the same ks and seeds.
        family: the family of each.
    """
    scores = []
    for encoder, partitions in enumerate(labels):
        others = [other for other in range(len(labels)) if family[other] != family[encoder]]
        sizes = {name: sum(family[other] == name for other in others) for name in family}
        weights = {other: 1 / sizes[family[other]] for other in others}
        parts = [
            (weight, ami_score(partitions[k], labels[other][k][0]))
            for other, weight in weights.items()
            for k in range(len(partitions))
        ]
        scores.append(_weighted(parts, partitions.shape[1:]))
    return scores


def _weighted(parts: list[tuple[float, Estimate]], shape: tuple[int, ...]) -> Estimate:
    if not parts:
        nan = np.full(shape[0], np.nan)
        return Estimate(nan, np.zeros(shape), nan, 0)
    total = sum(weight for weight, _ in parts)
    return Estimate(
        np.asarray(sum(weight * score.estimates for weight, score in parts) / total),
        np.asarray(sum(weight * score.influence for weight, score in parts) / total),
        np.asarray(sum(weight * score.smoothing_error for weight, score in parts) / total),
        parts[0][1].n_images,
    )


def mean_ranks(
    signals: Float64[np.ndarray, "signals ... encoders"],
) -> Float64[np.ndarray, "..."]:
    """Return each encoder's mean rank over the signals, 1 is best; ties share a rank."""
    return np.asarray(rankdata(-signals, axis=-1).mean(axis=0))


def verdict_without_labels(
    names: Sequence[str],
    retention: Sequence[float],
    consensus: Sequence[float],
    replicates: Mapping[str, Replicates],
) -> tuple[pd.DataFrame, Verdict]:
    """Return the ranks, as `embedbench.metrics.ranking.rank_by`, and the verdict.

    Order the encoders by their mean rank in retention and consensus, then by the worse of the
    two. Name the better half of them, except those that a signal ranks last, if each signal alone
    ranks the first encoder, and those tied with it, in the better half. Otherwise the signals
    contradict each other, and the answer is `cannot tell`; so it is with fewer than three
    encoders, because two agree with each other equally, except by chance.

    Args:
        names: of the encoders.
        retention: of each, how far images keep their cluster when they are slightly changed.
        consensus: of each, how far its clusters agree with those of other families.
        replicates: both, by `retention` and `consensus`, in each resample.
    """
    both = np.array([retention, consensus], dtype=np.float64)
    complete = np.asarray(np.isfinite(both).all(axis=0))
    half = int(complete.sum()) // 2
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
    combined_ranks = mean_ranks(both[:, complete])
    moved = np.stack([replicates[name][complete].T for name in ("retention", "consensus")])
    alone = rankdata(-both[:, complete], axis=1)
    ranks = rank_by(ranked, list(-combined_ranks), -mean_ranks(moved).T)
    first = [
        ranked[row] for row in np.lexsort((np.array(ranked), alone.max(axis=0), combined_ranks))
    ]
    leaders = alone[:, combined_ranks == combined_ranks.min()]
    last = alone.max(axis=0) >= len(ranked)
    group = tuple(name for name in first[:half] if not last[ranked.index(name)])
    ranks["tied_with_best"] = [name in group for name in ranks.index]
    reasons: tuple[str, ...]
    if len(ranked) < _LEAST_FOR_CONSENSUS:
        answer = CANNOT_TELL
        reasons = ("Consensus needs at least three encoders: two agree with each other equally.",)
    elif (leaders <= half).all():
        answer = "best" if len(group) == 1 else "tied"
        reasons = (
            f"Two signals agree on the better half of the {len(ranked)} encoders: images keep "
            "their cluster when they are slightly changed, and the clusters agree with those of "
            "the other encoders. This is evidence, not proof.",
        )
    else:
        worst = [
            name for name in first if combined_ranks[ranked.index(name)] == combined_ranks.min()
        ][-1]
        leader = alone[:, ranked.index(worst)]
        answer = CANNOT_TELL
        reasons = (
            f"The two signals contradict each other: {worst} comes first by their mean, but ranks "
            f"{leader[0]:g} of {len(ranked)} in keeping clusters under small changes and "
            f"{leader[1]:g} of {len(ranked)} in agreement with the other encoders.",
        )
    return ranks, Verdict("no labels", answer, group, reasons + missing)
