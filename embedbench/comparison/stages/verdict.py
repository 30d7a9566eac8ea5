"""Compare all encoders: ranks, pairs, criteria, and the verdict on which is best here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int

from embedbench.analysis.inputs import AnalysisInputs
from embedbench.comparison.stages.clustering import ClusteringAnalysis
from embedbench.comparison.stages.purposes import (
    PurposeRanking,
    purposes_table,
    rank_purpose,
    smallest_of,
)
from embedbench.comparison.verdicts.labels import Verdict, verdict_with_labels
from embedbench.comparison.verdicts.signals import verdict_without_labels
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.clustering.consensus import consensus_scores, similar_groups
from embedbench.metrics.embedding.neighbours import NEIGHBOURS
from embedbench.metrics.embedding.similarity import agreement
from embedbench.metrics.ranking import pairs_table, rank_by
from embedbench.results.schema import CANNOT_TELL, NAMING, ONE_ENCODER, SIGNALS
from embedbench.results.tables.purposes import CLUSTERING, PURPOSES, WORDS

__all__ = ["VerdictTables", "WITH_LABELS", "run_verdict_stage"]

WITH_LABELS = (
    "knn_accuracy", "retrieval_map", "r_precision", "linear_probe", *PURPOSES[WORDS],
)  # fmt: skip


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
    inputs: AnalysisInputs, clusters: ClusteringAnalysis, encoders: pd.DataFrame
) -> VerdictTables:
    """Rank all encoders, and return the verdict with its tables.

    Args:
        inputs: of the analysis.
        clusters: results of the clustering stage.
        encoders: the table of encoders so far, to which columns are added.
    """
    names, resamples = list(clusters.criteria), inputs.bootstrap
    alike = _matrix(names, clusters.tables["similarity"], "cka")
    family = similar_groups(alike)
    consensus = consensus_scores([clusters.assignments[name] for name in names], family)
    criteria = _criteria_table(clusters, consensus, resamples)
    main = next(iter(next(iter(clusters.scores.values()))))
    pairs = pairs_table(clusters.scores, resamples)
    rankings = {
        purpose: rank_purpose(purpose, metric, inputs, clusters)
        if purpose != CLUSTERING
        else _rank_clusterings(metric, inputs, clusters, main, criteria, consensus, family)
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
    chosen = {
        name: smallest_of(table, one.verdict.group if one.verdict.answer in NAMING else ())
        for name, one in rankings.items()
    }
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


def _rank_clusterings(
    metric: str,
    inputs: AnalysisInputs,
    clusters: ClusteringAnalysis,
    main: str,
    criteria: pd.DataFrame,
    consensus: Sequence[Estimate],
    family: Int[np.ndarray, " encoders"],
) -> PurposeRanking:
    """Return the encoders ranked by their clusters: by the labels, or by the signals without."""
    names, labels = list(clusters.criteria), inputs.targets.labels
    scores = {
        name: own[main][metric] for name, own in clusters.scores.items() if metric in own[main]
    }
    if labels is None or not any(score.n_images for score in scores.values()):
        ranks, verdict = _without_labels(clusters, consensus, criteria, family, inputs.bootstrap)
        named = verdict.group if verdict.answer in NAMING else ()
        return PurposeRanking("", {}, ranks, verdict, above=named)
    partitions = {name: clusters.at_common_k[name] for name in names}
    heading, own = PURPOSES[CLUSTERING][metric], list(scores.values())
    found = verdict_with_labels(partitions, own, labels, inputs.bootstrap, heading)
    ranks, verdict, above = found
    return PurposeRanking(metric, scores, ranks, verdict, above=above)


def _matrix(
    names: Sequence[str], similarity: pd.DataFrame, column: str
) -> Float64[np.ndarray, "encoders encoders"]:
    matrix = similarity.pivot(index="encoder", columns="other", values=column)
    return matrix.reindex(index=list(names), columns=list(names)).fillna(0.0).to_numpy(np.float64)


def _without_labels(
    clusters: ClusteringAnalysis,
    consensus: Sequence[Estimate],
    criteria: pd.DataFrame,
    family: Int[np.ndarray, " encoders"],
    resamples: PairedBootstrap,
) -> tuple[pd.DataFrame, Verdict]:
    names, images = list(clusters.criteria), len(resamples.groups)
    unknown = mean_estimate(np.full((1, images), np.nan))
    scores: dict[str, Sequence[Estimate]] = {
        "retention": [
            one.scores.get("cluster_retention") or unknown for one in clusters.criteria.values()
        ],
        "consensus": consensus,
    }
    by_chance = criteria.set_index(["criterion", "encoder"])[["shuffled", "random"]].max(axis=1)
    return verdict_without_labels(
        names,
        {signal: [score.mean for score in of_sign] for signal, of_sign in scores.items()},
        {signal: resamples.of(of_sign) for signal, of_sign in scores.items()},
        {
            signal: [max(0.0, float(by_chance.get((criterion, name), 0.0))) for name in names]
            for signal, criterion in zip(scores, SIGNALS, strict=True)
        },
        family.tolist(),
        int(resamples.groups.max()) + 1,
        resamples.seed,
    )


def _criteria_table(
    clusters: ClusteringAnalysis, consensus: Sequence[Estimate], resamples: PairedBootstrap
) -> pd.DataFrame:
    """Return a row for each encoder and criterion without labels, with what chance gives."""
    comparison = clusters.tables["comparison"]
    stable = _first_numbers(comparison, "stability")
    is_umap = comparison["space"].str.startswith("umap")
    projected = _first_numbers(comparison[is_umap], "silhouette")
    alike = clusters.tables["similarity"].groupby("encoder")["mutual_knn"].mean()
    by_chance = min(1.0, NEIGHBOURS / (len(clusters.disagreement) - 1))
    rows: list[dict[str, Any]] = []
    for (name, encoder_scores), agreed in zip(clusters.criteria.items(), consensus, strict=True):
        scores = {
            key: score for key, score in encoder_scores.scores.items() if key not in WITH_LABELS
        }
        scores |= {"consensus": agreed}
        values: dict[str, tuple[float, float, float]] = {
            key: (scores[key].mean, low, high)
            for key, (low, high) in resamples.intervals(scores).items()
        }
        values |= {key: (value, np.nan, np.nan) for key, value in encoder_scores.numbers.items()}
        values["stability"] = stable[name]
        if name in projected:
            values["silhouette_umap"] = projected[name]
        if not alike.empty:
            values["neighbour_consensus"] = (float(alike[name]), np.nan, np.nan)
        shuffled = encoder_scores.shuffled | {
            "consensus": _by_chance(name, clusters),
            "neighbour_consensus": by_chance,
        }
        random = encoder_scores.random | {"neighbour_consensus": by_chance}
        rows += [
            {
                "encoder": name,
                "criterion": key,
                "value": value,
                "low": low,
                "high": high,
                "shuffled": shuffled.get(key),
                "random": random.get(key),
            }
            for key, (value, low, high) in values.items()
        ]
    return pd.DataFrame(rows).astype({"shuffled": float, "random": float})


def _first_numbers(comparison: pd.DataFrame, name: str) -> dict[str, tuple[float, float, float]]:
    """Return a number and its interval from each encoder's first row: the common k."""
    first = comparison.drop_duplicates("encoder").set_index("encoder")
    columns = [name, f"{name}_low", f"{name}_high"]
    return {str(name): tuple(row) for name, row in first[columns].astype(float).T.items()}


def _by_chance(name: str, clusters: ClusteringAnalysis) -> float:
    """Return how far the others' partitions agree with those of the encoder's shuffled vectors."""
    shuffled = clusters.criteria[name].shuffled_assignments
    agreements = [
        agreement(row[None], assignments[k])
        for other, assignments in clusters.assignments.items()
        if other != name
        for k, row in enumerate(shuffled)
    ]
    return float(np.mean(agreements)) if agreements else float("nan")


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
