"""What would be compared: images, formats, sizes, labels, splits and copies, without encoding."""

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

__all__ = ["Overview", "overview"]

_LOOKED_AT = 300
"""Images whose formats and sizes are read; a seeded sample of more images."""

_MOST_LISTED = 12
_USUAL_DRAWING = Drawing()

_COLUMNS = {"truth": "labels", "split": "splits", "set": "sets"}
"""Columns of a dataset's table whose values are counted, as a person calls them."""


@dataclass(frozen=True)
class _Header:
    """Format and upright size of one image; why it cannot be read, or ""."""

    form: str
    size: tuple[int, int] = (0, 0)
    error: str = ""


@dataclass(frozen=True)
class _Copies:
    """How many files have the bytes of another, with two such; None where none was looked at."""

    count: int | None
    example: tuple[str, str] | None
    unknown: int

    def line(self) -> str:
        if self.count is None:
            return "not looked for, as that would take reading all images"
        if self.example is None:
            rest = f"; not looked for in {pluralise(self.unknown, 'image')}" if self.unknown else ""
            return f"no two files have the same bytes{rest}"
        first, second = map(shorten, self.example)
        files = pluralise(self.count, "file")
        return f"{files} with the bytes of another, such as '{second}' of '{first}'"


@dataclass(frozen=True)
class Overview:
    """What is known of a dataset before any work.

    Attributes:
        origin: of the dataset.
        images: how many.
        looked_at: of how many formats, sizes and depths were read.
        formats: how many images have each.
        sizes: of the smallest, the middle and the largest image; none where not known.
        unreadable: reasons by the names of images.
        columns: how many images have each value, of `labels`, `splits` and `sets`, where there are.
        without: how many images have no value there.
        copies: files with the same bytes.
        remarks: what a person should know.
    """

    origin: str
    images: int
    looked_at: int
    formats: "Counter[str]"
    sizes: tuple[tuple[int, int], ...]
    unreadable: dict[str, str]
    columns: "dict[str, Counter[str]]"
    without: dict[str, int]
    copies: _Copies
    remarks: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return it for a person, one line each."""
        of = "" if self.looked_at == self.images else f" (of {self.looked_at} images)"
        lines = [f"{pluralise(self.images, 'image')} in {self.origin}"]
        lines += [f"formats{of}: {_counts(self.formats)}", *_sizes(self.sizes, of)]
        for name, error in list(self.unreadable.items())[:1]:
            count = len(self.unreadable)
            lines.append(f"cannot be read{of}: {count}, such as '{shorten(name)}': {error}")
        for noun, counts in self.columns.items():
            missing = self.without[noun]
            without = f"; {pluralise(missing, 'image')} without" if missing else ""
            lines.append(f"{noun}: {_counts(counts)}{without}")
        if "labels" not in self.columns:
            lines.append("labels: none")
        return [*lines, f"copies: {self.copies.line()}", *self.remarks]

    def record(self) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "source": self.origin,
            "images": self.images,
            "looked_at": self.looked_at,
            "formats": dict(self.formats),
            "sizes": dict(zip(("least", "middle", "most"), self.sizes, strict=True))
            if self.sizes
            else None,
            "unreadable": self.unreadable,
            **{noun: self.columns.get(noun) for noun in _COLUMNS.values()},
            "without": self.without,
            "copies": self.copies.count,
            "copies_unknown": self.copies.unknown,
            "remarks": list(self.remarks),
        }


def overview(dataset: Dataset, drawing: Drawing = _USUAL_DRAWING) -> Overview:
    """Return what is known of a dataset before any work.

    Formats, sizes and depths are those of at most 300 images; copies are files of the same bytes.

    Args:
        dataset: the images.
        drawing: how deep images would be drawn.
    """
    sample = dataset.sample(_LOOKED_AT)
    drawn = with_renderings(sample, drawing, 1, Progress(quiet=True))
    with ThreadPoolExecutor() as threads:
        headers = list(threads.map(_header, sample.sources))
    of = "" if len(sample) == len(dataset) else f" (of {len(sample)} images)"
    sizes = sorted((h.size for h in headers if any(h.size)), key=lambda size: size[0] * size[1])
    values = {
        noun: dataset.table[column] for column, noun in _COLUMNS.items() if column in dataset.table
    }
    depths = [f"{remark}{of}" for remark in drawn.remarks[len(sample.remarks) :]]
    return Overview(
        origin=dataset.origin,
        images=len(dataset),
        looked_at=len(sample),
        formats=Counter(header.form for header in headers),
        sizes=(sizes[0], sizes[len(sizes) // 2], sizes[-1]) if sizes else (),
        unreadable={n: h.error for n, h in zip(sample.names, headers, strict=True) if h.error},
        columns={noun: Counter(column.dropna().astype(str)) for noun, column in values.items()},
        without={noun: int(column.isna().sum()) for noun, column in values.items()},
        copies=_copies(dataset),
        remarks=(*depths, *dataset.remarks, *dataset.label_remarks),
    )


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


def _sizes(sizes: Sequence[tuple[int, int]], of: str) -> list[str]:
    if not sizes:
        return []
    low, middle, high = sizes
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


def _copies(dataset: Dataset) -> _Copies:
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
        return _Copies(None, None, unknown)
    if not groups:
        return _Copies(0, None, unknown)
    first, second = (dataset.names[row] for row in groups[0][:2])
    return _Copies(sum(len(rows) - 1 for rows in groups), (first, second), unknown)
