"""One start of an encoder's workers: choose the variant that runs, encode what is missing."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
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
from embedbench.embedding.latency import latency_ms
from embedbench.embedding.work import missing_from
from embedbench.embedding.worker import (
    Batch,
    Item,
    Totals,
    encode_images,
    encode_into,
    encode_texts,
    time_variants,
)
from embedbench.embedding.worker_state import Placement
from embedbench.encoder import Encoder, Vectors, combine
from embedbench.encoders.record import EncoderRecord, LoadedEncoder
from embedbench.errors import EncoderError
from embedbench.io.store import Store, text_key
from embedbench.io.store_writer import RowWriter
from embedbench.parallel.pool import WorkerDied
from embedbench.utils.hardware import cores
from embedbench.utils.messages import one_line
from embedbench.utils.progress import Progress

__all__ = ["EncodingJob", "JobResult"]

Vector = Float32[np.ndarray, " dim"]

_MOST_ROWS = 512
_SHARES = 16
"""Least number of batches for a worker that writes to the store itself."""
_PREPARING = 2
"""Threads of a worker that prepare images ahead while all its threads compute, on a CPU."""
_AT_ONCE = 32
"""Images in a call to such a worker."""
_AT_ONCE_ON_A_GPU = 2048
"""Images in a call to a worker on a GPU, so that its threads can prepare images ahead."""


@dataclass(frozen=True)
class JobResult:
    """The result of a job.

    Attributes:
        record: what is known of the encoder.
        failures: reasons by the keys of the images that were not encoded.
        missing: the images that were not in the store before.
        text_error: why the texts were not encoded; empty if they were.
    """

    record: EncoderRecord
    failures: dict[str, str]
    missing: list[Item]
    text_error: str = ""


@dataclass
class EncodingJob:
    """One start of an encoder's workers.

    Attributes:
        label: the encoder's name in the tables.
        encoder: as the workers hold it.
        workers: all processes that hold the encoder.
        store: where vectors are kept.
        progress: shows progress.
        tuned: the variant that runs; None if it must be chosen.
        record: what is known of the encoder; None if nothing is.
    """

    label: str
    encoder: Encoder
    workers: Workers
    store: Store
    progress: Progress
    tuned: TunedVariant | None
    record: EncoderRecord | None
    _dim: int | None = None

    def run(self, items: dict[str, Source | AugmentedImage], texts: Sequence[str]) -> JobResult:
        """Encode what is missing."""
        tuned = self.tuned or self._tune(list(items.items()))
        placement = self._placement(0 if self.tuned else self._variants.index(tuned.encoder))
        record = self._loaded.record(tuned.encoder, self.record)
        self._dim = record.dim
        missing, missing_texts = missing_from(self.store, record.fingerprint, items, texts)
        failures, measured = self._encode(tuned.encoder, placement, missing, self.label)
        if measured:
            measured["latency_ms"] = latency_ms(self.workers, items, failures, placement)
        text_error = self._encode_texts(record.fingerprint, missing_texts, placement)
        record = replace(record, **measured, **tuned.settings_record(), dim=self._dim)
        identity = combine(tuned.encoder.identity(), [])
        self.store.put_record("encoders", identity, record.to_json())
        self.store.compact(record.fingerprint)
        return JobResult(record, failures, missing, text_error)

    def _encode_texts(self, fingerprint: str, texts: list[str], placement: Placement) -> str:
        """Encode and keep texts; return why the encoder could not, or an empty text."""
        if not texts:
            return ""
        try:
            rows = self._even(self.workers.call(encode_texts, texts, placement))
        except EncoderError as error:  # its images may be in order
            return one_line(str(error))
        self.store.write(fingerprint, [text_key(text) for text in texts], rows)
        return ""

    def load(self) -> None:
        """Load the encoder, unless it is loaded."""
        _ = self._load

    @cached_property
    def _load(self) -> tuple[LoadedEncoder, Batch]:
        with self.progress.loading(f"{self.label}: loading") as tick:
            return self.workers.load(tick)

    @property
    def _loaded(self) -> LoadedEncoder:
        return self._load[0]

    @property
    def _variants(self) -> Sequence[Encoder]:
        return self.encoder.variants(self._loaded.facts.device)

    def _placement(self, variant: int) -> Placement:
        facts = self._loaded.facts
        if facts.device == "cpu":
            return Placement(variant, threads=min(self.workers.threads, _PREPARING))
        return Placement(variant, facts.device, max(1, cores() // facts.devices))

    def _ready(self, encoder: Encoder, wanted: set[str]) -> Batch:
        """Return what was encoded of these images when the encoder was loaded."""
        first = self._load[1]
        is_reference = encoder == self._variants[0]
        kept = [row for row, key in enumerate(first.keys) if is_reference and key in wanted]
        keys = [first.keys[row] for row in kept]
        return replace(first, keys=keys, vectors=first.vectors[kept])

    def _even(self, rows: Vectors) -> Vectors:
        """Return the rows.

        Raises:
            EncoderError: they are not as long as those before.
        """
        if len(rows):
            dim = self._dim = self._dim or rows.shape[1]
            if rows.shape[1] != dim:
                # Several workers answer, in any order.
                low, high = sorted((dim, rows.shape[1]))
                raise EncoderError(f"it returned rows of {low} numbers and of {high}")
        return rows

    def _tune(self, items: list[Item]) -> TunedVariant:
        """Measure the variants on the first images; keep and return the one that runs.

        First precision, then batch size, then compiling. The reference runs if the images are too
        few for measuring to pay.
        """
        variants, images = self._variants, len(items)
        best, agreement, least = 0, None, math.inf
        with self.progress.bar(f"{self.label}: measuring how to run it", 0, "images"):
            timed = self._time(items, [0])
            _, *first = timed_first(variants)
            start = time.perf_counter()
            timed |= self._time(items, first[:1])
            each = time.perf_counter() - start
            if 0 in timed:
                least = break_even_images(timed[0], each, len(first) - 1, self.workers.count)
            if images >= least:
                timed |= self._time(items, first[1:])
                best, agreement = self._faithful(items, faster_candidates(timed), (0, None))
                batch_timings = self._time(items, batch_size_variants(variants, best))
                timed |= batch_timings
                twins = {0: timed[0], best: timed[best]} | batch_timings
                best = next(iter(faster_candidates(twins, best, gain=1.1)), best)
                compiled = compiled_variant(variants, best)
                if compiled and compiled_pays(timed[best], images, self.workers.count):
                    timed |= self._time(items, compiled)
                    if compiled[0] in faster_candidates(timed, best) and compiled_pays(
                        timed[best], images, self.workers.count, timed[compiled[0]]
                    ):
                        best, agreement = self._faithful(items, compiled, (best, agreement))
        tuned = TunedVariant(variants[best], agreement)
        if best in timed:
            keys = [key for key, _ in items[:COMPARED]]
            most = math.inf if images >= least else least
            speed = 1 / timed[best].seconds
            save_tuning(self.store, self.label, self.encoder, keys, tuned, speed, most)
        return tuned

    def _time(self, items: list[Item], variants: list[int]) -> dict[int, Timing]:
        """Return how long these variants take; nothing if the workers die of it."""
        placements = [self._placement(variant) for variant in variants]
        try:
            if placements:
                return self.workers.call(time_variants, items[:TIMED], placements)
        except WorkerDied:
            pass
        return {}

    def _faithful(
        self, items: list[Item], candidates: Sequence[int], best: tuple[int, Fidelity | None]
    ) -> tuple[int, Fidelity | None]:
        """Return the first faithful candidate with its fidelity; else the best so far."""
        first = items[:COMPARED]
        for number in candidates:
            exact, rows = (self._rows(variant, first) for variant in (0, number))
            both = [key for key in exact if key in rows]
            if len(both) < TIMED:
                break
            agreement = fidelity(
                *(np.stack([vectors[key] for key in both]) for vectors in (exact, rows))
            )
            if agreement.is_faithful:
                return number, agreement
        return best

    def _rows(self, variant: int, items: list[Item]) -> dict[str, Vector]:
        """Return the rows of a variant by their keys, from the store or encoded now."""
        encoder = self._variants[variant]
        fingerprint = self._loaded.fingerprint(encoder)
        missing, _ = missing_from(self.store, fingerprint, dict(items), [])
        self._encode(encoder, self._placement(variant), missing, None)
        return self.store.read(fingerprint, [key for key, _ in items])

    def _encode(
        self, encoder: Encoder, placement: Placement, missing: list[Item], label: str | None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Encode images into the store; return the failures, and what was measured."""
        fingerprint = self._loaded.fingerprint(encoder)
        writer = RowWriter(self.store, fingerprint)
        size = encoder.batch_size
        if placement.threads > 1:
            size *= max(1, (_AT_ONCE if placement.device == "cpu" else _AT_ONCE_ON_A_GPU) // size)
        encode = partial(encode_images, placement=placement)
        if self.workers.writes:
            size = _rows_of_a_file(len(missing), size, self.workers.count) if label else COMPARED
            encode = partial(
                encode_into, placement=placement, store=self.store, fingerprint=fingerprint
            )
        ready = self._ready(encoder, {key for key, _ in missing})
        totals = Totals()
        progress = self.progress if label else Progress(quiet=True)
        try:
            with progress.bar(label or "", len(missing), "images") as bar:
                if ready.keys:
                    writer.add(ready.keys, self._even(ready.vectors), ready.seconds)
                    totals.add(ready)
                    bar.update(len(ready.keys))
                rest = [item for item in missing if item[0] not in set(ready.keys)]
                batches = [rest[start : start + size] for start in range(0, len(rest), size)]
                for batch in self.workers.map(encode, batches):
                    if not self.workers.writes:
                        self._even(batch.vectors)
                        writer.add(batch.keys, batch.vectors, batch.seconds)
                    totals.add(batch)
                    bar.update(len(batch.keys) + len(batch.failures))
        finally:
            writer.flush()
        if totals.rows and totals.at_once < encoder.batch_size:
            self.progress.say(
                f"{self.label}: {encoder.batch_size} images at once did not fit the memory; "
                f"went on with {totals.at_once}"
            )
        return totals.failures, totals.measured(self.workers.count)


def _rows_of_a_file(rows: int, batch: int, workers: int) -> int:
    """Return how many images a worker that writes gets at once: few enough to share the work."""
    share = -(-rows // (_SHARES * workers * batch)) * batch
    return min(share, max(batch, _MOST_ROWS // batch * batch))
