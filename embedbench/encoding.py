"""What runs in an encoder's worker processes: load it, decode and encode batches."""

import io
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
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
from embedbench.images import open_rgb
from embedbench.network import forbid_network
from embedbench.workers import peak_memory_mb

__all__ = ["Batch", "Item", "dumps", "encode_images", "encode_texts", "hold", "load", "stamp"]

Item = tuple[str, Source | Changed]
"""An image's key in the store, and where it is or what it is made from."""

_held: list[Encoder] = []
"""The one encoder of this worker process."""


@dataclass(frozen=True, eq=False)
class Batch:
    """What came of one batch.

    Attributes:
        keys: hashes of the images that were encoded.
        vectors: their rows.
        failures: why the others were not, by their hashes.
        seconds: what reading, decoding, preparing and encoding took.
        peak_memory_mb: the most that this process has held so far.
    """

    keys: list[str]
    vectors: Vectors
    failures: dict[str, str]
    seconds: float
    peak_memory_mb: float


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
    _held[:] = [cloudpickle.loads(pickled)]


def load() -> dict[str, Any]:
    """Load the model by encoding a grey image; tell what it is and what it was loaded from."""
    encoder = _held[0]
    start = time.perf_counter()
    with _errors_in_words():
        encoder.encode([Image.new("RGB", (64, 64), "grey")])
        seconds = time.perf_counter() - start
        files = [path.resolve() for path in encoder.weights_files()]
        weights = [[str(path), *stamp(path), hash_file(path)] for path in files]
        return {
            "weights": weights,
            "facts": asdict(encoder.facts()),
            "load_seconds": round(seconds, 2),
            "peak_memory_mb": round(peak_memory_mb()),
        }


def encode_images(items: list[Item]) -> Batch:
    """Return the rows of at most `batch_size` images; one that cannot be opened is told."""
    encoder = _held[0]
    keys, prepared, failures = [], [], {}
    start = time.perf_counter()
    with _errors_in_words():
        for key, source in items:
            try:
                image = _open(source)
            except ImageError as error:
                failures[key] = str(error)
                continue
            prepared.append(encoder.prepare(image))
            keys.append(key)
        rows = encoder.encode_prepared(prepared) if keys else np.empty((0, 0), np.float32)
    seconds = time.perf_counter() - start
    return Batch(keys, rows, failures, seconds, peak_memory_mb())


def _open(source: Source | Changed) -> Image.Image:
    return source.open() if isinstance(source, Changed) else open_rgb(read_source(source))


def encode_texts(texts: list[str]) -> Float32[np.ndarray, "texts dim"]:
    """Return one row for each text."""
    encoder = _held[0]
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
