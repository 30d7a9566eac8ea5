"""Score what encoders make of texts: labels read as words, and images found by their texts."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from embedbench.analysis.inputs import AnalysisInputs, Targets
from embedbench.comparison.stages.clustering import ClusteringAnalysis
from embedbench.comparison.stages.encoding import EncodedDataset
from embedbench.comparison.tables import stack_by_encoder
from embedbench.comparison.texts import TextPlan, TextVectors
from embedbench.encoder import Vectors
from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.chance import chance_of_guess
from embedbench.metrics.embedding.words import (
    class_vectors,
    text_to_image,
    zero_shot_correct,
)
from embedbench.results.tables.purposes import PURPOSES, WORDS, ZERO_SHOT

__all__ = ["chance_of_words", "score_words", "with_word_scores", "words_table"]

Scores = dict[str, dict[str, Estimate]]


def score_words(inputs: AnalysisInputs, encoded_dataset: EncodedDataset) -> Scores:
    """Return the scores of each encoder that read texts, by their names.

    Args:
        inputs: of the analysis.
        encoded_dataset: the images, and the vectors of images and texts.
    """
    encoded = encoded_dataset.encoded
    pairs = encoded.plan.pairs(encoded_dataset.images.table)
    return {
        name: _scores(encoded.vectors[name], texts, encoded.plan, inputs.targets, pairs)
        for name, texts in encoded.texts.items()
    }


def _scores(
    vectors: Vectors, texts: TextVectors, plan: TextPlan, targets: Targets, pairs: np.ndarray
) -> dict[str, Estimate]:
    scores: dict[str, Estimate] = {}
    if len(texts.labels) and targets.labels is not None:
        every = class_vectors(texts.labels, len(plan.templates))
        # Labels of images that were left out meanwhile are no answers.
        classes = every[[plan.labels.index(label) for label in targets.classes]]
        correct = zero_shot_correct(vectors, classes, targets.labels)
        scores[ZERO_SHOT] = mean_estimate(correct[None])
    if len(texts.texts) and len(pairs):
        found = text_to_image(vectors, texts.texts, pairs, targets.groups)
        scores |= {name: mean_estimate(values[None]) for name, values in found.items()}
    return scores


def with_word_scores(clusters: ClusteringAnalysis, scores: Scores) -> ClusteringAnalysis:
    """Return the analysis with the scores that a purpose may be judged by beside the others."""
    criteria = {
        name: replace(
            own,
            scores=own.scores
            | {key: one for key, one in scores.get(name, {}).items() if key in PURPOSES[WORDS]},
        )
        for name, own in clusters.criteria.items()
    }
    return replace(clusters, criteria=criteria)


def chance_of_words(metric: str, targets: Targets) -> float:
    """Return what a score would be by chance: of a guess, or of a random order of the images."""
    if metric == ZERO_SHOT:
        return float("nan") if targets.labels is None else chance_of_guess(targets.labels)
    images = int(targets.groups.max()) + 1
    if metric == "text_reciprocal_rank":
        return float(np.mean(1 / np.arange(1, images + 1)))
    return min(1.0, int(metric.rpartition("_")[2]) / images)


def words_table(
    inputs: AnalysisInputs, scores: Scores, plan: TextPlan, names: list[str]
) -> dict[str, pd.DataFrame]:
    """Return the table `words`; an empty mapping where no encoder reads texts.

    Args:
        inputs: of the analysis.
        scores: as `score_words` returns them.
        plan: of the texts.
        names: of the encoders that were compared.
    """
    tables = {
        name: _rows(own, inputs, plan.obstacle) for name, own in scores.items() if name in names
    }
    return {"words": stack_by_encoder(tables)} if tables else {}


def _rows(scores: dict[str, Estimate], inputs: AnalysisInputs, obstacle: str) -> pd.DataFrame:
    intervals = inputs.bootstrap.intervals(scores)
    rows: list[dict[str, Any]] = []
    for name, score in scores.items():
        low, high = intervals[name]
        chance = chance_of_words(name, inputs.targets)
        rows.append(
            {"metric": name, "value": score.mean, "low": low, "high": high, "chance": chance}
            | {"queries": score.n_images, "reason": ""}
        )
    if ZERO_SHOT not in scores and obstacle:
        rows.append({"metric": ZERO_SHOT, "reason": obstacle})
    columns = ["metric", "value", "low", "high", "chance", "queries", "reason"]
    return pd.DataFrame(rows, columns=columns).astype({"queries": "Int64"})
