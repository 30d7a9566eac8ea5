"""One comparison from end to end: images and encoders in, results out."""

import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from embedbench.analyse import Task, analyse
from embedbench.changes import LIGHT_CHANGES, Changed
from embedbench.cluster import Clusterer, Estimator, parse_clusterer
from embedbench.criteria import COPIES, choose_copied, read_copies
from embedbench.dataset import Dataset, read_dataset
from embedbench.duplicates import duplicate_groups
from embedbench.embed import Embedding, Engine, embed, make_engine
from embedbench.encoder import Encoder, TextEncoder
from embedbench.errors import EmbedbenchError, InputError
from embedbench.judge import judge
from embedbench.naming import read_words, texts_for, word_similarity
from embedbench.progress import Progress
from embedbench.registry import create_all
from embedbench.results import Results, check_writable
from embedbench.settings import DEFAULT_K, plan_k
from embedbench.shortcuts import attributes
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
    copies: int = COPIES,
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
        copies: of how many images to encode lightly changed copies as well, which shows without
            labels whether an encoder still sees the same picture; 0 for none.
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
        copies=copies,
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
    copies: int
    progress: Progress

    def check(self, images: int, classes: int | None) -> None:
        """Raise InputError for what can be known to fail before any work is done."""
        if not self.seeds:
            raise InputError("`seeds` must be at least 1")
        if self.copies < 0:
            raise InputError(f"`copies` must be at least 0; not {self.copies}")
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
            "copies": self.copies,
        }

    def reads_texts(self, name: str) -> bool:
        """Whether the encoder of this name reads texts as well as images."""
        return isinstance(self.encoders[name], TextEncoder)


def _run(
    dataset: Dataset, request: _Request, engine: Engine, started: float, asked: dict[str, Any]
) -> Results:
    readable, images, failures = survey(dataset, engine.store, engine.workers, engine.progress)
    copied = choose_copied(list(images["hash"]), request.copies)
    embeddings, errors = _embed_all(readable, list(images["hash"]), copied, request, engine)
    skipped = image_failures(readable, embeddings)
    kept = _encoded_by_all(len(readable), embeddings)
    copies = {name: read_copies(found, copied, kept) for name, found in embeddings.items()}
    readable, images = readable.take(kept), images.iloc[kept].reset_index(drop=True)
    embeddings = {name: found.take(kept) for name, found in embeddings.items()}
    vectors = {name: found.vectors for name, found in embeddings.items()}
    known = readable.table.reset_index(drop=True)
    images = pd.concat([images, known[[c for c in known if c not in images]]], axis=1)
    images["group"] = duplicate_groups(list(images["hash"]), list(vectors.values()))
    truth = readable.truth_codes()
    namer = next((name for name, found in embeddings.items() if len(found.texts)), None)
    similarity = None
    if namer is not None:
        similarity = word_similarity(vectors[namer], embeddings[namer].texts)
    task = Task(
        images=readable.names,
        truth=truth[0] if truth else None,
        clusterers=request.clusterers,
        spaces=request.spaces,
        plan=plan_k(request.k, len(readable), _classes(readable), images["hash"].nunique()),
        seeds=request.seeds,
        similarity=similarity,
        words=request.words,
        groups=images["group"].to_numpy(),
        attributes=attributes(images),
    )
    analysis = analyse(vectors, copies, task, engine.progress)
    images["disagreement"] = analysis.disagreement
    failures = pd.concat(
        [failures, skipped, encoder_failures(errors, analysis.errors)], ignore_index=True
    )
    encoders = encoders_table(request.encoders, embeddings, errors | analysis.errors)
    judgement = judge(analysis, task, encoders)
    record = run_record(
        images, embeddings, request.encoders, started, asked | {"naming_encoder": namer}
    )
    return Results(
        **analysis.tables,
        **judgement.tables,
        failures=failures,
        images=images,
        run=record | {"verdict": judgement.verdict},
    )


def _embed_all(
    dataset: Dataset,
    hashes: list[str],
    copied: Sequence[int],
    request: _Request,
    engine: Engine,
) -> tuple[dict[str, Embedding], dict[str, str]]:
    """Return what each encoder made, and the errors of those that failed."""
    embeddings: dict[str, Embedding] = {}
    errors: dict[str, str] = {}
    copies = [
        Changed(dataset.sources[row], change, hashes[row])
        for change in LIGHT_CHANGES
        for row in copied
    ]
    for name, encoder in request.encoders.items():
        named = any(len(found.texts) for found in embeddings.values())
        texts = [] if named or not request.reads_texts(name) else texts_for(request.words)
        try:
            embeddings[name] = embed(name, encoder, dataset, hashes, engine, texts, copies)
        except EmbedbenchError as error:
            errors[name] = str(error)
            engine.progress.say(f"encoder '{name}' failed: {error}")
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
        "--copies": None if asked["copies"] == COPIES else asked["copies"],
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
