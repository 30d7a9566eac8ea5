"""Cost of an image in addition to its encoding: keys in memory, rows of the store and of tables.

python benchmarks/bookkeeping.py [--long]

Keys are made up (random SHA-256), vectors random, so that no image is needed: 100,000 of them, or
1,000,000 in the long form. docs/performance/scale.toml holds these figures for scale.md beside
it.
"""

import secrets
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embedbench.data.images.decoding import THUMBNAIL_SIDE, open_rgb, thumbnail
from embedbench.io.store import Store
from measure import Row, run, told
from photographs import Photographs

DIM = 512
PART = 4096
RUNS = 100
CLUSTERS = 20


def rows(short: bool) -> list[Row]:
    images = 100_000 if short else 1_000_000
    each = f"for each of {images:,} images"
    keys, in_memory = _traced(
        lambda: {secrets.token_hex(32): f"{n:09d}.jpg" for n in range(images)}
    )
    names = list(keys)
    return [
        _row("a key and a path in the main process", in_memory / images, f"bytes {each}"),
        *_store_rows(names, each),
        _row("an image's row with its thumbnail, Parquet", _thumbnail_bytes(), "bytes"),
        _row("a label in partitions.parquet", _label_bytes(names[: images // 10]), "bytes"),
    ]


def _store_rows(keys: list[str], each: str) -> list[Row]:
    vectors = np.random.default_rng(0).normal(size=(PART, DIM)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        start = time.perf_counter()
        for first in range(0, len(keys), PART):
            part = keys[first : first + PART]
            store.write("made", part, vectors[: len(part)])
        write = time.perf_counter() - start
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.safetensors"))
        start = time.perf_counter()
        rows = store.read("made", keys[::10])
        read = time.perf_counter() - start
        assert len(rows) == len(keys[::10])
    return [
        _row(f"the store's rows of {DIM} dimensions", size / len(keys), f"bytes {each}"),
        _row("the store's rows written", len(keys) / write, "a second"),
        _row("the store's rows looked through for a tenth of them", len(keys) / read, "a second"),
    ]


def _thumbnail_bytes() -> float:
    with tempfile.TemporaryDirectory() as folder:
        paths = sorted(Photographs(Path(folder)).write(100).iterdir())
        contents = [path.read_bytes() for path in paths]
    draft = (2 * THUMBNAIL_SIDE, 2 * THUMBNAIL_SIDE)
    table = pd.DataFrame(
        {
            "hash": [secrets.token_hex(32) for _ in contents],
            "width": 1024,
            "height": 768,
            "thumbnail": [thumbnail(open_rgb(content, draft)) for content in contents],
        }
    )
    return _parquet_bytes(table) / len(table)


def _label_bytes(names: list[str]) -> float:
    """Return the bytes of one label in the table that a comparison writes: image x run."""
    images = len(names)
    truth = np.random.default_rng(0).integers(CLUSTERS, size=images)
    random = np.random.default_rng(1)
    labels = np.tile(truth.astype(np.int32), (RUNS, 1))
    moved = random.random(labels.shape) < 0.2
    labels[moved] = random.integers(CLUSTERS, size=moved.sum())
    words: dict[str, Any] = {
        "encoder": "timm:resnet50",
        "space": "l2",
        "clusterer": "kmeans",
        "k": CLUSTERS,
    }
    table = pd.DataFrame({"image": np.tile(np.asarray(names, dtype=object), RUNS)}).assign(**words)
    table["seed"] = np.repeat(np.arange(RUNS), images)
    table["label"] = labels.reshape(-1)
    named = ("image", "encoder", "space", "clusterer")
    return _parquet_bytes(table.astype(dict.fromkeys(named, "category"))) / labels.size


def _parquet_bytes(table: pd.DataFrame) -> int:
    content = BytesIO()
    table.to_parquet(content, index=False)
    return content.tell()


def _traced(make: Callable[[], Any]) -> tuple[Any, int]:
    """Return the made object and its size in bytes."""
    tracemalloc.start()
    made = make()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return made, size


def _row(what: str, figure: float, unit: str) -> Row:
    return told(what, (figure, figure, figure), unit)


if __name__ == "__main__":
    run(rows)
