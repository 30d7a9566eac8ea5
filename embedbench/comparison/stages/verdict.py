"""Compare all encoders: ranks, pairs, criteria, and the verdict on which is best here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from embedbench.analysis.inputs import AnalysisInputs
from embedbench.comparison.stages.clustering import ClusteringAnalysis
from embedbench.comparison.stages.criteria import WITH_LABELS, judge_without_labels
from embedbench.comparison.stages.purposes import (
    PurposeRanking,
    purposes_table,
    rank_purpose,
    smallest_of,
)
from embedbench.comparison.verdicts.belief import LINES, Asked
from embedbench.comparison.verdicts.few_labels import Scores, with_likely
from embedbench.comparison.verdicts.labels import Verdict, verdict_with_labels
from embedbench.comparison.verdicts.signals import Signals, verdict_without_labels
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.ranking import pairs_table, rank_by
from embedbench.results.schema import CANNOT_TELL, LIKELY, NAMING, ONE_ENCODER
from embedbench.results.tables.purposes import CLUSTERING, PURPOSES

__all__ = ["VerdictTables", "run_verdict_stage"]


@dataclass(frozen=True, eq=False)
class VerdictTables:
    """Results of comparing all encoders.

    Attributes:
        tables: `encoders, purposes, pairwise, label_free`, as in `Results`.
        verdicts: by purpose, the leading one first, as in run.json: `basis, answer, group,
            reasons, purpose, metric, smallest`.
        above: by purpose, the encoders above chance; without labels those that the verdict names.
    """

    tables: dict[str, pd.DataFrame]
    verdicts: dict[str, dict[str, Any]]
    above: dict[str, Sequence[str]]

    @property
    def verdict(self) -> dict[str, Any]:
        """The verdict of the purpose that leads."""
        return next(iter(self.verdicts.values()))

    def record(self) -> dict[str, Any]:
        """Return what run.json holds of the verdicts."""
        return {"verdict": self.verdict, "verdicts": self.verdicts}


def run_verdict_stage(
    inputs: AnalysisInputs, clusters: ClusteringAnalysis, encoders: pd.DataFrame, asked: Asked
) -> VerdictTables:
    """Rank all encoders, and return the verdict with its tables.

    Args:
        inputs: of the analysis.
        clusters: results of the clustering stage.
        encoders: the table of encoders so far, to which columns are added.
        asked: what is asked of a group that is named as likely.
    """
    names, resamples = list(clusters.criteria), inputs.bootstrap
    criteria, signals = judge_without_labels(clusters, inputs)
    pairs = pairs_table(clusters.scores, resamples)
    rankings = {
        purpose: _ranking(purpose, metric, inputs, clusters, signals, asked)
        for purpose, metric in inputs.purposes.items()
    }
    lead = next(iter(rankings))
    if len(names) == 1:
        told = tuple(one.number_told(name, resamples) for name, one in rankings.items())
        nothing = Verdict(ONE_ENCODER, CANNOT_TELL, (), tuple(filter(None, told)))
        rankings = {lead: PurposeRanking("", {}, rank_by([], [], np.zeros((0, 1))), nothing)}
    rankings, unanswered = _answered_first(rankings, inputs.targets.labels is not None)
    lead = next(iter(rankings))
    ranks = rankings[lead].ranks
    columns = _columns(clusters, criteria, resamples)
    table = encoders.merge(columns.join(ranks), "left", left_on="encoder", right_index=True)
    table = table.astype(dict.fromkeys(("rank", "rank_low", "rank_high"), "Int64"))
    chosen = {name: _recommended(table, one.verdict) for name, one in rankings.items()}
    table["recommended"] = table["encoder"] == chosen[lead][0]
    last = ["status", "error"]
    table = table[[*table.columns.difference(last, sort=False), *last]]
    recommended = {name: best for name, (best, _) in chosen.items()}
    purposes = purposes_table(rankings, recommended, names, resamples)
    verdicts = {
        name: one.verdict.record()
        | {"purpose": name, "metric": one.metric, "smallest": chosen[name][1]}
        for name, one in rankings.items()
    }
    verdicts[lead]["reasons"] = (*verdicts[lead]["reasons"], *unanswered)
    tables = {"encoders": table, "purposes": purposes, "pairwise": pairs, "label_free": criteria}
    return VerdictTables(tables, verdicts, {name: one.above for name, one in rankings.items()})


def _recommended(table: pd.DataFrame, verdict: Verdict) -> tuple[str | None, str | None]:
    """Return the likeliest, or the smallest of those tied; and the smallest, to be told."""
    if verdict.answer == LIKELY:
        return verdict.group[0], None
    return smallest_of(table, verdict.group if verdict.answer in NAMING else ())


def _answered_first(
    rankings: Mapping[str, PurposeRanking], has_labels: bool
) -> tuple[dict[str, PurposeRanking], tuple[str, ...]]:
    """Return the purposes that are answered, and why others are not.

    The first stays the first, answered or not, unless another names an encoder. Without labels it
    is no news that what needs them is not answered.
    """
    answered = {name: one for name, one in rankings.items() if one.verdict.basis != "nothing"}
    rest = {name: one for name, one in rankings.items() if name not in answered}
    lead = next(iter(rankings))
    if lead in rest and not any(one.verdict.answer in NAMING for one in answered.values()):
        answered = {lead: rest.pop(lead), **answered}
    told = [one for name, one in rest.items() if has_labels or one.scores or name == lead]
    return answered, tuple(reason for one in told for reason in one.verdict.reasons)


def _ranking(
    purpose: str,
    metric: str,
    inputs: AnalysisInputs,
    clusters: ClusteringAnalysis,
    signals: Signals,
    asked: Asked,
) -> PurposeRanking:
    """Return the encoders ranked for a purpose: by the labels, or by the signals without."""
    labels = inputs.targets.labels
    main = next(iter(next(iter(clusters.scores.values()))))
    scores = {
        name: own[main][metric] for name, own in clusters.scores.items() if metric in own[main]
    }
    is_unknown = purpose == CLUSTERING and not any(one.n_images for one in scores.values())
    if purpose in LINES and (labels is None or is_unknown):
        ranks, verdict = verdict_without_labels(signals, purpose, asked, inputs.bootstrap.seed)
        named = verdict.group if verdict.answer in NAMING else ()
        return PurposeRanking("", {}, ranks, verdict, above=named)
    if purpose == CLUSTERING:
        assert labels is not None
        partitions = {name: clusters.at_common_k[name] for name in scores}
        heading, own = PURPOSES[CLUSTERING][metric], list(scores.values())
        ranks, verdict, above = verdict_with_labels(
            partitions, own, labels, inputs.bootstrap, heading
        )
        found = PurposeRanking(metric, scores, ranks, verdict, above=above)
    else:
        found = rank_purpose(purpose, metric, inputs, clusters)
    return _with_belief(found, purpose, inputs, signals, asked)


def _with_belief(
    found: PurposeRanking,
    purpose: str,
    inputs: AnalysisInputs,
    signals: Signals,
    asked: Asked,
) -> PurposeRanking:
    """Return the ranking with probabilities by its scores and, where there are any, the signals."""
    names = list(found.ranks.index)
    if len(names) < 2:
        return found
    scores = [found.scores[name] for name in names]
    labels, groups = inputs.targets.labels, inputs.targets.groups
    count = 0 if labels is None else len(np.unique(groups[labels >= 0]))
    ranks, verdict = with_likely(
        found.ranks,
        found.verdict,
        signals.take(np.isin(signals.names, names)),
        Scores(
            [score.mean for score in scores],
            inputs.bootstrap.of(scores),
            purpose,
            PURPOSES[purpose][found.metric],
            count,
        ),
        asked,
    )
    return replace(found, ranks=ranks, verdict=verdict)


def _columns(
    clusters: ClusteringAnalysis, criteria: pd.DataFrame, resamples: PairedBootstrap
) -> pd.DataFrame:
    """Return the columns to add to the table of encoders, indexed by encoder."""
    rows = {}
    values = criteria.pivot(index="encoder", columns="criterion", values="value")
    for name, encoder_scores in clusters.criteria.items():
        row: dict[str, float] = {}
        scores = {
            key: encoder_scores.scores[key] for key in WITH_LABELS if key in encoder_scores.scores
        }
        for key, (low, high) in resamples.intervals(scores).items():
            row |= {key: scores[key].mean, f"{key}_low": low, f"{key}_high": high}
        rows[name] = row | values.loc[name, list(criteria["criterion"].unique())].to_dict()
    return pd.DataFrame.from_dict(rows, orient="index")
