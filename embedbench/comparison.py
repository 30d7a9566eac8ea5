"""One comparison from end to end: images and encoders in, results out."""

import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from embedbench.analyse import Task, analyse
from embedbench.cluster import Clusterer, Estimator, parse_clusterer
from embedbench.dataset import Dataset, read_dataset
from embedbench.embed import Embedding, Engine, embed, make_engine
from embedbench.encoder import Encoder, TextEncoder
from embedbench.errors import EmbedbenchError, InputError
from embedbench.naming import read_words, texts_for, word_similarity
from embedbench.progress import Progress
from embedbench.registry import create_all
from embedbench.results import Results, check_writable
from embedbench.settings import DEFAULT_K, plan_k
from embedbench.spaces import check_space
from embedbench.survey import survey
from embedbench.tables import (
    encoder_failures,
    encoders_table,
    image_failures,
    run_record,
)

__all__ = ["CLUSTERERS", "compare"]

CLUSTERERS = ("kmeans", "agglomerative", "hdbscan")


def compare(
    source: str | Path | Dataset,
    encoders: Sequence[str | Encoder] | Mapping[str, Encoder],
    *,
    labels: str | None = None,
    clusterers: Sequence[Any] = CLUSTERERS,
    spaces: Sequence[str] = ("l2",),
    k: str | int = DEFAULT_K,
    seeds: int = 10,
    names: str | Sequence[str] = (),
    out: str | Path | None = None,
    store: str | Path | None = None,
    offline: bool = False,
    limit: int | None = None,
    quiet: bool = True,
) -> Results:
    """Return the comparison of these encoders on these images.

    Args:
        source: a folder (its sub-folders are labels if two or more hold images), a `.csv` or
            `.parquet` file with a column `path`, or a Dataset.
        encoders: texts such as `timm:resnet50`, or Encoder objects, which a mapping names.
        labels: a column, a `.csv` file of labels, or `none`; by default what the source has.
        clusterers: texts such as `hdbscan,min_cluster_size=10`, or any object with
            scikit-learn's `fit_predict`.
        spaces: what the clusterers see: `l2`, `raw`, `center-l2`, `pca:N`, `whiten`, `umap:N`,
            `tsne:2`. The first one leads.
        k: a range such as `2..20`, a number, or `truth`.
        seeds: how many, the same for every encoder.
        names: candidate words for the clusters, as a sequence, `a,b,c` or a `.txt` file.
        out: where to write the run folder with tables, figures and report; nowhere if None.
        store: the folder that keeps vectors between runs.
        offline: encoders may not use the network.
        limit: compare a seeded sample of so many images.
        quiet: show no progress.

    Raises:
        EmbedbenchError: nothing could be done. An encoder or an image that fails is a row in
            the results' `failures` instead.
    """
    started = time.time()
    dataset = read_dataset(source).with_truth(labels).sample(limit)
    request = _Request(
        encoders=create_all(encoders),
        clusterers=_read_clusterers(clusterers),
        spaces=tuple(dict.fromkeys(spaces)),
        k=str(k),
        seeds=tuple(range(seeds)),
        words=read_words(names) if isinstance(names, str) and names else tuple(names),
        progress=Progress(quiet),
    )
    request.check(len(dataset), _classes(dataset))
    specs = [str(one) for one in encoders]
    asked = {"source": dataset.origin, "labels": labels, "limit": limit, "offline": offline}
    asked |= {"encoders": specs} | request.record()
    if out is not None:
        check_writable(Path(out))
    engine = make_engine(store, offline, request.progress)
    results = _run(dataset, request, engine, started, asked | {"command": _command(asked)})
    if out is not None:
        from embedbench.report import draw

        with request.progress.bar("drawing figures and report", 0, ""):
            results.write(Path(out), draw)
    return results


@dataclass(frozen=True)
class _Request:
    """What was asked for, read."""

    encoders: dict[str, Encoder]
    clusterers: tuple[Clusterer, ...]
    spaces: tuple[str, ...]
    k: str
    seeds: tuple[int, ...]
    words: tuple[str, ...]
    progress: Progress

    def check(self, images: int, classes: int | None) -> None:
        """Raise InputError for what can be known to fail before any work is done."""
        if not self.seeds:
            raise InputError("`seeds` must be at least 1")
        if not self.clusterers or not self.spaces:
            raise InputError("a comparison needs a clusterer and a space")
        for space in self.spaces:
            check_space(space)
        plan_k(self.k, images, classes)
        if self.words and not any(map(self.reads_texts, self.encoders)):
            raise InputError(
                "names need an encoder that reads texts in the comparison: add -e clip or -e conse"
            )

    def record(self) -> dict[str, Any]:
        """Return what was asked for, as it stands in run.json."""
        return {
            "clusterers": [clusterer.name for clusterer in self.clusterers],
            "spaces": list(self.spaces),
            "k": self.k,
            "seeds": list(self.seeds),
            "names": list(self.words),
        }

    def reads_texts(self, name: str) -> bool:
        """Whether the encoder of this name reads texts as well as images."""
        return isinstance(self.encoders[name], TextEncoder)


def _run(
    dataset: Dataset, request: _Request, engine: Engine, started: float, asked: dict[str, Any]
) -> Results:
    readable, images, failures = survey(dataset, engine.store, engine.workers, engine.progress)
    embeddings, errors = _embed_all(readable, list(images["hash"]), request, engine)
    skipped = image_failures(readable, embeddings)
    readable, images, embeddings = _without_failures(readable, images, embeddings)
    truth = readable.truth_codes()
    plan = plan_k(request.k, len(readable), _classes(readable), images["hash"].nunique())
    namer = next((name for name, found in embeddings.items() if len(found.texts)), None)
    similarity = None
    if namer is not None:
        similarity = word_similarity(embeddings[namer].vectors, embeddings[namer].texts)
    analysis = analyse(
        {name: embedding.vectors for name, embedding in embeddings.items()},
        Task(
            images=readable.names,
            truth=truth[0] if truth else None,
            clusterers=request.clusterers,
            spaces=request.spaces,
            plan=plan,
            seeds=request.seeds,
            similarity=similarity,
            words=request.words,
        ),
        engine.progress,
    )
    failures = pd.concat(
        [failures, skipped, encoder_failures(errors, analysis.errors)], ignore_index=True
    )
    known = readable.table.reset_index(drop=True)
    images = pd.concat([images, known[[c for c in known if c not in images]]], axis=1)
    return Results(
        **analysis.tables,
        encoders=encoders_table(request.encoders, embeddings, errors | analysis.errors),
        failures=failures,
        images=images,
        run=run_record(
            images, embeddings, request.encoders, started, asked | {"naming_encoder": namer}
        ),
    )


def _embed_all(
    dataset: Dataset, hashes: list[str], request: _Request, engine: Engine
) -> tuple[dict[str, Embedding], dict[str, str]]:
    """Return what each encoder made, and the errors of those that failed."""
    embeddings: dict[str, Embedding] = {}
    errors: dict[str, str] = {}
    for name, encoder in request.encoders.items():
        named = any(len(found.texts) for found in embeddings.values())
        texts = [] if named or not request.reads_texts(name) else texts_for(request.words)
        try:
            embeddings[name] = embed(name, encoder, dataset, hashes, engine, texts)
        except EmbedbenchError as error:
            errors[name] = str(error)
            engine.progress.say(f"encoder '{name}' failed: {error}")
    if not embeddings:
        first, reason = next(iter(errors.items()))
        raise InputError(f"none of the {len(errors)} encoders could be used; '{first}': {reason}")
    return embeddings, errors


def _without_failures(
    dataset: Dataset, images: pd.DataFrame, embeddings: dict[str, Embedding]
) -> tuple[Dataset, pd.DataFrame, dict[str, Embedding]]:
    """Every encoder is compared on the same images: those that all could encode."""
    failed = {row for embedding in embeddings.values() for row in embedding.failures}
    if not failed:
        return dataset, images, embeddings
    kept = [row for row in range(len(dataset)) if row not in failed]
    if not kept:
        raise InputError("no image could be encoded by every encoder")
    smaller = {name: embedding.take(kept) for name, embedding in embeddings.items()}
    return dataset.take(kept), images.iloc[kept].reset_index(drop=True), smaller


def _command(asked: dict[str, Any]) -> str:
    """Return the line for a shell that asks for the same."""
    parts = ["embedbench", "run", asked["source"]]
    for word, values in {
        "-e": asked["encoders"],
        "--clusterer": asked["clusterers"],
        "--space": asked["spaces"],
    }.items():
        parts += [part for value in values for part in (word, value)]
    options = {
        "--labels": asked["labels"],
        "--k": asked["k"],
        "--seeds": len(asked["seeds"]),
        "--names": ",".join(asked["names"]) or None,
        "--limit": asked["limit"],
    }
    parts += [
        str(part) for word, value in options.items() if value is not None for part in (word, value)
    ]
    return shlex.join([*parts, "--offline"] if asked["offline"] else parts)


def _classes(dataset: Dataset) -> int | None:
    truth = dataset.truth_codes()
    return len(truth[1]) if truth else None


def _read_clusterers(given: Sequence[Any]) -> tuple[Clusterer, ...]:
    read: list[Clusterer] = [
        parse_clusterer(one) if isinstance(one, str) else Estimator(one, type(one).__name__.lower())
        for one in given
    ]
    if len({clusterer.name for clusterer in read}) < len(read):
        raise InputError("a clusterer is given twice")
    return tuple(read)
