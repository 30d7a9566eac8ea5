"""What runs in an encoder's worker processes: load it, decode and encode batches."""

import hashlib
import os
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from embedbench.data.images.augmentations import AugmentedImage
from embedbench.data.images.decoding import open_pixels
from embedbench.data.images.sources import Source, read_verified
from embedbench.embedding.autotune import Timing
from embedbench.embedding.worker_state import (
    Placement,
    check_facts,
    encode_rows,
    state,
)
from embedbench.encoder import Encoder, TextEncoder, Vectors, check_rows, hash_file, join_rows
from embedbench.errors import EncoderError, ImageError
from embedbench.io.store import Store
from embedbench.parallel.quarantine import under_alarm
from embedbench.utils.hardware import peak_memory_mb
from embedbench.utils.messages import picklable_errors

__all__ = [
    "Batch",
    "Item",
    "encode_images",
    "encode_into",
    "encode_texts",
    "failed",
    "load",
    "stamp",
    "time_variants",
]

Item = tuple[str, Source | AugmentedImage]
"""An image's key in the store, and where it is or what it is made from."""

_LEAST_SECONDS = 0.5
"""A variant is timed for so long at least, if there are images enough."""


@dataclass(frozen=True, eq=False)
class Batch:
    """What came of some images.

    Attributes:
        keys: hashes of the images that were encoded.
        vectors: their rows.
        failures: why the others were not, by their hashes.
        seconds: what reading, decoding, preparing and encoding took.
        peak_memory_mb: the most that this process has held so far.
        at_once: how many images were encoded at once: fewer than `batch_size` where the memory
            was too small.
    """

    keys: list[str]
    vectors: Vectors
    failures: dict[str, str]
    seconds: float
    peak_memory_mb: float
    at_once: int


@picklable_errors()
def load() -> dict[str, Any]:
    """Load the model; tell what it is and what it was loaded from."""
    start = time.perf_counter()
    encoder = state().take_loaded(Placement())
    seconds = time.perf_counter() - start
    state().try_out(encoder)
    files = [Path(path).resolve() for path in encoder.weights_files()]
    weights = [[str(path), *stamp(path), hash_file(path)] for path in files]
    return {
        "weights": weights,
        "facts": asdict(check_facts(encoder.facts())),
        "load_seconds": round(seconds, 2),
        "peak_memory_mb": round(peak_memory_mb()),
    }


@picklable_errors()
def encode_images(items: list[Item], place: Placement = Placement()) -> Batch:  # noqa: B008
    """Return the rows of the images; one that cannot be opened is told.

    Args:
        items: the images; on a GPU several batches of them, which threads prepare beside it.
        place: where and how.
    """
    holding = state()
    encoder = holding.take_loaded(place)
    keys: list[str] = []
    parts: list[Vectors] = []
    failures: dict[str, str] = {}
    start = time.perf_counter()
    with _preparing(encoder, items, place.threads) as prepared:
        while batch := list(islice(prepared, holding.at_once)):
            images = []
            for key, image in batch:
                if isinstance(image, ImageError):
                    failures[key] = str(image)
                else:
                    images.append(image)
                    keys.append(key)
            if images:
                rows, holding.at_once = encode_rows(encoder, images, holding.at_once)
                parts.append(rows)
            holding.beat()
    vectors = join_rows(parts) if parts else np.empty((0, 0), np.float32)
    seconds = time.perf_counter() - start
    return Batch(keys, vectors, failures, seconds, peak_memory_mb(), holding.at_once)


def failed(item: Item, reason: str) -> Batch:
    """Return what came of one image that could not be encoded."""
    nothing = np.empty((0, 0), np.float32)
    return Batch([], nothing, {item[0]: reason}, 0.0, 0.0, sys.maxsize)


def encode_into(items: list[Item], place: Placement, store: Store, fingerprint: str) -> Batch:
    """Encode images, and write their rows to the store; they are left out of what comes back.

    Their file is named after the images, so that a worker that gets the work of one that died
    sees what was done.
    """
    name = hashlib.sha256("".join(key for key, _ in items).encode()).hexdigest()[:32]
    done = store.keys_of(fingerprint, name)
    batch = encode_images([item for item in items if item[0] not in done], place)
    if batch.keys:
        store.write(fingerprint, batch.keys, batch.vectors, None if done else name)
    nothing = np.empty((0, 0), np.float32)
    return replace(batch, keys=[*done, *batch.keys], vectors=nothing)


@contextmanager
def _preparing(
    encoder: Encoder, items: Iterable[Item], threads: int
) -> Iterator[Iterator[tuple[str, Any]]]:
    """Give the images' keys, each with the prepared image, or the error that it cannot be opened.

    With several threads they run ahead of what is taken.
    """

    def one(item: Item) -> tuple[str, Any]:
        key, source = item
        try:
            with under_alarm():
                return key, _open_and_prepare(encoder, key, source)
        except ImageError as error:
            return key, error

    if threads == 1:
        yield map(one, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool.map(one, items)


def _open_and_prepare(encoder: Encoder, key: str, source: Source | AugmentedImage) -> Any:
    os.chdir(state().folder)  # the encoder may have gone elsewhere, and files are named from here
    if isinstance(source, AugmentedImage):
        changed = source.open(read_verified(source.source, source.key))
        with _not_the_image():
            return encoder.prepare(changed)
    pixels = open_pixels(read_verified(source, key), encoder.least_side)
    with _not_the_image():
        return encoder.prepare_pixels(pixels)


@contextmanager
def _not_the_image() -> Iterator[None]:
    """What an encoder says of an image that could be opened is its own fault, whatever it calls it.

    Else an image would be taken from all encoders for the sake of one.
    """
    try:
        yield
    except ImageError as error:
        raise EncoderError(str(error)) from error


def time_variants(items: list[Item], places: list[Placement]) -> dict[int, Timing]:
    """Return how long these variants of the encoder take, by number; those that fail are left out.

    Only what is encoded is timed, on images that are ready. The first batch stands apart, for it
    brings loading and compiling with it. Of the others the quickest counts, which the rest of the
    machine has disturbed the least.
    """
    found: dict[int, Timing] = {}
    for place in places:
        try:
            encoder = state().take(place)
            with _preparing(encoder, items, place.threads) as prepared:
                images = [image for _, image in prepared if not isinstance(image, ImageError)]
            if images:
                found[place.variant] = _timed(encoder, images)
        except BaseException:  # a variant that does not run here, or does not fit, is not chosen
            traceback.print_exc()
    return found


def _timed(encoder: Encoder, images: list[Any]) -> Timing:
    """All images are encoded once, and again until enough time has gone by."""
    size = encoder.batch_size
    batches = [images[start : start + size] for start in range(0, len(images), size)]
    rows: list[Vectors] = []
    taken: list[float] = []
    while len(rows) < len(batches) or len(rows) < 3 or sum(taken) < _LEAST_SECONDS:
        start = time.perf_counter()
        rows.append(encoder.encode_prepared(batches[len(rows) % len(batches)]))
        taken.append(time.perf_counter() - start)
    return Timing(min(taken[1:]) / size, taken[0], np.concatenate(rows[: len(batches)]))


@picklable_errors()
def encode_texts(texts: list[str], place: Placement) -> Float32[np.ndarray, "texts dim"]:
    """Return one row for each text."""
    encoder = state().take(place)
    assert isinstance(encoder, TextEncoder)
    return check_rows(encoder.encode_texts(texts), len(texts))


def stamp(path: Path) -> list[int]:
    """Return a file's size and when it was last changed, in nanoseconds; [] if it is gone."""
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]
