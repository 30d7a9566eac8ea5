"""Turn images into vectors: look them up in the store, and encode the missing ones."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from embedbench.data.dataset import Dataset
from embedbench.embedding.engine import Engine, Workers
from embedbench.embedding.job import EncodingJob
from embedbench.embedding.result import Embedding, joined_embedding
from embedbench.embedding.work import EncodingWork, Items
from embedbench.embedding.worker import Item
from embedbench.encoder import Encoder, LookupEncoder, check_rows
from embedbench.encoders.concatenation import Concatenation
from embedbench.encoders.record import EncoderRecord, WeightsFile
from embedbench.errors import EmbedbenchError, EncoderError, StoreError
from embedbench.io.store import Store, text_key
from embedbench.utils.messages import wrap_foreign_errors

__all__ = ["Embedder", "embed"]


_SETTLING = 10.0
"""Seconds that an encoder waits, at most, for others that are still being loaded."""


@wrap_foreign_errors()
def embed(
    label: str,
    encoder: Encoder,
    dataset: Dataset,
    hashes: Sequence[str],
    engine: Engine,
    texts: Sequence[str] = (),
    others: Sequence[Item] = (),
) -> Embedding:
    """Return the vectors of one encoder; see `Embedder.embed`.

    Args:
        label: the encoder's name, for the progress bar.
        encoder: not yet loaded; only workers load it, and only if it is needed.
        dataset: the images.
        hashes: the hash of each image's bytes.
        engine: where and how the encoder runs.
        texts: encoded into the images' space; the encoder must be a TextEncoder.
        others: further images with their keys, such as augmented ones.

    Raises:
        EmbedbenchError: the encoder cannot be loaded, fails, or returns something wrong.
    """
    with Embedder({label: encoder}, engine) as embedder:
        return embedder.embed(label, dataset, hashes, texts, others)


@dataclass
class Embedder:
    """Embeds images by several encoders in turn; leaving the context ends their workers.

    While one encoder is loaded, so are the next ones, as many as the engine allows; but none while
    another one encodes, for its images per second are measured.

    Attributes:
        encoders: by name, in the order of their turns; not yet loaded.
        engine: where and how they run.
    """

    encoders: Mapping[str, Encoder]
    engine: Engine
    _begun: dict[str, "_Begun"] = field(default_factory=dict)
    _ending: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> "Embedder":
        return self

    def __exit__(self, *error: Any) -> None:
        self._ending.__exit__(*error)

    def begin(self, items: Items, first: str | None = None) -> None:
        """Start to load the encoders whose turn comes next, if they are needed for these images.

        Args:
            items: the images by their keys.
            first: the encoder whose turn it is; None for the first of all.
        """
        names = list(self.encoders)
        for name in names[names.index(first) if first else 0 :]:
            if len(self._begun) >= self.engine.at_once:
                return
            encoder = self.encoders[name]
            if isinstance(encoder, LookupEncoder | Concatenation) or name in self._begun:
                continue
            with suppress(EmbedbenchError), wrap_foreign_errors():  # told when it is its turn
                work = EncodingWork.of(self.engine.store, encoder, items, ())
                if work.images:
                    stack = self._ending.enter_context(ExitStack())
                    start = self.engine.start_workers(work.variant, work.images)
                    workers = stack.enter_context(start)
                    self._begun[name] = _Begun(work.variant, workers, workers.begin(), stack)

    @wrap_foreign_errors()
    def embed(
        self,
        name: str,
        dataset: Dataset,
        hashes: Sequence[str],
        texts: Sequence[str] = (),
        others: Sequence[Item] = (),
    ) -> Embedding:
        """Return an encoder's vectors of all images, texts and others; encode the missing ones.

        Args:
            name: the encoder's.
            dataset: the images.
            hashes: the hash of each image's bytes.
            texts: encoded into the images' space; the encoder must be a TextEncoder.
            others: further images with their keys, such as augmented ones.

        Raises:
            EmbedbenchError: the encoder cannot be loaded, fails, or returns something wrong.
        """
        return self._embed(name, self.encoders[name], dataset, hashes, texts, others)

    def _embed(
        self,
        name: str,
        encoder: Encoder,
        dataset: Dataset,
        hashes: Sequence[str],
        texts: Sequence[str],
        others: Sequence[Item],
    ) -> Embedding:
        """Return the vectors of an encoder that may be a part of the one whose turn it is."""
        engine = self.engine
        if isinstance(encoder, LookupEncoder):
            return _look_up(encoder, dataset)
        if isinstance(encoder, Concatenation):
            rest = dataset, hashes, texts, others
            parts = [self._embed(self._name_of(one) or name, one, *rest) for one in encoder.parts]
            return joined_embedding(encoder, parts)
        items = dict(zip(hashes, dataset.sources, strict=True)) | dict(others)
        work = EncodingWork.of(engine.store, encoder, items, texts)
        record = work.record
        failures: dict[str, str] = {}
        missing: list[Item] = []
        text_error = ""
        if record is None or work.images or work.texts:
            if name not in self._begun:
                self.begin(items, name)
            with self._workers(name, work) as workers:
                job = EncodingJob(
                    name, work.variant, workers, engine.store, engine.progress, work.tuned, record
                )
                job.load()
                wait([one.loading for one in self._begun.values() if one.loading], _SETTLING)
                result = job.run(items, texts)
            record, failures, missing = result.record, result.failures, result.missing
            text_error = result.text_error
        failed = {row: failures[key] for row, key in enumerate(hashes) if key in failures}
        if len(failed) == len(hashes):
            raise EncoderError(f"it could encode none of the images; the first: {failed[0]}")
        encoded = len({key for key, _ in missing} & set(hashes) - set(failures))
        read = () if text_error else texts
        found = _collect(engine.store, record, hashes, read, others, failed, encoded)
        return replace(found, text_error=text_error)

    def _name_of(self, part: Encoder) -> str | None:
        """Return the name under which an encoder takes part by itself; None if it does not."""
        return next((name for name, encoder in self.encoders.items() if encoder == part), None)

    @contextmanager
    def _workers(self, name: str, work: "EncodingWork") -> Iterator[Workers]:
        """Yield the encoder's workers: those that were begun, if they hold this variant."""
        begun = self._begun.pop(name, None)
        if begun is not None and begun.variant == work.variant:
            with begun.stack:
                yield begun.workers
            return
        if begun is not None:
            begun.stack.close()
        with self.engine.start_workers(work.variant, work.images) as workers:
            yield workers


@dataclass(frozen=True, eq=False)
class _Begun:
    """Workers that load an encoder before its turn.

    Attributes:
        variant: the encoder.
        workers: what holds it.
        loading: done once it is loaded; None where that is not known.
        stack: ends the workers.
    """

    variant: Encoder
    workers: Workers
    loading: "Future[Any] | None"
    stack: ExitStack


def _collect(
    store: Store,
    record: EncoderRecord,
    hashes: Sequence[str],
    texts: Sequence[str],
    others: Sequence[Item],
    failed: dict[int, str],
    encoded: int,
) -> Embedding:
    text_keys, other_keys = [text_key(text) for text in texts], [key for key, _ in others]
    table = store.rows(record.fingerprint, [*hashes, *text_keys, *other_keys])
    ends = [len(hashes), len(hashes) + len(text_keys)]
    vectors, text_rows, other_rows = np.split(table, ends)
    lost = len(hashes) - len(failed) - int(np.isfinite(vectors).all(axis=1).sum())
    if lost:
        raise StoreError(
            f"the vectors of {lost} images are gone from the store '{store.folder}': was it "
            "emptied meanwhile? run again"
        )
    record = replace(record, dim=table.shape[1])
    return Embedding(vectors, text_rows, other_rows, failed, record, encoded)


def _look_up(encoder: LookupEncoder, dataset: Dataset) -> Embedding:
    """Return the vectors that were made elsewhere; images without one are failures."""
    vectors = encoder.lookup(dataset.names)
    missing = _rows_of_nan(vectors, len(dataset))
    if len(missing) == len(dataset):
        raise EncoderError("it has a vector of none of the images")
    there = np.delete(vectors, missing, axis=0) if missing else vectors
    check_rows(there, len(dataset) - len(missing))
    dim = vectors.shape[1]
    facts = encoder.facts()
    reason = f"no vector in '{facts.weights}'" if facts.weights else "no vector"
    weights = tuple(WeightsFile.read(file) for file in encoder.weights_files())
    record = EncoderRecord(encoder.fingerprint(), weights, facts, dim)
    nothing = np.empty((0, dim), np.float32)
    failures = dict.fromkeys(missing, reason)
    return Embedding(vectors, nothing, nothing, failures, record, 0, is_looked_up=True)


def _rows_of_nan(vectors: Any, count: int) -> list[int]:
    """Return which rows are nan and nothing else; none where these are no rows."""
    if not isinstance(vectors, np.ndarray) or vectors.dtype != np.float32:
        return []
    if vectors.ndim != 2 or len(vectors) != count:
        return []
    return np.flatnonzero(np.isnan(vectors).all(axis=1)).tolist()
