"""What is known of each encoder without labels: the criteria, and the signals of the verdict."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from embedbench.analysis.inputs import AnalysisInputs
from embedbench.comparison.stages.clustering import ClusteringAnalysis
from embedbench.comparison.verdicts.signals import Signals, alike
from embedbench.metrics.base import Estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.clustering.consensus import consensus_scores, similar_groups
from embedbench.metrics.embedding.neighbours import NEIGHBOURS
from embedbench.metrics.embedding.similarity import agreement
from embedbench.results.tables.purposes import PURPOSES, WORDS

__all__ = ["WITH_LABELS", "judge_without_labels"]

WITH_LABELS = (
    "knn_accuracy", "retrieval_map", "r_precision", "linear_probe", *PURPOSES[WORDS],
)  # fmt: skip


def judge_without_labels(
    clusters: ClusteringAnalysis, inputs: AnalysisInputs
) -> tuple[pd.DataFrame, Signals]:
    """Return the table `label_free` and the two signals.

    Encoders that are above chance in neither signal are not compared with the others.

    Args:
        clusters: results of the clustering stage.
        inputs: of the analysis.
    """
    names, similarity = list(clusters.criteria), clusters.tables["similarity"]
    images = int(inputs.bootstrap.groups.max()) + 1
    partitions = [clusters.assignments[name] for name in names]
    family, has_voice = similar_groups(alike(names, similarity)), np.ones(len(names), dtype=bool)
    while True:
        consensus = consensus_scores(partitions, family, has_voice)
        criteria = _criteria_table(clusters, consensus, inputs.bootstrap)
        signals = Signals.of_tables(names, criteria, similarity, images)
        heard = np.asarray(signals.above.any(axis=0))
        if not has_voice.all() or heard.all() or heard.sum() < 2:
            return criteria, signals
        has_voice = heard


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
