"""The analysis of a comparison: vectors in, results out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from embedbench.analysis.cluster_naming import image_text_similarity, two_best_names
from embedbench.analysis.duplicates import duplicate_groups, duplicate_remarks
from embedbench.analysis.inputs import AnalysisInputs, Targets
from embedbench.analysis.shortcuts import attributes
from embedbench.clustering.limits import remarks as size_remarks
from embedbench.comparison.config import ComparisonConfig, choose_ks
from embedbench.comparison.memory import comparison_size
from embedbench.comparison.origin import as_encoded
from embedbench.comparison.provenance import cluster_remarks, model_remarks, run_record
from embedbench.comparison.queries import IS_QUERY
from embedbench.comparison.stages.budget import within_budget
from embedbench.comparison.stages.clustering import ClusteringAnalysis, run_clustering_stage
from embedbench.comparison.stages.encoding import EncodedDataset
from embedbench.comparison.stages.purpose_steps import pair_remarks
from embedbench.comparison.stages.robustness import RobustnessTables, run_robustness_stage
from embedbench.comparison.stages.verdict import VerdictTables, run_verdict_stage
from embedbench.comparison.stages.words import (
    read_texts,
    score_words,
    with_word_scores,
    with_word_sizes,
    words_table,
)
from embedbench.comparison.tables import (
    encoder_failures,
    encoders_table,
    left_out_remarks,
    without_timings,
)
from embedbench.comparison.texts import TextPlan
from embedbench.data.depth.survey import rendering_of
from embedbench.embedding.engine import Engine
from embedbench.metrics.chance import unanswered_queries
from embedbench.results.live.table import LiveTable
from embedbench.results.results import Results
from embedbench.results.tables.purposes import TEXT_RECALL, WORDS, ZERO_SHOT
from embedbench.utils.text import agreeing, pluralise

__all__ = ["analyse_comparison"]


def analyse_comparison(
    config: ComparisonConfig,
    engine: Engine,
    encoded_dataset: EncodedDataset,
    live: LiveTable,
    started: float,
    record: dict[str, Any],
) -> Results:
    """Run the stages that follow the encoding, and return the results of all.

    Args:
        config: what was asked for.
        engine: where results of steps are kept, and how progress is shown.
        encoded_dataset: images and vectors.
        live: says what each encoder scored, and the verdict.
        started: in seconds since 1970.
        record: the options, for `run.json`.
    """
    inputs = analysis_inputs(config, encoded_dataset)
    encoded, extra = encoded_dataset.encoded, encoded_dataset.extra
    limits = (config.memory, engine.progress, engine.store)
    verdicts: list[VerdictTables] = []
    vectors, read = encoded.vectors, read_texts(inputs, encoded_dataset)
    word_scores = score_words(inputs, vectors, read)

    def decide(clusters: ClusteringAnalysis) -> None:
        errors = encoded.errors | clusters.errors
        encoders = encoders_table(encoded.asked, encoded.embeddings, errors)
        scored = with_word_scores(clusters, word_scores)
        verdicts.append(run_verdict_stage(inputs, scored, encoders, config.asked))
        for name, reason in clusters.errors.items():
            live.failed(name, reason)
        live.decided(verdicts[0].verdict)

    augmented = encoded.augmented(extra)
    clusters = run_clustering_stage(inputs, vectors, augmented, *limits, decide, live.scored)
    clusters = with_word_sizes(clusters, word_scores, inputs, vectors, read, *limits)
    speeds = {name: one.record.images_per_second for name, one in encoded.embeddings.items()}
    verdict = within_budget(verdicts[0], config.budget, speeds, clusters.tables.get("sizes"))
    live.chosen(verdict.verdict)
    effects = run_robustness_stage(inputs, encoded.embeddings, extra, clusters, *limits)
    readers = [name for name in encoded.readers if name in clusters.criteria]
    words = words_table(inputs, word_scores, readers)
    outputs = StageOutputs(encoded_dataset, inputs, clusters, effects, verdict, words)
    return assemble_results(config, outputs, started, record)


@dataclass(frozen=True, eq=False)
class StageOutputs:
    """The outputs of all stages."""

    encoded_dataset: EncodedDataset
    inputs: AnalysisInputs
    clusters: ClusteringAnalysis
    effects: RobustnessTables
    verdict: VerdictTables
    words: dict[str, pd.DataFrame]


def analysis_inputs(config: ComparisonConfig, encoded_dataset: EncodedDataset) -> AnalysisInputs:
    """Return the inputs of the analysis.

    Raises:
        InputError: the images are too few, or the memory limit is too low.
    """
    images, encoded = encoded_dataset.images, encoded_dataset.encoded
    dataset, table, vectors = images.dataset, images.table, encoded.vectors
    labels, classes = dataset.truth_codes() or (None, [])
    is_query = table[IS_QUERY].to_numpy(dtype=bool) if IS_QUERY in table else None
    groups = duplicate_groups(images.hashes, list(table["thumbnail"]))
    similarity = None
    if encoded.naming_encoder is not None:
        namer = encoded.embeddings[encoded.naming_encoder]
        read = encoded.texts[encoded.naming_encoder]
        similarity = image_text_similarity(namer.vectors, read.names)
    different = table["hash"].nunique()
    k_grid, cut = choose_ks(config.k, len(dataset), dataset.class_count, different, vectors)
    inputs = AnalysisInputs(
        image_names=dataset.names,
        targets=Targets(labels, classes, groups, is_query, config.keep_duplicates),
        clusterers=config.clusterers,
        spaces=config.spaces,
        k_grid=k_grid,
        seeds=config.seeds,
        attributes=attributes(table),
        projections=config.maps,
        words=config.words,
        similarity=similarity,
        domains=pd.Categorical(table["domain"]) if "domain" in table else None,
        corruptions=config.corruptions,
        text_pairs=encoded.plan.pairs(table) if encoded.plan.texts else None,
        text_obstacle=encoded.plan.obstacle,
        pairs=config.pairs,
        purposes=_judged(config.purposes, encoded.plan),
        truncate_dims={
            name: embedding.record.facts.truncate_dims
            for name, embedding in encoded.embeddings.items()
            if embedding.record.facts.truncate_dims
        },
    )
    shortage = config.memory.shortage(comparison_size(inputs, vectors))
    remarks = size_remarks(len(dataset), [one.name for one in config.clusterers], inputs.limit)
    copies = duplicate_remarks(images.hashes, groups)
    copies = (*copies, *_query_remarks(inputs.targets))
    return replace(inputs, remarks=(*copies, *cut, *shortage, *remarks))


def _judged(purposes: Mapping[str, str], plan: TextPlan) -> dict[str, str]:
    """Return the purposes, of which words is judged by texts where labels are no words."""
    by_texts = purposes.get(WORDS) == ZERO_SHOT and not plan.labels and plan.texts
    return dict(purposes) | ({WORDS: TEXT_RECALL} if by_texts else {})


def _query_remarks(targets: Targets) -> tuple[str, ...]:
    """Return remarks on queries without a right answer, and with near-duplicates in the gallery."""
    is_query, groups, labels = targets.is_query, targets.groups, targets.labels
    if is_query is None:
        known = int((np.bincount(groups)[groups] > 1).sum())
        have = f"{pluralise(known, 'image')} {agreeing(known, 'have')} one"
        is_told = targets.keeps_duplicates and labels is not None
        return (f"search may find near-duplicates: {have}",) if is_told else ()
    remarks, apart = [], targets.search_groups
    lost = 0 if labels is None else len(unanswered_queries(labels, apart, is_query))
    if lost:
        remarks.append(
            f"{pluralise(lost, 'query')} {agreeing(lost, 'have')} no image of the same label in "
            "the gallery, and no score"
        )
    known = int(np.isin(groups[is_query], groups[~is_query]).sum())
    if known:
        their = "its" if known == 1 else "their"
        found = "may be among" if targets.keeps_duplicates else "is left out of"
        remarks.append(
            f"{pluralise(known, 'query')} {agreeing(known, 'have')} a near-duplicate in the "
            f"gallery, which {found} {their} answers"
        )
    return tuple(remarks)


def assemble_results(
    config: ComparisonConfig, outputs: StageOutputs, started: float, record: dict[str, Any]
) -> Results:
    """Return the results: the tables of all stages, failures, and the record of the run."""
    inputs, clusters, encoded_dataset = outputs.inputs, outputs.clusters, outputs.encoded_dataset
    encoded = encoded_dataset.encoded
    images = encoded_dataset.images.table.assign(
        group=inputs.targets.groups, disagreement=clusters.disagreement
    )
    tables: dict[str, Any] = without_timings(clusters.tables, encoded.embeddings, started)
    tables |= outputs.effects.tables | outputs.verdict.tables | outputs.words
    if inputs.similarity is not None:
        tables["zero_shot"] = two_best_names(inputs.similarity, inputs.words, inputs.image_names)
    record = record | {"naming_encoder": encoded.naming_encoder}
    if encoded.plan.labels or encoded.plan.texts:
        record["read_as_texts"] = encoded.plan.record()
    if (rendering := rendering_of(encoded_dataset.images.dataset)) is not None:
        record["rendering"] = asdict(rendering)
    run = run_record(images, encoded.embeddings, encoded.versions, record)
    remarks = [
        *encoded_dataset.images.dataset.remarks,
        *encoded_dataset.images.dataset.label_remarks,
        *left_out_remarks(encoded_dataset.images.failures),
        *model_remarks(encoded.embeddings),
        *config.remarks,
        *encoded.plan.remarks(),
        *encoded.text_remarks,
        *encoded_dataset.extra.remarks,
        *outputs.effects.remarks,
        *pair_remarks(tables),
        *cluster_remarks(len(config.words), inputs, clusters),
    ]
    failures = [encoded_dataset.images.failures, encoder_failures(encoded.errors, clusters.errors)]
    return Results(
        **tables,
        failures=pd.concat(failures, ignore_index=True),
        images=images,
        run=run
        | outputs.verdict.record()
        | {"groups": clusters.groups.record(), "remarks": remarks},
        encoded=as_encoded(encoded_dataset),
    )
