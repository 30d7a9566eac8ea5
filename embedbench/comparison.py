"""One comparison from end to end: images and encoders in, results out."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from embedbench.analyse import analyse
from embedbench.analysis.cluster_naming import fits_of_images, texts_for, word_similarity
from embedbench.analysis.duplicates import duplicate_groups
from embedbench.analysis.label_free import COPIES, read_copies
from embedbench.analysis.shortcuts import attributes
from embedbench.clustering.limits import remarks as remarks_on_size
from embedbench.conditions import Conditions, read_conditions
from embedbench.data.dataset import Dataset, with_domain, with_labels
from embedbench.data.download import Fetching, fetch
from embedbench.data.images.augmentations import LIGHT_CHANGES, Changed, choose_copied
from embedbench.data.loading import Sets, listed, read_sets
from embedbench.data.scan import survey
from embedbench.embedding.embed import Embedding, embed
from embedbench.embedding.engine import Engine
from embedbench.embedding.factory import make_engine
from embedbench.encoder import Encoder
from embedbench.errors import EmbedbenchError, InputError, StoreError
from embedbench.io.paths import check_offline
from embedbench.judge import judge
from embedbench.request import CORRUPTED, DEFAULT_MAPS, Request, command, read_request
from embedbench.results.results import Results
from embedbench.results.run_folder import OutFolder
from embedbench.settings import DEFAULT_K, plan_k
from embedbench.tables import encoder_failures, encoders_table, image_failures, run_record
from embedbench.task import Task
from embedbench.under_conditions import under_conditions
from embedbench.utils.messages import errors_in_words, one_line
from embedbench.utils.offline import no_network
from embedbench.utils.progress import Progress

__all__ = ["CLUSTERERS", "compare"]

CLUSTERERS = ("kmeans", "agglomerative", "hdbscan")


def compare(
    source: Sets,
    encoders: Sequence[str | Encoder] | Mapping[str, Encoder],
    *,
    labels: str | None = None,
    domain: str | None = None,
    clusterers: Sequence[Any] = CLUSTERERS,
    spaces: Sequence[str] = ("l2",),
    k: str | int = DEFAULT_K,
    seeds: int = 10,
    names: str | Sequence[str] = (),
    corrupt: str | Sequence[str] = (),
    corrupted: int = CORRUPTED,
    mix: str | None = None,
    maps: Sequence[str] = DEFAULT_MAPS,
    out: str | Path | None = None,
    store: str | Path | None = None,
    offline: bool = False,
    allow_local: bool = False,
    follow_links: bool = False,
    limit: int | None = None,
    copies: int = COPIES,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
    memory: str | None = None,
    patience: float | None = None,
    quiet: bool = True,
) -> Results:
    """Return the comparison of these encoders on these images.

    Args:
        source: a folder (its sub-folders are labels if two or more hold images), a `.csv` or
            `.parquet` file with a column `path` or `url`, either of them also at an address such
            as `s3://bucket/photos`, `open-images:FOLDER`, a Dataset, or several of these, which
            then are the domains.
        encoders: texts such as `timm:resnet50`, or Encoder objects, which a mapping names.
        labels: a column, a `.csv` file of labels, or `none`; by default what the source has.
        domain: a column, or `folder` for the top folder: every metric by domain, and whether
            clusters follow it.
        clusterers: texts such as `hdbscan,min_cluster_size=10`, or any object with
            scikit-learn's `fit_predict`.
        spaces: what the clusterers see: `l2`, `raw`, `center-l2`, `pca:N`, `whiten`, `umap:N`,
            `tsne:2`. The first one leads.
        k: a range such as `2..20`, a number, or `truth`.
        seeds: how many, the same for every encoder.
        names: candidate words for the clusters, as a sequence, `a,b,c` or a `.txt` file.
        corrupt: challenging images, such as `noise,blur:1..5` or `all`; see
            `embedbench.data.images.corruptions`.
        corrupted: of how many images to make corrupted copies.
        mix: images of another kind to mix in, and how many for each image: `FOLDER:0.1`, or
            `digits:0.1` for scikit-learn's handwritten digits.
        maps: which planes are drawn: `pca`, `tsne`, `umap`.
        out: where to write the run folder with tables, figures and report; nowhere if None.
        store: the folder or address that keeps vectors and downloads between runs.
        offline: encoders may not use the network, and nothing is downloaded.
        allow_local: images may be downloaded from this machine and its network.
        follow_links: links that lead out of a folder of images are followed; else they are
            listed as failures.
        limit: compare a seeded sample of so many images.
        copies: of how many images to encode lightly changed copies as well, which shows without
            labels whether an encoder still sees the same picture; 0 for none.
        engine: where encoders run: `local`, on this machine, or `ray`.
        address: HOST:PORT of a running Ray cluster; None to start Ray on this machine.
        workers: of each encoder, at most; None for as many as there is room for.
        memory: how much what is computed may take, such as `4GB`, all processes together; half
            of what is free if None. No number depends on it. An encoder whose processes hold
            more, or nearly all that is free if None, is ended, and fails.
        patience: seconds without any answer after which an encoder is given up, and fails; a
            quarter of an hour if None.
        quiet: show no progress.

    Raises:
        EmbedbenchError: nothing could be done. An encoder or an image that fails is a row in
            the results' `failures` instead.
    """
    started = time.time()
    # A cluster's own connections are Ray's; its workers refuse theirs themselves.
    with no_network(offline and engine == "local"):
        check_offline(offline, [*listed(source), labels, mix])
        corrupt = [corrupt] if isinstance(corrupt, str) else list(corrupt)
        found = with_labels(read_sets(source, follow_links), labels)
        dataset = with_domain(found, domain).sample(limit)
        request = read_request(
            encoders, clusterers, spaces, k, seeds, names, copies, corrupt, corrupted, mix, domain,
            maps, Progress(quiet), memory, follow_links,
        )  # fmt: skip
        request.check(len(dataset), _classes(dataset))
        sources = [str(getattr(one, "origin", one)) for one in listed(source)]
        asked = {"source": dataset.origin, "sources": sources, "labels": labels, "limit": limit}
        asked |= {"offline": offline, "allow_local": allow_local, "corrupt": corrupt, "mix": mix}
        asked |= {
            "follow_links": follow_links,
            "corrupted": corrupted,
            "encoders": [str(one) for one in encoders],
        }
        asked |= request.record() | {"patience": patience}
        with ExitStack() as stack:
            place = None if out is None else stack.enter_context(OutFolder(Path(out)))
            running = make_engine(
                store, offline, request.progress, engine, address, workers, patience,
                request.memory.limit if memory else None,
            )  # fmt: skip
            fetching = running.fetching(allow_local)
            told = asked | {"command": command(asked)}
            results = _run(dataset, request, running, fetching, started, told)
            if place is not None:
                from embedbench.report import draw

                with request.progress.bar("drawing figures and report", 0, ""):
                    results.put(place, draw)
    return results


def _run(
    dataset: Dataset,
    request: Request,
    engine: Engine,
    fetching: Fetching,
    started: float,
    asked: dict[str, Any],
) -> Results:
    dataset, missed = fetch(dataset, fetching)
    readable, images, unread = survey(dataset, engine.store, engine.workers, engine.progress)
    hashes = list(images["hash"])
    conditions, others_unread = read_conditions(request, readable, hashes, engine, fetching)
    copied = choose_copied(hashes, request.copies)
    embeddings, errors = _embed_all(readable, hashes, copied, conditions, request, engine)
    skipped = image_failures(readable, embeddings)
    kept = _encoded_by_all(len(readable), embeddings)
    copies = {name: read_copies(found, copied, kept) for name, found in embeddings.items()}
    conditions = conditions.read(embeddings, len(copied) * len(LIGHT_CHANGES), kept)
    readable, images = readable.take(kept), images.iloc[kept].reset_index(drop=True)
    embeddings = {name: found.take(kept) for name, found in embeddings.items()}
    vectors = {name: found.vectors for name, found in embeddings.items()}
    known = readable.table.reset_index(drop=True)
    images = pd.concat([images, known[[c for c in known if c not in images]]], axis=1)
    images["group"] = duplicate_groups(list(images["hash"]), list(vectors.values()))
    namer = next((name for name, found in embeddings.items() if len(found.texts)), None)
    similarity = None
    if namer is not None:
        similarity = word_similarity(vectors[namer], embeddings[namer].texts)
    task = _task(request, readable, images, similarity)
    short = task.memory.shortage(task.size(vectors))
    analysis = analyse(vectors, copies, task, engine.progress)
    images["disagreement"] = analysis.disagreement
    tables, told = under_conditions(vectors, conditions, images, task, analysis, engine.progress)
    if similarity is not None:
        tables["words"] = fits_of_images(similarity, request.words, readable.names)
    broken = encoder_failures(errors, analysis.errors)
    failures = pd.concat([missed, unread, others_unread, skipped, broken], ignore_index=True)
    encoders = encoders_table(request.encoders, embeddings, errors | analysis.errors)
    judgement = judge(analysis, task, encoders)
    remarks = [*readable.remarks, *request.remarks, *conditions.remarks, *told]
    remarks += _remarks(request, analysis.shared) + short
    remarks += remarks_on_size(len(images), [one.name for one in task.clusterers], task.limits)
    record = run_record(
        images, embeddings, request.encoders, started, asked | {"naming_encoder": namer}
    )
    return Results(
        **analysis.tables,
        **judgement.tables,
        **tables,
        failures=failures,
        images=images,
        run=record | {"verdict": judgement.verdict, "remarks": remarks},
    )


def _task(
    request: Request,
    dataset: Dataset,
    images: pd.DataFrame,
    similarity: Float[np.ndarray, "images words"] | None,
) -> Task:
    truth = dataset.truth_codes()
    return Task(
        images=dataset.names,
        truth=truth[0] if truth else None,
        classes=truth[1] if truth else [],
        clusterers=request.clusterers,
        spaces=request.spaces,
        plan=plan_k(request.k, len(dataset), _classes(dataset), images["hash"].nunique()),
        seeds=request.seeds,
        similarity=similarity,
        words=request.words,
        groups=images["group"].to_numpy(),
        attributes=attributes(images),
        maps=request.maps,
        memory=request.memory,
    )


def _remarks(request: Request, clusters: int) -> list[str]:
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
    request: Request,
    engine: Engine,
) -> tuple[dict[str, Embedding], dict[str, str]]:
    """Return what each encoder made, and the errors of those that failed."""
    embeddings: dict[str, Embedding] = {}
    errors: dict[str, str] = {}
    changed = [
        Changed(dataset.sources[row], change, hashes[row])
        for change in LIGHT_CHANGES
        for row in copied
    ]
    others = [*((copy.store_key, copy) for copy in changed), *conditions.items]
    for name, encoder in request.encoders.items():
        named = any(len(found.texts) for found in embeddings.values())
        try:
            with errors_in_words():
                reads = not named and request.reads_texts(name)
            texts = texts_for(request.words) if reads else []
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


def _classes(dataset: Dataset) -> int | None:
    truth = dataset.truth_codes()
    return len(truth[1]) if truth else None
