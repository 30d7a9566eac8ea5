"""The verdict by labels, a matter of statistics: which encoders are the best, or tied, and why.

One that does not beat chance itself is never named.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int

from embedbench.metrics.base import Estimate
from embedbench.metrics.bootstrap import PairedBootstrap, interval
from embedbench.metrics.chance import SIGNIFICANT, can_be_shown, label_p
from embedbench.metrics.ranking import rank_by
from embedbench.results.schema import CANNOT_TELL, NONE_BETTER, TOO_FEW
from embedbench.utils.text import join_names

__all__ = ["NOTHING_TO_RANK", "Verdict", "verdict_from_labels", "verdict_with_labels"]

_SEEDS_SHUFFLED = 3
"""Of more seeds, the partitions of the first are compared with shuffled labels."""

NOTHING_TO_RANK = "Fewer than two encoders have a number to be ranked by."


@dataclass(frozen=True)
class Verdict:
    """Which encoders are the best here.

    Attributes:
        basis: `labels`, `no labels`, `one encoder`, or `nothing` where there is no number to
            compare.
        answer: `best` where one is named, `tied` where several are; else `none better than
            chance`, `too few pictures` or `cannot tell`.
        group: the encoders named, the best first; those among which the best may be if it
            cannot be told; none if there is nothing better than chance, or too few pictures.
        reasons: sentences.
    """

    basis: str
    answer: str
    group: tuple[str, ...]
    reasons: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """Return it for run.json."""
        return asdict(self)


def verdict_from_labels(
    ranks: pd.DataFrame,
    metric: str,
    above: Collection[str] | None = None,
    is_enough: bool = True,
) -> Verdict:
    """Return the verdict on a table of `rank_by` made against the labels.

    Args:
        ranks: as of `rank_by`.
        metric: its name in sentences.
        above: the encoders whose metric is higher than chance explains; None for all.
        is_enough: whether the labels are enough to tell a perfect encoder from chance.
    """
    if ranks.empty:
        return Verdict("nothing", CANNOT_TELL, (), (NOTHING_TO_RANK,))
    if not is_enough:
        reason = "With these few labels even clusters that equal the classes could be chance."
        return Verdict("labels", TOO_FEW, (), (reason,))
    tied = tuple(ranks[ranks["tied_with_best"]].sort_values("rank", kind="stable").index)
    group = tied if above is None else tuple(name for name in tied if name in above)
    if not group:
        reason = f"No {metric} is higher than chance gives."
        return Verdict("labels", NONE_BETTER, (), (reason,))
    if len(group) < len(tied):
        reason = (
            f"Of those that may be the best, only {join_names(group)} "
            f"{'has an' if len(group) == 1 else 'have an'} {metric} higher than chance gives"
        )
        if len(group) > 1:
            return Verdict("labels", "tied", group, (f"{reason}.",))
        others = join_names([name for name in tied if name not in group])
        reason += f"; {others} may still be as good."
        return Verdict("labels", CANNOT_TELL, tied, (reason,))
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


def verdict_with_labels(
    partitions: Mapping[str, Int[np.ndarray, "seeds images"]],
    scores: Sequence[Estimate],
    labels: Int[np.ndarray, " images"],
    resamples: PairedBootstrap,
    metric: str = "AMI",
) -> tuple[pd.DataFrame, Verdict, list[str]]:
    """Return the ranks by a metric, the verdict, which names only encoders above chance, and these.

    They are above chance: their partitions know more of the labels than of shuffled ones, and the
    interval of their metric is above 0.

    Args:
        partitions: of each encoder.
        scores: the metric of each.
        labels: class code of each image, -1 where unknown.
        resamples: of the images; of copies of one image, one is compared with shuffled labels.
        metric: its heading, for sentences.
    """
    names, moved = list(partitions), resamples.of(scores)
    ranks = rank_by(names, [score.mean for score in scores], moved)
    known = np.flatnonzero(labels >= 0)
    rows = known[np.unique(resamples.groups[known], return_index=True)[1]]
    shown = [runs[:_SEEDS_SHUFFLED][:, rows] for runs in partitions.values()]
    p = label_p(shown, labels[rows], resamples.seed)
    low = [interval(score.mean, row)[0] for score, row in zip(scores, moved, strict=True)]
    above = [
        name
        for name, own, bottom in zip(names, p, low, strict=True)
        if own <= SIGNIFICANT and bottom > 0
    ]
    return ranks, verdict_from_labels(ranks, metric, above, can_be_shown(labels[rows])), above
