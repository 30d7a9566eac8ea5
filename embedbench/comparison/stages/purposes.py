"""Rank encoders by purpose: what each is best for, with chance and ties."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from embedbench.analysis.inputs import AnalysisInputs
from embedbench.comparison.stages.clustering import ClusteringAnalysis
from embedbench.comparison.stages.words import chances_of_words
from embedbench.comparison.verdicts.labels import Verdict, verdict_from_labels
from embedbench.metrics.base import Estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.chance import (
    SIGNIFICANT,
    can_be_shown,
    chance_of_guess,
    chance_of_ranking,
    unanswered_queries,
)
from embedbench.metrics.ranking import rank_by
from embedbench.results.schema import CANNOT_TELL, TOO_FEW
from embedbench.results.tables.purposes import (
    CLUSTERING,
    PURPOSE_TABLES,
    PURPOSES,
    SEARCH,
    WORDS,
    ZERO_SHOT,
)
from embedbench.utils.text import two_decimals

__all__ = ["PurposeRanking", "purposes_table", "rank_purpose", "smallest_of"]


@dataclass(frozen=True, eq=False)
class PurposeRanking:
    """The encoders ranked for one purpose.

    Attributes:
        metric: what they are ranked by; empty for the two signals without labels.
        scores: of that metric, by encoder.
        ranks: as `rank_by` returns them.
        verdict: which is the best.
        chance: what the metric would be by chance; nan where shuffled labels decide.
        above: the encoders that are above chance; without labels those that the verdict names.
    """

    metric: str
    scores: Mapping[str, Estimate]
    ranks: pd.DataFrame
    verdict: Verdict
    chance: float = nan
    above: Sequence[str] = ()

    def rows(self, purpose: str, recommended: str | None, resamples: PairedBootstrap) -> list[Any]:
        """Return the rows of the table `purposes`, an encoder each, in the order of `ranks`."""
        intervals = resamples.intervals(self.scores)
        rows = []
        for name, rank in self.ranks.iterrows():
            low, high = intervals.get(str(name), (nan, nan))
            value = self.scores[str(name)].mean if str(name) in self.scores else nan
            rows.append(
                {
                    "encoder": name,
                    "purpose": purpose,
                    "metric": self.metric,
                    "value": value,
                    "low": low,
                    "high": high,
                    "chance": self.chance,
                    **rank.to_dict(),
                    "recommended": name == recommended,
                }
            )
        return rows

    def number_told(self, purpose: str, resamples: PairedBootstrap) -> str:
        """Return the number of the only encoder in a sentence; empty for clusters, or without."""
        if purpose == CLUSTERING or not self.scores:
            return ""
        return f"For {purpose}: {_number(purpose, self.metric, self.scores, resamples)}."


def rank_purpose(
    purpose: str, metric: str, inputs: AnalysisInputs, clusters: ClusteringAnalysis
) -> PurposeRanking:
    """Return the encoders ranked by a metric of their vectors; only those above chance are named.

    One is above chance where its interval is above what a random order, or guessing the most
    frequent label, would give.

    Args:
        purpose: which purpose, not clustering.
        metric: one of its metrics.
        inputs: of the analysis.
        clusters: the criteria of each encoder.
    """
    scores = {
        name: own.scores[metric]
        for name, own in clusters.criteria.items()
        if metric in own.scores and own.scores[metric].n_images
    }
    if len(scores) < 2 or (inputs.targets.labels is None and purpose != WORDS):
        reason = _nothing_to_rank(purpose, metric, inputs, scores)
        ranks = rank_by([], [], inputs.bootstrap.of([]))
        return PurposeRanking(metric, scores, ranks, Verdict("nothing", CANNOT_TELL, (), (reason,)))
    moved = inputs.bootstrap.of(list(scores.values()))
    ranks = rank_by(list(scores), [score.mean for score in scores.values()], moved)
    chance = _chance(purpose, metric, inputs)
    intervals = inputs.bootstrap.intervals(scores)
    above = [name for name, (low, _) in intervals.items() if low > chance]
    heading = PURPOSES[purpose][metric]
    verdict = verdict_from_labels(ranks, heading, above, _is_enough(purpose, metric, inputs))
    if verdict.answer == TOO_FEW:
        verdict = replace(verdict, reasons=("Of so few even a perfect result could be chance.",))
    return PurposeRanking(metric, scores, ranks, verdict, chance, above)


def _nothing_to_rank(
    purpose: str, metric: str, inputs: AnalysisInputs, scores: Mapping[str, Estimate]
) -> str:
    """Return why there are no ranks, and the number of a single encoder that has one."""
    labels, is_query = inputs.targets.labels, inputs.targets.is_query
    by = "labels or texts, by encoders that read them" if purpose == WORDS else "labels"
    why = "no encoder has a number"
    if labels is None and purpose != WORDS:
        why = "there are no labels"
    elif scores:
        number = _number(purpose, metric, scores, inputs.bootstrap)
        why = f"only {next(iter(scores))} has a number: {number}"
    elif purpose == WORDS and inputs.text_obstacle:
        why = inputs.text_obstacle
    elif purpose == SEARCH and is_query is not None:
        why = (
            "none of the queries has an image of its label in the gallery; where labels are "
            "paths of folders, `labels` 'parent' takes the last folder alone"
        )
    return f"No answer for {purpose}, which is judged by {by}: {why}."


def _number(
    purpose: str, metric: str, scores: Mapping[str, Estimate], resamples: PairedBootstrap
) -> str:
    """Return the number of the first encoder that has one, with its interval, in words."""
    name, score = next(iter(scores.items()))
    low, high = map(two_decimals, resamples.intervals(scores)[name])
    return f"{PURPOSES[purpose][metric]} {two_decimals(score.mean)} ({low} to {high})"


def _is_enough(purpose: str, metric: str, inputs: AnalysisInputs) -> bool:
    """Return whether a perfect result could be told from chance."""
    targets, labels = inputs.targets, inputs.targets.labels
    if metric in PURPOSES[WORDS] and metric != ZERO_SHOT:
        assert inputs.text_pairs is not None
        return _can_tell(len(np.unique(targets.groups[inputs.text_pairs[:, 0]])))
    assert labels is not None
    if purpose == SEARCH and targets.is_query is not None:
        lost = unanswered_queries(labels, targets.search_groups, targets.is_query)
        return _can_tell(int((targets.is_query & (labels >= 0)).sum()) - len(lost))
    return can_be_shown(labels[labels >= 0])


def _can_tell(queries: int) -> bool:
    """Return whether a sign test of so many queries could tell anything from chance."""
    return bool(0.5**queries <= SIGNIFICANT)


def _chance(purpose: str, metric: str, inputs: AnalysisInputs) -> float:
    """Return what a metric would be by chance."""
    if purpose == WORDS:
        return chances_of_words(inputs)[metric]
    labels, groups = inputs.targets.labels, inputs.targets.search_groups
    assert labels is not None
    if purpose == SEARCH:
        ranking = chance_of_ranking(labels, groups, inputs.targets.is_query)
        return ranking[0] if metric == "retrieval_map" else ranking[1]
    return chance_of_guess(labels)


def purposes_table(
    rankings: Mapping[str, PurposeRanking],
    recommended: Mapping[str, str | None],
    names: Sequence[str],
    resamples: PairedBootstrap,
) -> pd.DataFrame:
    """Return the table `purposes`, by purpose in the order of the encoders' names.

    Args:
        rankings: by purpose.
        recommended: the encoder recommended for each purpose.
        names: of the encoders, in their order.
        resamples: of the images.
    """
    rows = [
        row
        for purpose, ranking in rankings.items()
        for row in ranking.rows(purpose, recommended[purpose], resamples)
    ]
    order = {name: number for number, name in enumerate(names)}
    table = pd.DataFrame(rows, columns=list(PURPOSE_TABLES["purposes"].columns))
    table = table.sort_values(
        by=["purpose", "encoder"],
        key=lambda column: column.map(order if column.name == "encoder" else list(rankings).index),
        kind="stable",
    )
    whole = dict.fromkeys(("rank", "rank_low", "rank_high"), "Int64")
    return table.reset_index(drop=True).astype(whole)


def smallest_of(encoders: pd.DataFrame, group: Collection[str]) -> tuple[str | None, str | None]:
    """Return the smallest encoder of a group, or of many equally small ones the first.

    None without a group. The second is None, too, where all in the group are of one size.

    Args:
        encoders: the table of encoders.
        group: names of some of them.
    """
    rows = encoders[encoders["encoder"].isin(list(group))]
    if rows.empty:
        return None, None
    size = rows["parameters"].astype(float)
    size = size if size.notna().all() else rows["dim"].astype(float)
    smallest = str(rows["encoder"].iloc[int(np.argmin(size))])
    return smallest, None if len(rows) > 1 and size.nunique() == 1 else smallest
