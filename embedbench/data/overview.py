"""What would be compared: images, formats, sizes, labels, splits and copies, without encoding."""

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from embedbench.data.dataset import Dataset
from embedbench.data.depth.drawing import Drawing
from embedbench.data.depth.survey import with_renderings
from embedbench.data.images.crops import CroppedImage
from embedbench.data.images.decoding import upright_size
from embedbench.data.images.sources import (
    PackedImage,
    RejectedImage,
    Source,
    first_bytes,
    read_source,
    remote_of,
    source_hash,
)
from embedbench.errors import ImageError
from embedbench.utils.formats import HEADER_BYTES, format_of, suffix_of
from embedbench.utils.progress import Progress
from embedbench.utils.text import pluralise, shorten

__all__ = ["overview"]

_LOOKED_AT = 300
"""Images whose formats and sizes are read; a seeded sample of more images."""

_MOST_LISTED = 12
_USUAL_DRAWING = Drawing()


@dataclass(frozen=True)
class _Header:
    """Format and upright size of one image; why it cannot be read, or ""."""

    form: str
    size: tuple[int, int] = (0, 0)
    error: str = ""


def overview(dataset: Dataset, drawing: Drawing = _USUAL_DRAWING) -> list[str]:
    """Return what is known of a dataset before any work, one line each.

    Formats, sizes and depths are those of at most 300 images; copies are files of the same bytes.

    Args:
        dataset: the images.
        drawing: how deep images would be drawn.
    """
    sample = dataset.sample(_LOOKED_AT)
    drawn = with_renderings(sample, drawing, 1, Progress(quiet=True))
    with ThreadPoolExecutor() as threads:
        headers = list(threads.map(_header, sample.sources))
    lines = [f"{pluralise(len(dataset), 'image')} in {dataset.origin}"]
    of = "" if len(sample) == len(dataset) else f" (of {len(sample)} images)"
    lines.append(f"formats{of}: {_counts(Counter(header.form for header in headers))}")
    lines += _sizes(headers, of)
    broken = [(n, h.error) for n, h in zip(sample.names, headers, strict=True) if h.error]
    if broken:
        lines.append(
            f"cannot be read{of}: {len(broken)}, such as '{shorten(broken[0][0])}': {broken[0][1]}"
        )
    for column, noun in (("truth", "labels"), ("split", "splits"), ("set", "sets")):
        if column in dataset.table:
            values = dataset.table[column]
            missing = int(values.isna().sum())
            without = f"; {pluralise(missing, 'image')} without" if missing else ""
            lines.append(f"{noun}: {_counts(Counter(values.dropna().astype(str)))}{without}")
    if "truth" not in dataset.table:
        lines.append("labels: none")
    lines.append(f"copies: {_copies(dataset)}")
    depths = [f"{remark}{of}" for remark in drawn.remarks[len(sample.remarks) :]]
    return [*lines, *depths, *dataset.remarks, *dataset.label_remarks]


def _header(source: Source) -> _Header:
    if remote_of(source):
        return _Header("to be downloaded")
    try:
        content = read_source(source)
        file = source.source if isinstance(source, CroppedImage) else content
        form = format_of(first_bytes(file, HEADER_BYTES))
        name = form.name if form else (suffix_of(str(source)) or "unknown")
        return _Header(name, upright_size(content))
    except ImageError as error:
        return _Header("unknown", error=str(error))


def _sizes(headers: Sequence[_Header], of: str) -> list[str]:
    sizes = sorted((h.size for h in headers if any(h.size)), key=lambda size: size[0] * size[1])
    if not sizes:
        return []
    low, middle, high = sizes[0], sizes[len(sizes) // 2], sizes[-1]
    if low == high:
        return [f"size{of}: {low[0]} x {low[1]} pixels"]
    return [
        f"sizes{of}: from {low[0]} x {low[1]} to {high[0]} x {high[1]} pixels, "
        f"half of them at least {middle[0]} x {middle[1]}"
    ]


def _counts(counts: "Counter[str]") -> str:
    """Return counts, the largest first."""
    listed = [f"{name} {count:,}" for name, count in counts.most_common(_MOST_LISTED)]
    if len(counts) > _MOST_LISTED:
        listed.append(f"and {len(counts) - _MOST_LISTED:,} more")
    kinds = f"{len(counts):,}: " if len(counts) > 1 else ""
    return kinds + ", ".join(listed)


def _size_of(source: Source) -> int | None:
    """Return the size of an image on this machine, in bytes; None where only reading tells it."""
    if isinstance(source, bytes):
        return len(source)
    if isinstance(source, PackedImage):
        return None if source.is_elsewhere else source.known_size
    try:
        return os.stat(source).st_size if isinstance(source, Path) else None
    except (OSError, ValueError):
        return None


def _copies(dataset: Dataset) -> str:
    """Return how many images have the same bytes as another one, of those whose size is known."""
    by_size: dict[int, list[int]] = {}
    unknown = 0
    for row, source in enumerate(dataset.sources):
        size = _size_of(source)
        if size is not None:
            by_size.setdefault(size, []).append(row)
        elif not isinstance(source, Path | RejectedImage):
            unknown += 1
    by_hash: dict[str, list[int]] = {}
    for rows in by_size.values():
        if len(rows) > 1:
            for row in rows:
                try:
                    by_hash.setdefault(source_hash(dataset.sources[row]), []).append(row)
                except ImageError:
                    continue
    groups = [rows for rows in by_hash.values() if len(rows) > 1]
    if unknown == len(dataset):
        return "not looked for, as that would take reading all images"
    if not groups:
        return "no two files have the same bytes" + (
            f"; not looked for in {pluralise(unknown, 'image')}" if unknown else ""
        )
    first, second = (shorten(dataset.names[row]) for row in groups[0][:2])
    extra = sum(len(rows) - 1 for rows in groups)
    return f"{pluralise(extra, 'file')} with the bytes of another, such as '{second}' of '{first}'"
