"""What runs in an encoder's worker processes: load the encoder, decode and encode batches."""

import hashlib
import os
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from embedbench.data.images.augmentations import AugmentedImage
from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.sources import Source, read_verified
from embedbench.embedding.autotune import Timing
from embedbench.embedding.worker_state import Placement, encode_rows, state
from embedbench.encoder import Encoder, TextEncoder, Vectors, check_rows, join_rows
from embedbench.encoders.record import LoadedEncoder, WeightsFile, check_facts
from embedbench.errors import EncoderError, ImageError
from embedbench.io.store import Store
from embedbench.parallel.quarantine import under_alarm
from embedbench.utils.hardware import peak_memory_mb
from embedbench.utils.messages import picklable_errors

__all__ = [
    "Batch",
    "Item",
    "Totals",
    "encode_images",
    "encode_into",
    "encode_texts",
    "failed",
    "load",
    "time_variants",
]

Item = tuple[str, Source | AugmentedImage]
"""An image's key in the store, and where it is or what it is made from."""

_LEAST_SECONDS = 0.5
"""Least time for which a variant is timed."""


@dataclass(frozen=True, eq=False)
class Batch:
    """The result of encoding some images.

    Attributes:
        keys: hashes of the images that were encoded.
        vectors: their rows.
        failures: reasons by the hashes of the images that were not encoded.
        seconds: time for reading, decoding, preparing and encoding.
        peak_memory_mb: the most memory that this process has held so far.
        at_once: how many images were encoded at once; fewer than `batch_size` after memory ran
            out.
    """

    keys: list[str]
    vectors: Vectors
    failures: dict[str, str]
    seconds: float
    peak_memory_mb: float
    at_once: int


@dataclass
class Totals:
    """Sums and extremes over the batches so far."""

    failures: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    rows: int = 0
    at_once: int = 2**31

    def add(self, batch: Batch) -> None:
        """Count a batch."""
        self.failures |= batch.failures
        self.seconds += batch.seconds
        self.rows += len(batch.keys)
        self.peak_memory_mb = max(self.peak_memory_mb, batch.peak_memory_mb)
        self.at_once = min(self.at_once, batch.at_once)

    def measured(self, workers: int) -> dict[str, Any]:
        """Return the fields of the encoder's record that were measured; none without rows."""
        if not self.seconds:
            return {}
        speed = round(workers * self.rows / self.seconds, 2)
        peak = round(self.peak_memory_mb)
        return {"images_per_second": speed, "workers": workers, "peak_memory_mb": peak}


@picklable_errors()
def load(items: list[Item]) -> tuple[LoadedEncoder, Batch]:
    """Load the model by encoding some images; return what it is, and their rows.

    Where none can be opened, a grey one is encoded. Images that cannot be opened are left out. The
    batch's time is without loading: that of encoding again, when the order of the rows is checked.

    Args:
        items: the images, a few.
    """
    worker = state()
    encoder = worker.select_variant(Placement())
    start = time.perf_counter()
    with _preparing(encoder, items, 1) as prepared:
        opened = {key: image for key, image in prepared if not isinstance(image, ImageError)}
    seconds = time.perf_counter() - start
    images = [*opened.values()] or [worker.grey(encoder)]
    rows, worker.at_once = encode_rows(encoder, images, worker.at_once)
    load_seconds = time.perf_counter() - start
    files = [Path(path).absolute() for path in encoder.weights_files()]
    with ThreadPoolExecutor(1) as hashing:
        weights = hashing.map(WeightsFile.read, files)
        start = time.perf_counter()
        worker.check_row_order(images, rows)
        seconds += time.perf_counter() - start
    loaded = LoadedEncoder(
        tuple(weights),
        check_facts(encoder.facts()),
        round(load_seconds, 2),
        round(peak_memory_mb()),
    )
    vectors = rows if opened else np.empty((0, 0), np.float32)
    return loaded, Batch(
        [*opened], vectors, {}, seconds, float(loaded.peak_memory_mb), worker.at_once
    )


@picklable_errors()
def encode_images(items: list[Item], placement: Placement = Placement()) -> Batch:  # noqa: B008
    """Return the rows of the images; those that cannot be opened are failures.

    Args:
        items: the images; several batches on a GPU, which threads prepare while it computes.
        placement: the variant, its device and threads.
    """
    worker = state()
    encoder = worker.load_variant(placement)
    keys: list[str] = []
    parts: list[Vectors] = []
    failures: dict[str, str] = {}
    start = time.perf_counter()
    with _preparing(encoder, items, placement.threads) as prepared:
        while batch := list(islice(prepared, worker.at_once)):
            images = []
            for key, image in batch:
                if isinstance(image, ImageError):
                    failures[key] = str(image)
                else:
                    images.append(image)
                    keys.append(key)
            if images:
                rows, worker.at_once = encode_rows(encoder, images, worker.at_once)
                parts.append(rows)
            worker.heartbeat()
    vectors = join_rows(parts) if parts else np.empty((0, 0), np.float32)
    seconds = time.perf_counter() - start
    return Batch(keys, vectors, failures, seconds, peak_memory_mb(), worker.at_once)


def failed(item: Item, reason: str) -> Batch:
    """Return the result for an image that could not be encoded."""
    nothing = np.empty((0, 0), np.float32)
    return Batch([], nothing, {item[0]: reason}, 0.0, 0.0, sys.maxsize)


def encode_into(items: list[Item], placement: Placement, store: Store, fingerprint: str) -> Batch:
    """Encode images and write their rows to the store; return the result without the rows.

    The file is named after the images, so that a worker that repeats the work of a dead one finds
    what was done.
    """
    name = hashlib.sha256("".join(key for key, _ in items).encode()).hexdigest()[:32]
    done = store.keys_of(fingerprint, name)
    batch = encode_images([item for item in items if item[0] not in done], placement)
    if batch.keys:
        store.write(fingerprint, batch.keys, batch.vectors, None if done else name)
    nothing = np.empty((0, 0), np.float32)
    return replace(batch, keys=[*done, *batch.keys], vectors=nothing)


@contextmanager
def _preparing(
    encoder: Encoder, items: Iterable[Item], threads: int
) -> Iterator[Iterator[tuple[str, Any]]]:
    """Yield each image's key with the prepared image, or with the error that it cannot be opened.

    Several threads prepare images ahead.
    """

    def prepare(item: Item) -> tuple[str, Any]:
        key, source = item
        try:
            with under_alarm():
                return key, _open_and_prepare(encoder, key, source)
        except ImageError as error:
            return key, error

    if threads == 1:
        yield map(prepare, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool.map(prepare, items)


def _open_and_prepare(encoder: Encoder, key: str, source: Source | AugmentedImage) -> Any:
    os.chdir(state().folder)  # the encoder may have left it, and relative paths start here
    if isinstance(source, AugmentedImage):
        augmented = source.open(read_verified(source.source, source.key))
        with _not_the_image():
            return encoder.prepare(augmented)
    pixels = open_pixels(read_verified(source, key), encoder.least_side)
    with _not_the_image():
        return encoder.prepare_pixels(pixels)


@contextmanager
def _not_the_image() -> Iterator[None]:
    """Turn an ImageError of the encoder into an EncoderError: the image could be opened.

    Otherwise all encoders would lose the image because of one of them.
    """
    try:
        yield
    except ImageError as error:
        raise EncoderError(str(error)) from error


def time_variants(items: list[Item], placements: list[Placement]) -> dict[int, Timing]:
    """Return the timings of variants by number, without those that fail.

    Only encoding is timed, on prepared images. The first batch includes loading and compiling, so
    it is kept apart. Of the others the quickest counts: the rest of the machine disturbed it least.
    """
    timings: dict[int, Timing] = {}
    for placement in placements:
        try:
            encoder = state().select_variant(placement)
            with _preparing(encoder, items, placement.threads) as prepared:
                images = [image for _, image in prepared if not isinstance(image, ImageError)]
            if images:
                timings[placement.variant] = _time(encoder, images)
        except BaseException:  # a variant that does not run here, or does not fit, is not chosen
            traceback.print_exc()
    return timings


def _time(encoder: Encoder, images: list[Any]) -> Timing:
    """Encode all images once, and again until enough time has passed."""
    size = encoder.batch_size
    batches = [images[start : start + size] for start in range(0, len(images), size)]
    rows: list[Vectors] = []
    seconds: list[float] = []
    while len(rows) < len(batches) or len(rows) < 3 or sum(seconds) < _LEAST_SECONDS:
        start = time.perf_counter()
        rows.append(encoder.encode_prepared(batches[len(rows) % len(batches)]))
        seconds.append(time.perf_counter() - start)
    return Timing(min(seconds[1:]) / size, seconds[0], np.concatenate(rows[: len(batches)]))


@picklable_errors()
def encode_texts(texts: list[str], placement: Placement) -> Float32[np.ndarray, "texts dim"]:
    """Return one row for each text."""
    encoder = state().select_variant(placement)
    assert isinstance(encoder, TextEncoder)
    return check_rows(encoder.encode_texts(texts), len(texts))
