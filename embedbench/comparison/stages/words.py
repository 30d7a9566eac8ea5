"""Score what encoders make of texts: labels read as words, and images found by their texts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from embedbench.analysis.inputs import AnalysisInputs
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
    text_to_image_chance,
    zero_shot_correct,
)
from embedbench.results.tables.purposes import PURPOSES, WORDS, ZERO_SHOT

__all__ = ["chances_of_words", "score_words", "with_word_scores", "words_table"]

Scores = dict[str, dict[str, Estimate]]


def score_words(inputs: AnalysisInputs, encoded_dataset: EncodedDataset) -> Scores:
    """Return the scores of each encoder that read texts, by their names.

    Args:
        inputs: of the analysis.
        encoded_dataset: the images, and the vectors of images and texts.
    """
    encoded = encoded_dataset.encoded
    return {
        name: _scores(encoded.vectors[name], texts, encoded.plan, inputs)
        for name, texts in encoded.texts.items()
    }


def _scores(
    vectors: Vectors, texts: TextVectors, plan: TextPlan, inputs: AnalysisInputs
) -> dict[str, Estimate]:
    targets, pairs = inputs.targets, inputs.text_pairs
    scores: dict[str, Estimate] = {}
    if len(texts.labels) and targets.labels is not None:
        every = class_vectors(texts.labels, len(plan.templates))
        # Labels of images that were left out meanwhile are no answers.
        classes = every[[plan.labels.index(label) for label in targets.classes]]
        correct = zero_shot_correct(vectors, classes, targets.labels)
        scores[ZERO_SHOT] = mean_estimate(correct[None])
    if pairs is not None and len(texts.texts) and len(pairs):
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


def chances_of_words(inputs: AnalysisInputs) -> dict[str, float]:
    """Return what each score would be by chance: of a guess, or of a random order of the images."""
    targets, pairs = inputs.targets, inputs.text_pairs
    chances = {} if targets.labels is None else {ZERO_SHOT: chance_of_guess(targets.labels)}
    if pairs is not None and len(pairs):
        chances |= text_to_image_chance(pairs, targets.groups)
    return chances


def words_table(
    inputs: AnalysisInputs, scores: Scores, names: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Return the table `words`; an empty mapping where no encoder reads texts.

    Args:
        inputs: of the analysis.
        scores: as `score_words` returns them.
        names: of the encoders that read texts and were compared.
    """
    chances = chances_of_words(inputs)
    tables = {name: _rows(scores.get(name, {}), inputs, chances) for name in names}
    tables = {name: rows for name, rows in tables.items() if len(rows)}
    return {"words": stack_by_encoder(tables)} if tables else {}


def _rows(
    scores: dict[str, Estimate], inputs: AnalysisInputs, chances: dict[str, float]
) -> pd.DataFrame:
    intervals = inputs.bootstrap.intervals(scores)
    rows: list[dict[str, Any]] = []
    for name, score in scores.items():
        low, high = intervals[name]
        rows.append(
            {"metric": name, "value": score.mean, "low": low, "high": high, "chance": chances[name]}
            | {"queries": score.n_images, "reason": ""}
        )
    if inputs.text_obstacle:
        rows.append({"metric": ZERO_SHOT, "reason": inputs.text_obstacle})
    columns = ["metric", "value", "low", "high", "chance", "queries", "reason"]
    return pd.DataFrame(rows, columns=columns).astype({"queries": "Int64"})
