"""Scan all images for hash, size and thumbnail, and list the broken ones."""

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd
import PIL

from embedbench.data.dataset import Dataset
from embedbench.data.images.decoding import THUMBNAIL_SIDE
from embedbench.data.images.describing import NOTHING, describe_images
from embedbench.data.images.sources import Source, source_hash
from embedbench.errors import ImageError, InputError
from embedbench.io.store import Store
from embedbench.io.table_store import TableStore
from embedbench.parallel.quarantine import image_seconds, map_with_quarantine
from embedbench.parallel.reading_workers import ReadingWorkers
from embedbench.results.schema import FAILURE_COLUMNS
from embedbench.utils.progress import Progress

__all__ = ["scan_images"]

_BATCH = 16
_DECODERS = ("tifffile", "imagecodecs", "pydicom", "pillow-heif", "pillow-jxl-plugin")
_FORM = 2
"""Increase it when images are read with other results: earlier scans no longer hold."""

_KEPT_EVERY_SECONDS = 30.0


def scan_images(
    dataset: Dataset,
    store: Store,
    workers: int,
    progress: Progress,
    hashed: Callable[[dict[str, Source]], object] = lambda _: None,
) -> tuple[Dataset, pd.DataFrame, pd.DataFrame]:
    """Scan the images of a dataset; results of earlier scans are taken from the store.

    Args:
        dataset: the images.
        store: the store of the results.
        workers: number of worker processes.
        progress: settings of progress bars.
        hashed: called with the images by their hashes once all are known, before they are opened.

    Returns:
        The dataset without the images that failed; a table with `image, hash, width, height,
        thumbnail` in its order; a table of failures: `what, name, stage, error`.

    Raises:
        InputError: no image can be read.
    """
    hashes = _hashes(dataset.sources)
    hashed({key: source for (key, _), source in zip(hashes, dataset.sources, strict=True) if key})
    tables = TableStore(store, f"images-{_decoders()}-{THUMBNAIL_SIDE}")
    scanned = tables.read([key for key, _ in hashes if key])
    seen = set() if scanned is None else set(scanned.index)
    new = {
        key: row
        for row, (key, _) in reversed(list(enumerate(hashes)))
        if key is not None and key not in seen
    }
    if new:
        fresh = _look_at_all(
            [(key, dataset.sources[row]) for key, row in new.items()],
            workers,
            progress,
            tables.add,
        )
        scanned = pd.concat([*([] if scanned is None else [scanned]), fresh.set_index("hash")])
    return _split(dataset, hashes, scanned)


def _decoders() -> str:
    """Return the versions of what decodes images, and of what may be missing."""
    versions = [f"pillow-{PIL.__version__}"]
    for name in _DECODERS:
        try:
            versions.append(f"{name}-{version(name)}")
        except PackageNotFoundError:
            versions.append(f"no-{name}")
    return hashlib.sha256(f"{_FORM} {' '.join(versions)}".encode()).hexdigest()[:16]


def _split(
    dataset: Dataset, hashes: list[tuple[str | None, str]], scanned: pd.DataFrame | None
) -> tuple[Dataset, pd.DataFrame, pd.DataFrame]:
    rows, images, failures = [], [], []
    records: dict[Any, Any] = {} if scanned is None else scanned.to_dict("index")
    for row, (name, (key, reason)) in enumerate(zip(dataset.names, hashes, strict=True)):
        record: dict[str, Any] = dict(records[key]) if key else {"error": reason}
        error = record.pop("error")
        if error:
            failures.append({"what": "image", "name": name, "stage": "read", "error": error})
        else:
            rows.append(row)
            images.append({"image": name, "hash": key, **record})
    if not rows:
        first = failures[0]
        raise InputError(
            f"none of the {len(dataset)} images in '{dataset.origin}' can be read; "
            f"'{first['name']}': {first['error']}"
        )
    return dataset.take(rows), pd.DataFrame(images), pd.DataFrame(failures, columns=FAILURE_COLUMNS)


def _hashes(sources: Sequence[Source]) -> list[tuple[str | None, str]]:
    """Return the hash of each file, or None and the reason why it cannot be read."""

    def one(source: Source) -> tuple[str | None, str]:
        try:
            return source_hash(source), ""
        except ImageError as error:
            return None, str(error)

    with ThreadPoolExecutor() as threads:
        return list(threads.map(one, sources))


def _look_at_all(
    items: list[tuple[str, Source]],
    workers: int,
    progress: Progress,
    keep: Callable[[pd.DataFrame], None],
) -> pd.DataFrame:
    """Scan images in worker processes; return a table with a row per image.

    Results are stored every 30 seconds, except those that may differ next time: images that hung,
    killed their worker, or could not be read at all.
    """
    batches = [items[start : start + _BATCH] for start in range(0, len(items), _BATCH)]
    records: list[dict[str, Any]] = []
    passing: list[dict[str, Any]] = []
    kept, since = 0, time.monotonic()

    def fail(item: tuple[str, Source], reason: str) -> list[dict[str, Any]]:
        return [{"hash": item[0], **NOTHING, "error": reason, "passing": True}]

    image_seconds()  # raises an error for a wrong setting before any work
    with (
        progress.bar("reading images", len(items), "images") as bar,
        ReadingWorkers(workers) as pool,
    ):
        for batch in map_with_quarantine(pool, describe_images, batches, fail):
            for record in batch:
                (passing if record.pop("passing") else records).append(record)
            bar.update(len(batch))
            if time.monotonic() - since > _KEPT_EVERY_SECONDS and len(records) > kept:
                keep(_table(records[kept:]))
                kept, since = len(records), time.monotonic()
    if len(records) > kept:
        keep(_table(records[kept:]))
    return _table(records + passing)


def _table(records: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(records, columns=["hash", *NOTHING, "error"])
    return table.sort_values("hash", ignore_index=True)
