"""One start of an encoder's workers: how it is run is found out, then what is missing encoded."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float32

from embedbench.data.images.augmentations import AugmentedImage
from embedbench.data.images.sources import Source
from embedbench.embedding.autotune import (
    COMPARED,
    TIMED,
    Fidelity,
    Timing,
    TunedVariant,
    batch_size_variants,
    break_even_images,
    compiled_pays,
    compiled_variant,
    faster_candidates,
    fidelity,
    save_tuning,
    timed_first,
)
from embedbench.embedding.engine import Workers
from embedbench.embedding.worker import (
    Batch,
    Item,
    encode_images,
    encode_into,
    encode_texts,
    time_variants,
)
from embedbench.embedding.worker_state import Placement
from embedbench.encoder import Encoder, Vectors, combine
from embedbench.errors import EncoderError
from embedbench.io.store import Store, text_key
from embedbench.io.store_writer import RowWriter
from embedbench.parallel.pool import WorkerDied
from embedbench.utils.hardware import cores
from embedbench.utils.progress import Progress

__all__ = ["EncodingJob", "JobResult", "missing_from"]

Vector = Float32[np.ndarray, " dim"]

_MOST_ROWS = 512
_SHARES = 16
"""A worker that writes to the store itself gets its part in so many pieces, or in more."""
_AT_ONCE_ON_A_GPU = 2048
"""On a GPU a worker gets so many images in one go, or a batch, for its threads to run ahead."""


@dataclass(frozen=True)
class JobResult:
    """What a session did.

    Attributes:
        record: what is remembered of the encoder: fingerprint, facts, what was measured.
        failures: why images were not encoded, by their keys.
        missing: the images that were not in the store before.
    """

    record: dict[str, Any]
    failures: dict[str, str]
    missing: list[Item]


def missing_from(
    store: Store,
    record: dict[str, Any] | None,
    items: dict[str, Source | AugmentedImage],
    texts: Sequence[str],
) -> tuple[list[Item], list[str]]:
    """Return which images and texts are not in the store; all where the encoder is not known."""
    if record is None:
        return list(items.items()), list(texts)
    keys = [text_key(text) for text in texts]
    stored = store.stored(record["fingerprint"], [*items, *keys])
    return (
        [item for item in items.items() if item[0] not in stored],
        [text for text, key in zip(texts, keys, strict=True) if key not in stored],
    )


@dataclass
class EncodingJob:
    """One start of an encoder's workers.

    Attributes:
        label: what the tables call the encoder.
        encoder: as the workers hold it.
        workers: the workers.
        store: where vectors are kept.
        progress: how it is shown.
        choice: which of its variants runs; None if that is to be found out.
        record: what is known of the encoder from earlier; None if nothing is.
    """

    label: str
    encoder: Encoder
    workers: Workers
    store: Store
    progress: Progress
    choice: TunedVariant | None
    record: dict[str, Any] | None
    _loaded: dict[str, Any] = field(default_factory=dict)
    _dim: int | None = None

    def run(self, items: dict[str, Source | AugmentedImage], texts: Sequence[str]) -> JobResult:
        """Encode what is missing."""
        with self.progress.bar(f"{self.label}: loading", 0, "images"):
            self._loaded = self.workers.load()
        choice = self.choice or self._choose(list(items.items()))
        place = self._place(0 if self.choice else self._variants.index(choice.encoder))
        fingerprint = self._fingerprint(choice.encoder)
        self._dim = (self.record or {}).get("dim")
        record = (self.record or {}) | self._loaded | {"fingerprint": fingerprint}
        missing, missing_texts = missing_from(self.store, record, items, texts)
        if missing_texts:
            rows = self._even(self.workers.call(encode_texts, missing_texts, place))
            self.store.write(fingerprint, [text_key(text) for text in missing_texts], rows)
        failures, measured = self._encode(choice.encoder, place, missing, self.label)
        record |= measured | choice.told() | {"dim": self._dim}
        self.store.put_record("encoders", combine(choice.encoder.identity(), []), record)
        self.store.compact(fingerprint)
        return JobResult(record, failures, missing)

    @property
    def _variants(self) -> Sequence[Encoder]:
        return self.encoder.variants(self._loaded["facts"]["device"])

    def _place(self, variant: int) -> Placement:
        facts = self._loaded["facts"]
        if facts["device"] == "cpu":
            return Placement(variant)
        return Placement(variant, facts["device"], max(1, cores() // facts["devices"]))

    def _fingerprint(self, encoder: Encoder) -> str:
        return combine(encoder.identity(), [row[3] for row in self._loaded["weights"]])

    def _even(self, rows: Vectors) -> Vectors:
        """Return the rows if they are as long as all before.

        Raises:
            EncoderError: they are not, so nothing of the encoder can be compared.
        """
        if len(rows):
            dim = self._dim = self._dim or rows.shape[1]
            if rows.shape[1] != dim:
                raise EncoderError(f"it returned rows of {dim} numbers, then of {rows.shape[1]}")
        return rows

    def _choose(self, items: list[Item]) -> TunedVariant:
        """Measure the variants on the first images; remember and return the one that is to run.

        First precision, then batch size, then whether compiling pays. The reference runs where
        the images are too few for measuring to pay.
        """
        variants, images = self._variants, len(items)
        best, found, least = 0, None, math.inf
        with self.progress.bar(f"{self.label}: measuring how to run it", 0, "images"):
            timed = self._time(items, [0])
            _, *first = timed_first(variants)
            start = time.perf_counter()
            timed |= self._time(items, first[:1])
            each = time.perf_counter() - start
            if 0 in timed:
                least = break_even_images(timed[0], each, len(first) - 1, self.workers.workers)
            if images >= least:
                timed |= self._time(items, first[1:])
                best, found = self._faithful(items, faster_candidates(timed), (0, None))
                others = self._time(items, batch_size_variants(variants, best))
                timed |= others
                best = next(
                    iter(
                        faster_candidates({0: timed[0], best: timed[best]} | others, best, gain=1.1)
                    ),
                    best,
                )
                twin = compiled_variant(variants, best)
                if twin and compiled_pays(timed[best], images, self.workers.workers):
                    timed |= self._time(items, twin)
                    if twin[0] in faster_candidates(timed, best) and compiled_pays(
                        timed[best], images, self.workers.workers, timed[twin[0]]
                    ):
                        best, found = self._faithful(items, twin, (best, found))
        choice = TunedVariant(variants[best], found)
        if best in timed:
            keys = [key for key, _ in items[:COMPARED]]
            most = math.inf if images >= least else least
            speed = 1 / timed[best].seconds
            save_tuning(self.store, self.label, self.encoder, keys, choice, speed, most)
        return choice

    def _time(self, items: list[Item], numbers: list[int]) -> dict[int, Timing]:
        """Return how long these variants take; nothing where the workers die of it."""
        places = [self._place(number) for number in numbers]
        try:
            return self.workers.call(time_variants, items[:TIMED], places) if places else {}
        except WorkerDied:
            return {}

    def _faithful(
        self, items: list[Item], candidates: Sequence[int], best: tuple[int, Fidelity | None]
    ) -> tuple[int, Fidelity | None]:
        """Return the first candidate that is faithful, and how far; else the best so far."""
        first = items[:COMPARED]
        for number in candidates:
            exact, rows = (self._compared(place, first) for place in (0, number))
            both = [key for key in exact if key in rows]
            if len(both) < TIMED:
                break
            found = fidelity(*(np.stack([some[key] for key in both]) for some in (exact, rows)))
            if found.is_faithful:
                return number, found
        return best

    def _compared(self, number: int, items: list[Item]) -> dict[str, Vector]:
        """Return the rows of a variant by their keys, from the store or encoded now."""
        encoder = self._variants[number]
        known = {"fingerprint": self._fingerprint(encoder)}
        missing, _ = missing_from(self.store, known, dict(items), [])
        self._encode(encoder, self._place(number), missing, None)
        return self.store.read(known["fingerprint"], [key for key, _ in items])

    def _encode(
        self, encoder: Encoder, place: Placement, missing: list[Item], label: str | None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Encode images into the store; return those that failed, and what was measured."""
        fingerprint = self._fingerprint(encoder)
        writer = RowWriter(self.store, fingerprint)
        size = encoder.batch_size
        if place.device != "cpu":
            size *= max(1, _AT_ONCE_ON_A_GPU // size)
        encode = partial(encode_images, place=place)
        if self.workers.writes:
            size = _rows_of_a_file(len(missing), size, self.workers.workers) if label else COMPARED
            encode = partial(encode_into, place=place, store=self.store, fingerprint=fingerprint)
        batches = [missing[start : start + size] for start in range(0, len(missing), size)]
        done = _Totals()
        progress = self.progress if label else Progress(quiet=True)
        try:
            with progress.bar(label or "", len(missing), "images") as bar:
                for batch in self.workers.map(encode, batches):
                    if not self.workers.writes:
                        self._even(batch.vectors)
                        writer.add(batch.keys, batch.vectors, batch.seconds)
                    done.add(batch)
                    bar.update(len(batch.keys) + len(batch.failures))
        finally:
            writer.flush()
        if done.rows and done.at_once < encoder.batch_size:
            self.progress.say(
                f"{self.label}: {encoder.batch_size} images at once did not fit the memory; "
                f"went on with {done.at_once}"
            )
        return done.failures, done.measured(self.workers.workers)


def _rows_of_a_file(rows: int, batch: int, workers: int) -> int:
    """Return how many images a worker that writes gets at once: few enough to share them out."""
    share = -(-rows // (_SHARES * workers * batch)) * batch
    return min(share, max(batch, _MOST_ROWS // batch * batch))


@dataclass
class _Totals:
    """What came of the batches so far."""

    failures: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    rows: int = 0
    at_once: int = 2**31

    def add(self, batch: Batch) -> None:
        self.failures |= batch.failures
        self.seconds += batch.seconds
        self.rows += len(batch.keys)
        self.peak_memory_mb = max(self.peak_memory_mb, batch.peak_memory_mb)
        self.at_once = min(self.at_once, batch.at_once)

    def measured(self, workers: int) -> dict[str, Any]:
        if not self.seconds:
            return {}
        speed = round(workers * self.rows / self.seconds, 2)
        peak = round(self.peak_memory_mb)
        return {"images_per_second": speed, "workers": workers, "peak_memory_mb": peak}
