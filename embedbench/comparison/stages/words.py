"""Score what encoders make of texts: labels read as words, and images found by their texts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from embedbench.analysis.inputs import AnalysisInputs
from embedbench.analysis.purposes.words import ReadTexts, word_scores, word_size_rows
from embedbench.analysis.stored_steps import StoredSteps
from embedbench.comparison.memory import Memory
from embedbench.comparison.stages.clustering import ClusteringAnalysis
from embedbench.comparison.stages.encoding import EncodedDataset
from embedbench.comparison.tables import stack_by_encoder
from embedbench.encoder import Vectors
from embedbench.io.store import Store
from embedbench.metrics.base import Estimate
from embedbench.metrics.chance import chance_of_guess
from embedbench.metrics.embedding.words import text_to_image_chance
from embedbench.results.tables.purposes import PURPOSES, WORDS, ZERO_SHOT
from embedbench.utils.progress import Progress

__all__ = [
    "chances_of_words",
    "read_texts",
    "score_words",
    "with_word_scores",
    "with_word_sizes",
    "words_table",
]

Scores = dict[str, dict[str, Estimate]]


def read_texts(inputs: AnalysisInputs, encoded_dataset: EncodedDataset) -> dict[str, ReadTexts]:
    """Return the texts as each encoder read them, by the encoders' names.

    Args:
        inputs: of the analysis.
        encoded_dataset: the images, and the vectors of images and texts.
    """
    encoded, targets = encoded_dataset.encoded, inputs.targets
    plan, pairs = encoded.plan, inputs.text_pairs
    count = len(plan.templates)
    # Labels of images that were left out meanwhile are no answers.
    kept = [plan.labels.index(label) for label in (targets.classes if plan.labels else ())]
    rows = [number * count + template for number in kept for template in range(count)]
    return {
        name: ReadTexts(
            texts.labels[np.array(rows, dtype=np.int64)],
            count,
            texts.texts,
            np.empty((0, 2), dtype=np.int64) if pairs is None else pairs,
        )
        for name, texts in encoded.texts.items()
    }


def score_words(
    inputs: AnalysisInputs, vectors: Mapping[str, Vectors], read: Mapping[str, ReadTexts]
) -> Scores:
    """Return the scores of each encoder that read texts, by their names.

    Args:
        inputs: of the analysis.
        vectors: of the images, by encoder.
        read: the texts, by encoder.
    """
    return {name: word_scores(vectors[name], own, inputs.targets) for name, own in read.items()}


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


def with_word_sizes(
    clusters: ClusteringAnalysis,
    scores: Scores,
    inputs: AnalysisInputs,
    vectors: Mapping[str, Vectors],
    read: Mapping[str, ReadTexts],
    memory: Memory,
    progress: Progress,
    store: Store | None = None,
) -> ClusteringAnalysis:
    """Return the analysis with what smaller vectors cost words, in its table `sizes`.

    Args:
        clusters: results of the clustering stage.
        scores: as `score_words` returns them.
        inputs: of the analysis.
        vectors: of the images, by encoder.
        read: the texts, by encoder.
        memory: decides the number of worker processes.
        progress: how progress is shown.
        store: where results of earlier runs are found, and those of this one kept.
    """
    metric = inputs.purposes.get(WORDS, "")
    rest = (inputs.targets, metric, inputs.seeds[0], inputs.bootstrap)
    calls = {
        name: (word_size_rows, vectors[name], read[name].only(metric), *rest)
        + (inputs.truncate_dims.get(name, ()),)
        for name, own in scores.items()
        if name in clusters.criteria and metric in own and own[metric].n_images
    }
    if not calls:
        return clusters
    processes = memory.processes(len(calls), inputs, vectors)
    with progress.bar("sizes for words", len(calls), "steps") as bar, processes as at_work:
        rows = stack_by_encoder(StoredSteps(store, at_work, bar.update).gather(calls))
    sizes = [clusters.tables["sizes"]] if "sizes" in clusters.tables else []
    table = pd.concat([*sizes, rows], ignore_index=True)
    return replace(clusters, tables=clusters.tables | {"sizes": table})


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
