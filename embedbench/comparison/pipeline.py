"""One comparison from end to end: images and encoders in, results out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from embedbench.analysis.cluster_naming import image_text_similarity, prompts_for, two_best_names
from embedbench.analysis.duplicates import duplicate_groups
from embedbench.analysis.label_free import AugmentedViews
from embedbench.analysis.shortcuts import attributes
from embedbench.clustering.limits import remarks as remarks_on_size
from embedbench.comparison.clustering_stage import AnalysisInputs, run_clustering_stage
from embedbench.comparison.config import ComparisonConfig, parse_k
from embedbench.comparison.extra_images import Conditions, read_conditions
from embedbench.comparison.provenance import run_record
from embedbench.comparison.robustness_stage import run_robustness_stage
from embedbench.comparison.tables import (
    encoder_failures,
    encoders_table,
    image_failures,
    without_timings,
)
from embedbench.comparison.verdict_stage import run_verdict_stage
from embedbench.data.dataset import Dataset
from embedbench.data.download import DownloadSettings, download_missing
from embedbench.data.images.augmentations import AUGMENTATIONS, AugmentedImage, choose_augmented
from embedbench.data.scan import scan_images
from embedbench.embedding.embed import Embedding, embed
from embedbench.embedding.engine import Engine
from embedbench.errors import EmbedbenchError, InputError, StoreError
from embedbench.results.results import Results
from embedbench.utils.messages import one_line, wrap_foreign_errors

__all__ = ["class_count", "read_copies", "run_comparison"]


def run_comparison(
    dataset: Dataset,
    request: ComparisonConfig,
    engine: Engine,
    fetching: DownloadSettings,
    started: float,
    asked: dict[str, Any],
) -> Results:
    """Return the results of the comparison; `asked` goes into its record."""
    dataset, missed = download_missing(dataset, fetching)
    readable, images, unread = scan_images(dataset, engine.store, engine.workers, engine.progress)
    hashes = list(images["hash"])
    conditions, others_unread = read_conditions(request, readable, hashes, engine, fetching)
    copied = choose_augmented(hashes, request.copies)
    embeddings, errors = _embed_all(readable, hashes, copied, conditions, request, engine)
    skipped = image_failures(readable, embeddings)
    kept = _encoded_by_all(len(readable), embeddings)
    copies = {name: read_copies(found, copied, kept) for name, found in embeddings.items()}
    conditions = conditions.read(embeddings, len(copied) * len(AUGMENTATIONS), kept)
    readable, images = readable.take(kept), images.iloc[kept].reset_index(drop=True)
    embeddings = {name: found.take(kept) for name, found in embeddings.items()}
    vectors = {name: found.vectors for name, found in embeddings.items()}
    known = readable.table.reset_index(drop=True)
    images = pd.concat([images, known[[c for c in known if c not in images]]], axis=1)
    images["group"] = duplicate_groups(list(images["hash"]), list(vectors.values()))
    namer = next((name for name, found in embeddings.items() if len(found.texts)), None)
    similarity = None
    if namer is not None:
        similarity = image_text_similarity(vectors[namer], embeddings[namer].texts)
    task = _task(request, readable, images, similarity)
    short = task.memory.shortage(task.size(vectors))
    analysis = run_clustering_stage(vectors, copies, task, engine.progress)
    images["disagreement"] = analysis.disagreement
    tables, told = run_robustness_stage(
        vectors, conditions, images, task, analysis, engine.progress
    )
    if similarity is not None:
        tables["zero_shot"] = two_best_names(similarity, request.words, readable.names)
    broken = encoder_failures(errors, analysis.errors)
    failures = pd.concat([missed, unread, others_unread, skipped, broken], ignore_index=True)
    encoders = encoders_table(request.encoders, embeddings, errors | analysis.errors)
    judgement = run_verdict_stage(analysis, task, encoders)
    remarks = [*readable.remarks, *request.remarks, *conditions.remarks, *told]
    remarks += _remarks(request, analysis.shared) + short
    remarks += remarks_on_size(len(images), [one.name for one in task.clusterers], task.limits)
    record = run_record(images, embeddings, request.encoders, asked | {"naming_encoder": namer})
    return Results(
        **without_timings(analysis.tables, embeddings, started),
        **judgement.tables,
        **tables,
        failures=failures,
        images=images,
        run=record | {"verdict": judgement.verdict, "remarks": remarks},
    )


def _task(
    request: ComparisonConfig,
    dataset: Dataset,
    images: pd.DataFrame,
    similarity: Float[np.ndarray, "images words"] | None,
) -> AnalysisInputs:
    truth = dataset.truth_codes()
    return AnalysisInputs(
        images=dataset.names,
        truth=truth[0] if truth else None,
        classes=truth[1] if truth else [],
        clusterers=request.clusterers,
        spaces=request.spaces,
        plan=parse_k(request.k, len(dataset), class_count(dataset), images["hash"].nunique()),
        seeds=request.seeds,
        similarity=similarity,
        words=request.words,
        groups=images["group"].to_numpy(),
        attributes=attributes(images),
        maps=request.maps,
        memory=request.memory,
    )


def _remarks(request: ComparisonConfig, clusters: int) -> list[str]:
    """Return what a person should know of the words."""
    words = len(request.words)
    if not 0 < words < clusters:
        return []
    return [f"there are {words} candidate names for {clusters} clusters: some share a name"]


def _embed_all(
    dataset: Dataset,
    hashes: list[str],
    copied: Sequence[int],
    conditions: Conditions,
    request: ComparisonConfig,
    engine: Engine,
) -> tuple[dict[str, Embedding], dict[str, str]]:
    """Return what each encoder made, and the errors of those that failed."""
    embeddings: dict[str, Embedding] = {}
    errors: dict[str, str] = {}
    changed = [
        AugmentedImage(dataset.sources[row], change, hashes[row])
        for change in AUGMENTATIONS
        for row in copied
    ]
    others = [*((copy.store_key, copy) for copy in changed), *conditions.items]
    for name, encoder in request.encoders.items():
        named = any(len(found.texts) for found in embeddings.values())
        try:
            with wrap_foreign_errors():
                reads = not named and request.reads_texts(name)
            texts = prompts_for(request.words) if reads else []
            embeddings[name] = embed(name, encoder, dataset, hashes, engine, texts, others)
        except StoreError:  # no other encoder could keep its vectors either
            raise
        except EmbedbenchError as error:
            errors[name] = one_line(str(error))
            engine.progress.say(f"encoder '{name}' failed: {errors[name]}")
    if not embeddings:
        first, reason = next(iter(errors.items()))
        raise InputError(f"none of the {len(errors)} encoders could be used; '{first}': {reason}")
    return embeddings, errors


def _encoded_by_all(images: int, embeddings: dict[str, Embedding]) -> list[int]:
    """Every encoder is compared on the same images: those that all could encode."""
    failed = {row for embedding in embeddings.values() for row in embedding.failures}
    kept = [row for row in range(images) if row not in failed]
    if not kept:
        raise InputError("no image could be encoded by every encoder")
    return kept


def class_count(dataset: Dataset) -> int | None:
    """Return how many classes the labels have; None without labels."""
    truth = dataset.truth_codes()
    return len(truth[1]) if truth else None


def read_copies(
    embedding: Embedding, copied: Sequence[int], kept: Sequence[int]
) -> AugmentedViews | None:
    """Return an encoder's vectors of the changed copies; None where it has none.

    Args:
        embedding: what the encoder made; the copies come first of the others, each change together.
        copied: the rows of the images that they were made from.
        kept: those rows that are compared; the others are left out, and the rows renumbered.
    """
    place = {row: number for number, row in enumerate(kept)}
    there = [number for number, row in enumerate(copied) if row in place]
    if not len(embedding.others) or not there:
        return None
    changed = embedding.others[: len(AUGMENTATIONS) * len(copied)]
    vectors = changed.reshape(len(AUGMENTATIONS), len(copied), -1)[:, there]
    return AugmentedViews(vectors, np.array([place[copied[number]] for number in there]))
