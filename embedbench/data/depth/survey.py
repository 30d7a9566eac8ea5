"""Look at the deep images of a data set, and choose once how all of them are drawn."""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from embedbench.data.dataset import Dataset
from embedbench.data.depth.drawing import Drawing
from embedbench.data.depth.limits import Look, choose_rendering, remarks_on
from embedbench.data.images.crops import CroppedImage
from embedbench.data.images.deep.dicom import dicom_planes
from embedbench.data.images.deep.raster import Raster, Rendering
from embedbench.data.images.deep.reading import (
    DEEP_HEADER_BYTES,
    errors_in_words,
    may_be_deep,
    read_raster,
)
from embedbench.data.images.deep.tiff import tiff_header
from embedbench.data.images.pixels import PixelImage
from embedbench.data.images.sources import (
    PackedImage,
    RenderedImage,
    Source,
    first_bytes,
    read_source,
)
from embedbench.errors import ImageError
from embedbench.io.paths import AnyPath, RemotePath
from embedbench.parallel.quarantine import Item, map_with_quarantine, under_alarm
from embedbench.parallel.reading_workers import ReadingWorkers
from embedbench.utils.formats import format_of, format_of_suffix
from embedbench.utils.progress import Progress

__all__ = ["drawn", "rendering_of", "with_renderings"]

_MOST_LOOKS = 400
"""Number of images, at most, whose values are looked at."""

_MOST_VALUES = 10_000
"""Number of values of an image that are kept of it."""

_BATCH = 8

_HEADERS = 64
"""Number of headers that a thread reads at once: one by one takes five times as long."""

_SHALLOW = ("JPEG", "WebP", "GIF", "BMP", "AVIF", "HEIF", "JPEG XL")


def with_renderings(
    dataset: Dataset, drawing: Drawing, workers: int, progress: Progress
) -> Dataset:
    """Return the dataset with its deep images as `RenderedImage`, and with remarks on them.

    Images that Pillow reads rightly stay as they are.

    Args:
        dataset: the images, all of them at hand.
        drawing: what was asked for.
        workers: number of worker processes.
        progress: settings of progress bars.
    """
    suspects = _suspects(dataset.sources)
    looks: dict[int, Look] = {}
    sampled = len(suspects) > _MOST_LOOKS
    if suspects:
        chosen = np.random.default_rng(0).permutation(suspects)[:_MOST_LOOKS]
        looks = _look_at_all(dataset.sources, suspects, set(chosen.tolist()), drawing, workers,
                             progress)  # fmt: skip
    rendering = choose_rendering(list(looks.values()), drawing)
    remarks = remarks_on(list(looks.values()), rendering, sampled)
    deep = {row for row, look in looks.items() if look.is_drawn}
    if drawing.asks and not deep:
        remarks.append(f"nothing is changed by {', '.join(drawing.asks)}: no image is deep")
    sources = tuple(
        drawn(source, rendering) if row in deep else source
        for row, source in enumerate(dataset.sources)
    )
    return replace(dataset, sources=sources, remarks=(*dataset.remarks, *remarks))


def _file_of(source: Source) -> Source:
    """Return the file that a box is cut out of; else the source itself."""
    return source.source if isinstance(source, CroppedImage) else source


def rendering_of(dataset: Dataset) -> Rendering | None:
    """Return how the deep images of a data set are drawn; None where it has none."""
    files = map(_file_of, dataset.sources)
    return next((one.rendering for one in files if isinstance(one, RenderedImage)), None)


def drawn(source: Source, rendering: Rendering) -> Source:
    """Return a deep image, or a box in one, as it is drawn; any other source as it is."""
    file = _file_of(source)
    if not isinstance(file, Path | RemotePath | bytes | PackedImage):
        return source
    image = RenderedImage(file, rendering)
    return replace(source, source=image) if isinstance(source, CroppedImage) else image


def _suspects(sources: Sequence[Source]) -> list[int]:
    """Return the rows of images that may be deep, by their first bytes."""

    def suspects_from(start: int) -> list[int]:
        rows = range(start, min(start + _HEADERS, len(sources)))
        return [row for row in rows if may_be_deep(_header(_file_of(sources[row])))]

    with ThreadPoolExecutor() as threads:
        parts = threads.map(suspects_from, range(0, len(sources), _HEADERS))
        return [row for part in parts for row in part]


def _header(source: Source) -> bytes:
    """Return the first bytes of a file; nothing if it has none, or is known not to be deep."""
    if isinstance(source, PixelImage):
        return b""
    if isinstance(source, RemotePath):
        form = format_of_suffix(source.path)
        if form is not None and form.name in _SHALLOW:
            return b""
    return first_bytes(source, DEEP_HEADER_BYTES)


@dataclass(frozen=True)
class _Task:
    """An image to look at, in a worker."""

    source: AnyPath | bytes | PackedImage
    rendering: Rendering
    with_values: bool


def _look_at_all(
    sources: Sequence[Source],
    suspects: Sequence[int],
    chosen: set[int],
    drawing: Drawing,
    workers: int,
    progress: Progress,
) -> dict[int, Look]:
    """Return a look at each suspect, by row, made in worker processes."""
    asked = Rendering(bands=drawing.bands, plane=drawing.plane)
    items: list[Item] = [
        (str(row), _Task(_file_of(sources[row]), asked, row in chosen))  # type: ignore[arg-type]
        for row in suspects
    ]
    batches = [items[start : start + _BATCH] for start in range(0, len(items), _BATCH)]
    looks: dict[int, Look] = {}

    def fail(item: Item, reason: str) -> dict[int, Look]:
        return {int(item[0]): Look(is_drawn=True)}  # the scan lists it with its reason

    with (
        progress.bar("looking at deep images", len(items), "images") as bar,
        ReadingWorkers(workers) as pool,
    ):
        for batch in map_with_quarantine(pool, _look_at, batches, fail):
            looks |= batch
            bar.update(len(batch))
    return dict(sorted(looks.items()))


def _look_at(items: list[Item]) -> dict[int, Look]:
    looks = {}
    for name, task in items:
        try:
            with under_alarm():
                looks[int(name)] = _look(task)
        except ImageError:
            looks[int(name)] = Look(is_drawn=True)
    return looks


def _look(task: _Task) -> Look:
    """Return a look at an image that may be deep."""
    content = read_source(task.source)
    form = format_of(content)
    look = Look(is_drawn=True)
    with errors_in_words():
        if form is not None and form.name == "TIFF":
            header = tiff_header(io.BytesIO(content))
            look = replace(look, planes=header.planes, bands=header.bands)
            asked = task.rendering
            if header.is_plain and not asked.bands and asked.plane == 1:
                return replace(look, is_drawn=False)
        elif form is not None and form.name == "DICOM":
            look = replace(look, planes=dicom_planes(content))
    if not task.with_values:
        return look
    raster = read_raster(content, task.rendering)
    return replace(look, is_drawn=False) if raster is None else _with_values(look, raster)


def _with_values(look: Look, raster: Raster) -> Look:
    """Return the look with what the pixels say."""
    if raster.is_shallow:
        has_missing = raster.missing is not None and bool(raster.missing.any())
        return replace(look, has_missing=has_missing)
    values = raster.present()
    look = replace(look, has_missing=values.size < raster.values.size)
    if raster.limits is not None:
        return replace(look, states_limits=True)
    if not values.size:
        return replace(look, kind=raster.kind)
    sample = values
    if values.size > _MOST_VALUES:
        sample = np.random.default_rng(0).choice(values, _MOST_VALUES)
    return replace(
        look,
        kind=raster.kind,
        low=float(values.min()),
        high=float(values.max()),
        values=sample.astype(np.float64),
    )
