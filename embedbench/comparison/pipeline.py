"""One comparison from end to end: images and encoders in, results out."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from embedbench.analysis.cluster_naming import image_text_similarity, prompts_for, two_best_names
from embedbench.analysis.duplicates import duplicate_groups, duplicate_remarks
from embedbench.analysis.inputs import AnalysisInputs, Targets
from embedbench.analysis.label_free import AugmentedViews
from embedbench.analysis.shortcuts import attributes
from embedbench.clustering.limits import remarks as size_remarks
from embedbench.comparison.clustering_stage import ClusteringAnalysis, run_clustering_stage
from embedbench.comparison.config import ComparisonConfig, choose_ks
from embedbench.comparison.extra_images import ExtraImages, plan_extra_images
from embedbench.comparison.memory import comparison_size
from embedbench.comparison.provenance import cluster_remarks, model_remarks, run_record
from embedbench.comparison.robustness_stage import RobustnessTables, run_robustness_stage
from embedbench.comparison.tables import (
    encoder_failures,
    encoders_table,
    image_failures,
    known_of,
    left_out_remarks,
    without_timings,
)
from embedbench.comparison.verdict_stage import VerdictTables, run_verdict_stage
from embedbench.data.dataset import Dataset
from embedbench.data.depth.drawing import Drawing
from embedbench.data.depth.survey import with_renderings
from embedbench.data.downloads.download import DownloadSettings, download_missing
from embedbench.data.scan import scan_images
from embedbench.embedding.embed import Embedder, Embedding
from embedbench.embedding.engine import Engine
from embedbench.encoder import Vectors
from embedbench.errors import EmbedbenchError, InputError, NoEncoderError, StoreError
from embedbench.results.live import LiveTable
from embedbench.results.results import Results
from embedbench.utils.messages import one_line, wrap_foreign_errors

__all__ = ["run_comparison"]


def run_comparison(
    dataset: Dataset,
    config: ComparisonConfig,
    engine: Engine,
    downloads: DownloadSettings,
    started: float,
    record: dict[str, Any],
) -> Results:
    """Run the stages of a comparison in their order, and return its results.

    Args:
        dataset: the images to compare.
        config: what was asked for.
        engine: where encoders run.
        downloads: how missing images are downloaded.
        started: in seconds since 1970.
        record: the options, for `run.json`.
    """
    live = LiveTable(engine.progress, list(config.encoders))
    with Embedder(config.encoders, engine) as embedder:
        images = prepare_images(dataset, embedder, downloads, config.drawing)
        extra = plan_extra_images(config, images.dataset, images.hashes, engine, downloads)
        encoded = encode_all(config, images, extra, embedder, live)
    images, encoded, extra = keep_common(images, encoded, extra)
    inputs = analysis_inputs(config, images, encoded)
    vectors, augmented = encoded.vectors, encoded.augmented(extra)
    limits = (config.memory, engine.progress, engine.store)
    verdicts: list[VerdictTables] = []

    def decide(clusters: ClusteringAnalysis) -> None:
        errors = encoded.errors | clusters.errors
        encoders = encoders_table(config.encoders, encoded.embeddings, errors)
        verdicts.append(run_verdict_stage(inputs, clusters, encoders))
        for name, reason in clusters.errors.items():
            live.failed(name, reason)
        live.decided(verdicts[0].verdict)

    clusters = run_clustering_stage(inputs, vectors, augmented, *limits, decide, live.scored)
    effects = run_robustness_stage(inputs, encoded.embeddings, extra, clusters, *limits)
    outputs = StageOutputs(images, extra, encoded, inputs, clusters, effects, verdicts[0])
    return assemble_results(config, outputs, started, record)


@dataclass(frozen=True, eq=False)
class PreparedImages:
    """The images of a comparison that can be read.

    Attributes:
        dataset: their sources and labels.
        table: a row an image, as `Results.images`, before anything is computed.
        failures: images that could not be downloaded, read or encoded, as in `Results`.
    """

    dataset: Dataset
    table: pd.DataFrame
    failures: pd.DataFrame

    @property
    def hashes(self) -> list[str]:
        """The hash of each image's bytes."""
        return list(self.table["hash"])


@dataclass(frozen=True, eq=False)
class EncodedImages:
    """Embeddings of all encoders.

    Attributes:
        embeddings: by encoder, of those that did not fail.
        errors: why an encoder failed, by encoder.
    """

    embeddings: dict[str, Embedding]
    errors: dict[str, str]

    @property
    def vectors(self) -> dict[str, Vectors]:
        """The vectors of the images, by encoder."""
        return {name: embedding.vectors for name, embedding in self.embeddings.items()}

    @property
    def naming_encoder(self) -> str | None:
        """The encoder that read the candidate words; None without words."""
        names = (name for name, embedding in self.embeddings.items() if len(embedding.texts))
        return next(names, None)

    def augmented(self, extra: ExtraImages) -> dict[str, AugmentedViews | None]:
        """Return the vectors of the augmented images, by encoder; None where it has none."""
        return {name: extra.augmented(embedding) for name, embedding in self.embeddings.items()}


@dataclass(frozen=True, eq=False)
class StageOutputs:
    """The outputs of all stages."""

    images: PreparedImages
    extra: ExtraImages
    encoded: EncodedImages
    inputs: AnalysisInputs
    clusters: ClusteringAnalysis
    effects: RobustnessTables
    verdict: VerdictTables


def prepare_images(
    dataset: Dataset, embedder: Embedder, downloads: DownloadSettings, drawing: Drawing
) -> PreparedImages:
    """Download what is missing, scan all images, and return those that can be read.

    Args:
        dataset: the images.
        embedder: begins to load its encoders while the images are opened.
        downloads: how missing images are downloaded.
        drawing: how deep images are drawn.
    """
    engine = embedder.engine
    dataset, missed = download_missing(dataset, downloads)
    dataset = with_renderings(dataset, drawing, engine.workers, engine.progress)
    dataset, table, unread = scan_images(
        dataset, engine.store, engine.workers, engine.progress, embedder.begin
    )
    return PreparedImages(dataset, table, pd.concat([missed, unread], ignore_index=True))


def encode_all(
    config: ComparisonConfig,
    images: PreparedImages,
    extra: ExtraImages,
    embedder: Embedder,
    live: LiveTable,
) -> EncodedImages:
    """Encode the images, and the extra images, by all encoders; `live` says what came of each.

    Raises:
        NoEncoderError: all encoders failed.
    """
    embeddings: dict[str, Embedding] = {}
    errors: dict[str, str] = {}
    for name in config.encoders:
        texts: list[str] = []
        is_named = any(len(embedding.texts) for embedding in embeddings.values())
        try:
            with wrap_foreign_errors():
                if not is_named and config.reads_texts(name):
                    texts = prompts_for(config.words)
            rows = images.dataset, images.hashes
            embeddings[name] = embedder.embed(name, *rows, texts, extra.items)
            live.encoded(name, *known_of(embeddings[name]))
        except StoreError:  # no other encoder could keep its vectors either
            raise
        except EmbedbenchError as error:
            errors[name] = one_line(str(error))
            live.failed(name, errors[name])
    if not embeddings:
        reasons = "; ".join(f"'{name}': {reason}" for name, reason in errors.items())
        raise NoEncoderError(f"no encoder could be used; {reasons}")
    return EncodedImages(embeddings, errors)


def keep_common(
    images: PreparedImages, encoded: EncodedImages, extra: ExtraImages
) -> tuple[PreparedImages, EncodedImages, ExtraImages]:
    """Return what belongs to the images that every encoder could encode; the rest are failures.

    Raises:
        InputError: there is no such image.
    """
    failed = {row for embedding in encoded.embeddings.values() for row in embedding.failures}
    rows = [row for row in range(len(images.dataset)) if row not in failed]
    if not rows:
        raise InputError("no image could be encoded by every encoder")
    skipped = image_failures(images.dataset, encoded.embeddings)
    dataset, table = images.dataset.take(rows), images.table.iloc[rows].reset_index(drop=True)
    columns = dataset.table.reset_index(drop=True)
    kept = {name: embedding.take(rows) for name, embedding in encoded.embeddings.items()}
    return (
        PreparedImages(
            dataset,
            pd.concat([table, columns[[c for c in columns if c not in table]]], axis=1),
            pd.concat([images.failures, extra.failures, skipped], ignore_index=True),
        ),
        replace(encoded, embeddings=kept),
        extra.keep(rows),
    )


def analysis_inputs(
    config: ComparisonConfig, images: PreparedImages, encoded: EncodedImages
) -> AnalysisInputs:
    """Return the inputs of the analysis.

    Raises:
        InputError: the images are too few, or the memory limit is too low.
    """
    dataset, table, vectors = images.dataset, images.table, encoded.vectors
    labels, classes = dataset.truth_codes() or (None, [])
    groups = duplicate_groups(images.hashes, list(table["thumbnail"]))
    similarity = None
    if encoded.naming_encoder is not None:
        namer = encoded.embeddings[encoded.naming_encoder]
        similarity = image_text_similarity(namer.vectors, namer.texts)
    different = table["hash"].nunique()
    k_grid, cut = choose_ks(config.k, len(dataset), dataset.class_count, different, vectors)
    inputs = AnalysisInputs(
        image_names=dataset.names,
        targets=Targets(labels, classes, groups),
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
    )
    shortage = config.memory.shortage(comparison_size(inputs, vectors))
    remarks = size_remarks(len(dataset), [one.name for one in config.clusterers], inputs.limit)
    copies = duplicate_remarks(images.hashes, groups)
    return replace(inputs, remarks=(*copies, *cut, *shortage, *remarks))


def assemble_results(
    config: ComparisonConfig, outputs: StageOutputs, started: float, record: dict[str, Any]
) -> Results:
    """Return the results: the tables of all stages, failures, and the record of the run."""
    inputs, encoded, clusters = outputs.inputs, outputs.encoded, outputs.clusters
    images = outputs.images.table.assign(
        group=inputs.targets.groups, disagreement=clusters.disagreement
    )
    tables = without_timings(clusters.tables, encoded.embeddings, started)
    tables |= outputs.effects.tables | outputs.verdict.tables
    if inputs.similarity is not None:
        tables["zero_shot"] = two_best_names(inputs.similarity, inputs.words, inputs.image_names)
    record = record | {"naming_encoder": encoded.naming_encoder}
    run = run_record(images, encoded.embeddings, config.encoders, record)
    remarks = [
        *outputs.images.dataset.remarks,
        *outputs.images.dataset.label_remarks,
        *left_out_remarks(outputs.images.failures),
        *model_remarks(encoded.embeddings),
        *config.remarks,
        *outputs.extra.remarks,
        *outputs.effects.remarks,
        *cluster_remarks(len(config.words), inputs, clusters),
    ]
    failures = [outputs.images.failures, encoder_failures(encoded.errors, clusters.errors)]
    return Results(
        **tables,
        failures=pd.concat(failures, ignore_index=True),
        images=images,
        run=run | {"verdict": outputs.verdict.verdict, "remarks": remarks},
    )
