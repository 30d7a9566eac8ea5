"""What runs in an encoder's worker processes: load it, decode and encode batches."""

import gc
import hashlib
import io
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
from jaxtyping import Float32
from PIL import Image

from embedbench.changes import Changed
from embedbench.dataset import Source, read_source
from embedbench.encoder import Encoder, TextEncoder, Vectors, check_rows, hash_file
from embedbench.errors import EmbedbenchError, EncoderError, ImageError
from embedbench.images import open_pixels
from embedbench.isolation import under_alarm
from embedbench.network import forbid_network
from embedbench.store import Store
from embedbench.tuning import Timed
from embedbench.workers import peak_memory_mb

__all__ = [
    "Batch", "Item", "Place", "dumps", "encode_images", "encode_into", "encode_texts", "failed",
    "hold", "load", "stamp", "time_variants",
]  # fmt: skip

Item = tuple[str, Source | Changed]
"""An image's key in the store, and where it is or what it is made from."""

_GREY = Image.new("RGB", (64, 64), "grey")
"""What an encoder is loaded with."""

_LEAST_SECONDS = 0.5
"""A variant is timed for so long at least, if there are images enough."""


@dataclass(frozen=True)
class Place:
    """Where and how an encoder runs in its worker.

    Attributes:
        variant: which of its variants, by number.
        device: as `Facts` tells it.
        threads: how many open and prepare images beside the device; one on a CPU.
    """

    variant: int = 0
    device: str = "cpu"
    threads: int = 1


@dataclass
class _Held:
    """What a worker process keeps between calls: one encoder.

    Attributes:
        encoder: as it was sent.
        place: of the variant in use.
        variant: that one; None before the first.
        at_once: how many images it takes at once, fewer where memory was found to be too small.
    """

    encoder: Encoder
    place: Place = Place(-1)
    variant: Encoder | None = None
    at_once: int = 0

    def take(self, place: Place) -> Encoder:
        """Return the variant for this place; another one, and its weights, are let go of."""
        if self.variant is None or self.place != place:
            variant = self.encoder.variants(place.device)[place.variant]
            if variant != self.variant:
                self.variant, self.at_once = variant, variant.batch_size
            self.place = place
        return self.variant

    def take_loaded(self, place: Place) -> Encoder:
        """Return the variant for this place, loaded and compiled, so that this is not timed.

        It encodes a grey image, as often as it takes images at once.
        """
        before, encoder = self.variant, self.take(place)
        if encoder is not before:
            with _errors_in_words():
                _, self.at_once = _encode(encoder, [encoder.prepare(_GREY)], self.at_once)
        return encoder


_held: list[_Held] = []


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


def dumps(encoder: Encoder) -> bytes:
    """Return the encoder for its way into a worker; a class from a notebook goes with it."""
    content = io.BytesIO()
    _Pickler(content).dump(encoder)
    return content.getvalue()


def _reduce(cached: "cached_property[Any]") -> tuple[Any, ...]:
    return _cached, (cached.func, cached.attrname)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Before Python 3.12 a cached property holds a lock, which cannot be pickled."""

    dispatch_table = {**cloudpickle.Pickler.dispatch_table, cached_property: _reduce}


def _cached(function: Callable[[Any], Any], name: str) -> "cached_property[Any]":
    found = cached_property(function)
    found.__set_name__(object, name)
    return found


def hold(pickled: bytes, offline: bool) -> None:
    """Keep the encoder for the calls to come; without a network if `offline`."""
    if offline:
        forbid_network()
    _held[:] = [_Held(cloudpickle.loads(pickled))]


def load() -> dict[str, Any]:
    """Load the model; tell what it is and what it was loaded from."""
    start = time.perf_counter()
    encoder = _held[0].take_loaded(Place())
    with _errors_in_words():
        seconds = time.perf_counter() - start
        files = [path.resolve() for path in encoder.weights_files()]
        weights = [[str(path), *stamp(path), hash_file(path)] for path in files]
        return {
            "weights": weights,
            "facts": asdict(encoder.facts()),
            "load_seconds": round(seconds, 2),
            "peak_memory_mb": round(peak_memory_mb()),
        }


def encode_images(items: list[Item], place: Place = Place()) -> Batch:  # noqa: B008
    """Return the rows of the images; one that cannot be opened is told.

    Args:
        items: the images; on a GPU several batches of them, which threads prepare beside it.
        place: where and how.
    """
    held = _held[0]
    encoder = held.take_loaded(place)
    keys: list[str] = []
    parts: list[Vectors] = []
    failures: dict[str, str] = {}
    start = time.perf_counter()
    with _errors_in_words(), _preparing(encoder, items, place.threads) as prepared:
        while batch := list(islice(prepared, held.at_once)):
            images = []
            for key, image in batch:
                if isinstance(image, ImageError):
                    failures[key] = str(image)
                else:
                    images.append(image)
                    keys.append(key)
            if images:
                rows, held.at_once = _encode(encoder, images, held.at_once)
                parts.append(rows)
    vectors = np.concatenate(parts) if parts else np.empty((0, 0), np.float32)
    seconds = time.perf_counter() - start
    return Batch(keys, vectors, failures, seconds, peak_memory_mb(), held.at_once)


def failed(item: Item, reason: str) -> Batch:
    """Return what came of one image that could not be encoded."""
    nothing = np.empty((0, 0), np.float32)
    return Batch([], nothing, {item[0]: reason}, 0.0, 0.0, sys.maxsize)


def encode_into(items: list[Item], place: Place, store: Store, fingerprint: str) -> Batch:
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


def _encode(encoder: Encoder, images: Sequence[Any], at_once: int) -> tuple[Vectors, int]:
    """Return the rows, and how many images fitted at once: half as many where memory gave out."""
    while True:
        try:
            parts = [
                encoder.encode_prepared(images[start : start + at_once], at_once)
                for start in range(0, len(images), at_once)
            ]
            return np.concatenate(parts), at_once
        except MemoryError as error:
            if at_once == 1:
                raise EncoderError("out of memory with one image at a time") from error
            at_once //= 2
        gc.collect()  # a traceback may still hold what did not fit


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
                return key, _open_and_prepare(encoder, source)
        except ImageError as error:
            return key, error

    if threads == 1:
        yield map(one, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool.map(one, items)


def _open_and_prepare(encoder: Encoder, source: Source | Changed) -> Any:
    if isinstance(source, Changed):
        return encoder.prepare(source.open())
    return encoder.prepare_pixels(open_pixels(read_source(source), encoder.least_side))


def time_variants(items: list[Item], places: list[Place]) -> dict[int, Timed]:
    """Return how long these variants of the encoder take, by number; those that fail are left out.

    Only what is encoded is timed, on images that are ready. The first batch stands apart, for it
    brings loading and compiling with it. Of the others the quickest counts, which the rest of the
    machine has disturbed the least.
    """
    found: dict[int, Timed] = {}
    for place in places:
        try:
            encoder = _held[0].take(place)
            with _preparing(encoder, items, place.threads) as prepared:
                images = [image for _, image in prepared if not isinstance(image, ImageError)]
            if images:
                found[place.variant] = _timed(encoder, images)
        except Exception:  # a variant that does not run here, or does not fit, is not chosen
            traceback.print_exc()
    return found


def _timed(encoder: Encoder, images: list[Any]) -> Timed:
    """All images are encoded once, and again until enough time has gone by."""
    size = encoder.batch_size
    batches = [images[start : start + size] for start in range(0, len(images), size)]
    rows: list[Vectors] = []
    taken: list[float] = []
    while len(rows) < len(batches) or len(rows) < 3 or sum(taken) < _LEAST_SECONDS:
        start = time.perf_counter()
        rows.append(encoder.encode_prepared(batches[len(rows) % len(batches)]))
        taken.append(time.perf_counter() - start)
    return Timed(min(taken[1:]) / size, taken[0], np.concatenate(rows[: len(batches)]))


def encode_texts(texts: list[str], place: Place = Place()) -> Float32[np.ndarray, "texts dim"]:  # noqa: B008
    """Return one row for each text."""
    encoder = _held[0].take(place)
    assert isinstance(encoder, TextEncoder)
    with _errors_in_words():
        return check_rows(encoder.encode_texts(texts), len(texts))


@contextmanager
def _errors_in_words() -> Iterator[None]:
    """Turn whatever an encoder raises into an EncoderError of one line; our own errors pass."""
    try:
        yield
    except EmbedbenchError:
        raise
    except Exception as error:
        traceback.print_exc()
        text = " ".join(str(error).split())[:500]
        raise EncoderError(f"{type(error).__name__}: {text}") from None


def stamp(path: Path) -> list[int]:
    """Return a file's size and when it was last changed, in nanoseconds; [] if it is gone."""
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]
