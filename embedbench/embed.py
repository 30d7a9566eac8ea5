"""Embedding: images to vectors, in worker processes of each encoder's own, into the store."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from embedbench.addresses import check_offline, place_of
from embedbench.changes import Changed
from embedbench.dataset import Dataset, Source
from embedbench.download import Fetching
from embedbench.encoder import (
    Encoder,
    LookupEncoder,
    Vectors,
    check_rows,
    combine,
)
from embedbench.encoding import Item, dumps, encode_images, encode_texts, hold, load, stamp
from embedbench.errors import EncoderError
from embedbench.network import hub_environment
from embedbench.progress import Progress
from embedbench.store import Store, default_store, text_key
from embedbench.workers import Pool, cores, map_unordered

__all__ = ["Embedding", "Engine", "embed", "make_engine"]

_FLUSH_ROWS = 256
_FLUSH_SECONDS = 5.0


@dataclass(frozen=True)
class Engine:
    """Where and how encoders run.

    Attributes:
        store: where vectors are kept.
        workers: processes for each encoder; on a GPU there is one.
        offline: they may not use the network.
        progress: how it is shown.
    """

    store: Store
    workers: int = field(default_factory=cores)
    offline: bool = False
    progress: Progress = field(default_factory=Progress)

    @cached_property
    def environment(self) -> dict[str, str]:
        """Variables set in the processes; found out when the first of them is needed."""
        return hub_environment(self.offline)

    def fetching(self, allow_local: bool) -> Fetching:
        """Return how images are downloaded: into the store, unless they have a place."""
        folder = self.store.folder / "downloads"
        return Fetching(folder, self.offline, allow_local, progress=self.progress)

    def pool(self, workers: int, encoder: Encoder) -> Pool:
        """Return worker processes that hold this encoder."""
        arguments = (dumps(encoder), self.offline)
        return Pool(workers, self.environment, hold, arguments)


def make_engine(store: str | Path | None, offline: bool, progress: Progress) -> Engine:
    """Return an engine; `store` is a folder, an address, or None for the user's cache."""
    check_offline(offline, [store])
    return Engine(
        store=Store(place_of(store) if store else default_store()),
        offline=offline,
        progress=progress,
    )


@dataclass(frozen=True, eq=False)
class Embedding:
    """What an encoder made of a dataset.

    Attributes:
        vectors: row i is image i.
        texts: row i is text i; no rows where none were asked for.
        others: row i is other image i, nan where it could not be encoded; no rows where none
            were asked for, or where vectors are looked up and the others have none.
        failures: reasons by the images' rows; their vectors are nan.
        record: `dim`, `fingerprint`, and what was measured when the vectors were made:
            `images_per_second`, `load_seconds`, `peak_memory_mb`, and the facts of the model.
        encoded: how many images were encoded now; the others were in the store.
    """

    vectors: Vectors
    texts: Float32[np.ndarray, "texts dim"]
    others: Float32[np.ndarray, "others dim"]
    failures: dict[int, str]
    record: dict[str, Any]
    encoded: int

    def take(self, rows: Sequence[int]) -> "Embedding":
        """Return the embedding of these images alone, none of which may have failed."""
        return replace(self, vectors=self.vectors[list(rows)], failures={})


def embed(
    label: str,
    encoder: Encoder,
    dataset: Dataset,
    hashes: Sequence[str],
    engine: Engine,
    texts: Sequence[str] = (),
    others: Sequence[Item] = (),
) -> Embedding:
    """Return the vectors of all images, texts and others; those not in the store are encoded.

    Args:
        label: the encoder's name, for the progress bar.
        encoder: not yet loaded; it is loaded in the workers alone, and only if it is needed.
        dataset: the images.
        hashes: the hash of each image's bytes.
        engine: where and how.
        texts: to be put into the images' space; the encoder must be a TextEncoder.
        others: changed images and such, with their keys, encoded beside the images.

    Raises:
        EmbedbenchError: the encoder could not be loaded, failed, or returned something wrong.
    """
    if isinstance(encoder, LookupEncoder):
        return _look_up(encoder, dataset)
    items: dict[str, Source | Changed] = dict(zip(hashes, dataset.sources, strict=True))
    items |= dict(others)
    identity = combine(encoder.identity(), [])
    record = _recall(engine.store, identity)
    missing, missing_texts = _missing(engine.store, record, items, texts)
    failures: dict[str, str] = {}
    if missing or missing_texts:
        session = _Session(label, encoder, engine, identity, record)
        record, failures, missing = session.run(items, texts)
    assert record is not None
    failed = {row: failures[key] for row, key in enumerate(hashes) if key in failures}
    if len(failed) == len(hashes):
        raise EncoderError(f"it could encode none of the images; the first: {failed[0]}")
    encoded = len({key for key, _ in missing} & set(hashes) - set(failures))
    return _collect(engine.store, record, hashes, texts, others, failed, encoded)


def _missing(
    store: Store,
    record: dict[str, Any] | None,
    items: dict[str, Source | Changed],
    texts: Sequence[str],
) -> tuple[list[Item], list[str]]:
    if record is None:
        return list(items.items()), list(texts)
    keys = [text_key(text) for text in texts]
    stored = store.read(record["fingerprint"], [*items, *keys])
    return (
        [item for item in items.items() if item[0] not in stored],
        [text for text, key in zip(texts, keys, strict=True) if key not in stored],
    )


@dataclass
class _Session:
    """One start of an encoder's processes."""

    label: str
    encoder: Encoder
    engine: Engine
    identity: str
    record: dict[str, Any] | None

    def run(
        self, items: dict[str, Source | Changed], texts: Sequence[str]
    ) -> tuple[dict[str, Any], dict[str, str], list[Item]]:
        """Encode what is missing; return the record, the images that failed, what was missing."""
        store, progress = self.engine.store, self.engine.progress
        with ExitStack() as stack:
            with progress.bar(f"{self.label}: loading", 0, "images"):
                first = stack.enter_context(self.engine.pool(1, self.encoder))
                loaded = first.call(load)
            fingerprint = combine(self.encoder.identity(), [row[3] for row in loaded["weights"]])
            record = (self.record or {}) | loaded | {"fingerprint": fingerprint}
            missing, missing_texts = _missing(store, record, items, texts)
            if missing_texts:
                rows = first.call(encode_texts, missing_texts)
                store.write(fingerprint, [text_key(text) for text in missing_texts], rows)
            batches = _split(missing, self.encoder.batch_size)
            others = min(self.engine.workers, len(batches)) - 1
            pools = [first]
            if others > 0 and loaded["facts"]["device"] == "cpu":
                pools.append(stack.enter_context(self.engine.pool(others, self.encoder)))
            failures, measured = self._encode(pools, batches, fingerprint, len(missing))
        if measured:
            record |= measured
        store.remember("encoders", self.identity, record)
        store.tidy(fingerprint)
        return record, failures, missing

    def _encode(
        self, pools: list[Pool], batches: list[list[Item]], fingerprint: str, images: int
    ) -> tuple[dict[str, str], dict[str, Any]]:
        writer = _Writer(self.engine.store, fingerprint)
        failures: dict[str, str] = {}
        busy, peak, rows = 0.0, 0.0, 0
        try:
            with self.engine.progress.bar(self.label, images, "images") as bar:
                for batch in map_unordered(pools, encode_images, batches):
                    writer.add(batch.keys, batch.vectors)
                    failures |= batch.failures
                    busy, rows = busy + batch.seconds, rows + len(batch.keys)
                    peak = max(peak, batch.peak_memory_mb)
                    bar.update(len(batch.keys) + len(batch.failures))
        finally:
            writer.flush()
        if not busy:
            return failures, {}
        workers = sum(pool.workers for pool in pools)
        speed = {"images_per_second": round(workers * rows / busy, 2), "workers": workers}
        return failures, speed | {"peak_memory_mb": round(peak)}


@dataclass
class _Writer:
    """Gathers rows, and writes them every few seconds."""

    store: Store
    fingerprint: str
    keys: list[str] = field(default_factory=list)
    rows: list[Vectors] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    def add(self, keys: list[str], rows: Vectors) -> None:
        self.keys += keys
        self.rows.append(rows)
        late = time.monotonic() - self.since > _FLUSH_SECONDS
        if len(self.keys) >= _FLUSH_ROWS or late:
            self.flush()

    def flush(self) -> None:
        if self.keys:
            filled = [rows for rows in self.rows if len(rows)]
            self.store.write(self.fingerprint, self.keys, np.concatenate(filled))
        self.keys, self.rows, self.since = [], [], time.monotonic()


def _collect(
    store: Store,
    record: dict[str, Any],
    hashes: Sequence[str],
    texts: Sequence[str],
    others: Sequence[Item],
    failed: dict[int, str],
    encoded: int,
) -> Embedding:
    text_keys, other_keys = [text_key(text) for text in texts], [key for key, _ in others]
    stored = store.read(record["fingerprint"], [*hashes, *text_keys, *other_keys])
    dim = len(next(iter(stored.values())))
    nothing = np.full(dim, np.nan, np.float32)

    def rows(keys: Sequence[str]) -> Float32[np.ndarray, "keys dim"]:
        found = [stored.get(key, nothing) for key in keys]
        return np.array(found, dtype=np.float32).reshape(len(keys), dim)

    return Embedding(
        vectors=rows(hashes),
        texts=rows(text_keys),
        others=rows(other_keys),
        failures=failed,
        record=record | {"dim": dim},
        encoded=encoded,
    )


def _look_up(encoder: LookupEncoder, dataset: Dataset) -> Embedding:
    vectors = check_rows(encoder.lookup(dataset.names), len(dataset))
    dim = vectors.shape[1]
    record = {"dim": dim, "fingerprint": encoder.fingerprint(), "facts": asdict(encoder.facts())}
    nothing = np.empty((0, dim), np.float32)
    return Embedding(vectors, nothing, nothing, {}, record, 0)


def _recall(store: Store, identity: str) -> dict[str, Any] | None:
    """Return what is remembered of an encoder, if its weights' files are still the same."""
    record = store.recall("encoders", identity)
    if record is None or any(stamp(Path(row[0])) != row[1:3] for row in record["weights"]):
        return None
    return record


def _split(items: list[Item], size: int) -> list[list[Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
