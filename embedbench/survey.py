"""A first look at all images: their hashes, sizes and thumbnails, and which are broken."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import PIL

from embedbench.dataset import Dataset, Source, content_hash, read_source
from embedbench.errors import ImageError, InputError
from embedbench.images import THUMBNAIL_SIDE, open_rgb, thumbnail, upright_size
from embedbench.progress import Progress
from embedbench.results import FAILURE_COLUMNS
from embedbench.store import Store
from embedbench.workers import Pool, map_unordered

__all__ = ["survey"]

_BATCH = 16


def survey(
    dataset: Dataset, store: Store, workers: int, progress: Progress
) -> tuple[Dataset, pd.DataFrame, pd.DataFrame]:
    """Return the readable images, what is known of each, and those that failed.

    Returns:
        The dataset without the images that failed; a table with `image, hash, width, height,
        thumbnail` in its order; a table of failures, `what, name, stage, error`.

    Raises:
        InputError: no image can be read.
    """
    hashes = _hashes(dataset.sources)
    kind = f"images-pillow-{PIL.__version__}-{THUMBNAIL_SIDE}"
    known = store.read_table(kind, [key for key, _ in hashes if key])
    seen = set() if known is None else set(known.index)
    new = {
        key: row
        for row, (key, _) in reversed(list(enumerate(hashes)))
        if key is not None and key not in seen
    }
    if new:
        fresh = _look_at_all(
            [(key, dataset.sources[row]) for key, row in new.items()], workers, progress
        )
        store.add_table(kind, fresh)
        fresh = fresh.set_index("hash")
        known = fresh if known is None else pd.concat([known, fresh])
    return _split(dataset, hashes, known)


def _split(
    dataset: Dataset, hashes: list[tuple[str | None, str]], known: pd.DataFrame | None
) -> tuple[Dataset, pd.DataFrame, pd.DataFrame]:
    rows, images, failures = [], [], []
    records: dict[Any, Any] = {} if known is None else known.to_dict("index")
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
    """Return each file's hash, or None and the reason why it cannot be read."""

    def one(source: Source) -> tuple[str | None, str]:
        try:
            return content_hash(read_source(source)), ""
        except ImageError as error:
            return None, str(error)

    with ThreadPoolExecutor() as threads:
        return list(threads.map(one, sources))


def _look_at_all(items: list[tuple[str, Source]], workers: int, progress: Progress) -> pd.DataFrame:
    batches = [items[start : start + _BATCH] for start in range(0, len(items), _BATCH)]
    records: list[dict[str, Any]] = []
    with progress.bar("reading images", len(items), "images") as bar, Pool(workers) as pool:
        for found in map_unordered([pool], _look_at, batches):
            records += found
            bar.update(len(found))
    return pd.DataFrame(records).sort_values("hash", ignore_index=True)


def _look_at(items: list[tuple[str, Source]]) -> list[dict[str, Any]]:
    return [{"hash": key, **_describe(source)} for key, source in items]


def _describe(source: Source) -> dict[str, Any]:
    nothing = {"width": 0, "height": 0, "thumbnail": b""}
    try:
        content = read_source(source)
        image = open_rgb(content, draft=(2 * THUMBNAIL_SIDE, 2 * THUMBNAIL_SIDE))
        width, height = upright_size(content)
        small = thumbnail(image)
        return {"width": width, "height": height, "thumbnail": small, "error": ""}
    except ImageError as error:
        return {**nothing, "error": str(error)}
