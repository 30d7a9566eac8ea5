"""All encoders side by side: ranks, pairs, criteria, and the verdict on which is best here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64

from embedbench.comparison.clustering_stage import AnalysisInputs, ClusteringAnalysis
from embedbench.comparison.verdict import (
    Verdict,
    consensus_scores,
    similar_groups,
    verdict_from_labels,
    verdict_without_labels,
)
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.embedding.neighbours import NEIGHBOURS
from embedbench.metrics.embedding.similarity import agreement
from embedbench.metrics.ranking import pairs_table, rank_by
from embedbench.results.schema import CANNOT_TELL

__all__ = ["VerdictTables", "WITH_LABELS", "run_verdict_stage"]

WITH_LABELS = ("knn_accuracy", "retrieval_map", "r_precision", "linear_probe")


@dataclass(frozen=True, eq=False)
class VerdictTables:
    """What was found.

    Attributes:
        tables: `encoders, pairwise, label_free`, as in `Results`.
        verdict: as in run.json: `basis, answer, group, reasons, smallest`.
    """

    tables: dict[str, pd.DataFrame]
    verdict: dict[str, Any]


def run_verdict_stage(
    analysis: ClusteringAnalysis, task: AnalysisInputs, encoders: pd.DataFrame
) -> VerdictTables:
    """Return the ranks, pairs and criteria of all encoders, and the verdict.

    Args:
        analysis: what was found of each, and of each two.
        task: what was asked.
        encoders: the table of encoders so far, to which columns are added.
    """
    names = list(analysis.criteria)
    resamples = task.resamples
    alike = _matrix(names, analysis.tables["similarity"], "cka")
    consensus = consensus_scores([analysis.labels[name] for name in names], similar_groups(alike))
    criteria = _criteria_table(analysis, consensus, resamples)
    main = next(iter(next(iter(analysis.scores.values()))))
    pairs = pairs_table(analysis.scores, resamples)
    scores = [found[main]["ami"] for found in analysis.scores.values() if "ami" in found[main]]
    if any(score.n_images for score in scores):
        ranks = rank_by(names, [score.mean for score in scores], resamples.of(scores))
        verdict = verdict_from_labels(ranks, "AMI")
    else:
        retention = [one.scores.get("cluster_retention") for one in analysis.criteria.values()]
        ranks, verdict = _without_labels(names, retention, consensus, resamples)
    columns = _columns(analysis, criteria, resamples)
    table = encoders.merge(columns.join(ranks), "left", left_on="encoder", right_index=True)
    table = table.astype(dict.fromkeys(("rank", "rank_low", "rank_high"), "Int64"))
    smallest = _smallest(table, verdict)
    table["recommended"] = table["encoder"] == smallest
    last = ["status", "error"]
    table = table[[*table.columns.difference(last, sort=False), *last]]
    return VerdictTables(
        {"encoders": table, "pairwise": pairs, "label_free": criteria},
        verdict.record() | {"smallest": smallest},
    )


def _matrix(
    names: Sequence[str], similarity: pd.DataFrame, column: str
) -> Float64[np.ndarray, "encoders encoders"]:
    matrix = similarity.pivot(index="encoder", columns="other", values=column)
    return matrix.reindex(index=list(names), columns=list(names)).fillna(0.0).to_numpy(np.float64)


def _without_labels(
    names: Sequence[str],
    retention: Sequence[Estimate | None],
    consensus: Sequence[Estimate],
    resamples: PairedBootstrap,
) -> tuple[pd.DataFrame, Verdict]:
    nothing = mean_estimate(np.full((1, len(resamples.groups)), np.nan))
    found = [score or nothing for score in retention]
    return verdict_without_labels(
        names,
        [score.mean for score in found],
        [score.mean for score in consensus],
        {"retention": resamples.of(found), "consensus": resamples.of(consensus)},
    )


def _criteria_table(
    analysis: ClusteringAnalysis, consensus: Sequence[Estimate], resamples: PairedBootstrap
) -> pd.DataFrame:
    """A row for each encoder x criterion that needs no labels, with what chance gives."""
    comparison = analysis.tables["comparison"]
    stable = _first_numbers(comparison, "stability")
    planes = _first_numbers(comparison[comparison["space"].str.startswith("umap")], "silhouette")
    alike = analysis.tables["similarity"].groupby("encoder")["mutual_knn"].mean()
    rows: list[dict[str, Any]] = []
    for (name, found), agreed in zip(analysis.criteria.items(), consensus, strict=True):
        own = {key: score for key, score in found.scores.items() if key not in WITH_LABELS}
        scores = own | {"consensus": agreed}
        values: dict[str, tuple[float, float, float]] = {
            key: (scores[key].mean, low, high)
            for key, (low, high) in resamples.intervals(scores).items()
        }
        values |= {key: (value, np.nan, np.nan) for key, value in found.numbers.items()}
        values["stability"] = stable[name]
        if name in planes:
            values["silhouette_umap"] = planes[name]
        if not alike.empty:
            values["neighbour_consensus"] = (float(alike[name]), np.nan, np.nan)
        images = len(analysis.disagreement)
        by_chance = min(1.0, NEIGHBOURS / (images - 1))
        shuffled = found.shuffled | {
            "consensus": _by_chance(name, analysis),
            "neighbour_consensus": by_chance,
        }
        rows += [
            {
                "encoder": name,
                "criterion": key,
                "value": value,
                "low": low,
                "high": high,
                "shuffled": shuffled.get(key),
                "random": by_chance if key == "neighbour_consensus" else found.random.get(key),
            }
            for key, (value, low, high) in values.items()
        ]
    return pd.DataFrame(rows).astype({"shuffled": float, "random": float})


def _first_numbers(comparison: pd.DataFrame, name: str) -> dict[str, tuple[float, float, float]]:
    """Return a number and its interval from each encoder's first row: the shared k."""
    first = comparison.drop_duplicates("encoder").set_index("encoder")
    columns = [name, f"{name}_low", f"{name}_high"]
    return {str(name): tuple(row) for name, row in first[columns].astype(float).T.items()}


def _by_chance(name: str, analysis: ClusteringAnalysis) -> float:
    """Return how far the others' partitions agree with those of the encoder's shuffled vectors."""
    shuffled = analysis.criteria[name].shuffled_labels
    found = [
        agreement(row[None], labels[k])
        for other, labels in analysis.labels.items()
        if other != name
        for k, row in enumerate(shuffled)
    ]
    return float(np.mean(found)) if found else float("nan")


def _columns(
    analysis: ClusteringAnalysis, criteria: pd.DataFrame, resamples: PairedBootstrap
) -> pd.DataFrame:
    """Return the columns of the table of encoders that come of all this, indexed by encoder."""
    rows = {}
    values = criteria.pivot(index="encoder", columns="criterion", values="value")
    for name, found in analysis.criteria.items():
        row: dict[str, float] = {}
        known = {key: found.scores[key] for key in WITH_LABELS if key in found.scores}
        for key, (low, high) in resamples.intervals(known).items():
            row |= {key: known[key].mean, f"{key}_low": low, f"{key}_high": high}
        rows[name] = row | values.loc[name, list(criteria["criterion"].unique())].to_dict()
    return pd.DataFrame.from_dict(rows, orient="index")


def _smallest(encoders: pd.DataFrame, verdict: Verdict) -> str | None:
    """Return the smallest encoder of those named; None where none is named."""
    mine = encoders[encoders["encoder"].isin(verdict.group)]
    if verdict.answer == CANNOT_TELL or mine.empty:
        return None
    size = mine["parameters"].astype(float)
    size = size if size.notna().all() else mine["dim"].astype(float)
    return str(mine["encoder"].iloc[int(np.argmin(size))])
