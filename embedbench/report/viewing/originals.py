"""The original pictures of a run: those of its own sources, and no other file."""

import io
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from embedbench.data.depth.survey import drawn
from embedbench.data.images.decoding import open_rgb
from embedbench.data.images.deep.raster import Rendering
from embedbench.data.images.sources import (
    RenderedImage,
    Source,
    is_elsewhere,
    place_of,
    read_source,
    read_verified,
    remote_of,
    source_hash,
)
from embedbench.data.loading import read_sources
from embedbench.data.options import SourceOptions
from embedbench.errors import EmbedbenchError, ImageError, InputError
from embedbench.results.results import Results
from embedbench.utils.options import from_keywords

__all__ = ["Originals"]

_LONGEST = 2000
"""Pixels of the longer side of what is shown."""


class Originals:
    """The pictures of a run by their rows in its table of images.

    Args:
        results: of the run.

    Raises:
        InputError: none of its sources is there any more, or they were Python objects.
    """

    def __init__(self, results: Results) -> None:
        sources = [str(source) for source in results.run.get("sources") or []]
        if not sources:
            raise InputError("this run has no sources on disk: its pictures were Python objects")
        options = {key: value for key, value in results.run.items() if value is not None}
        try:
            dataset = read_sources(sources, from_keywords(SourceOptions, options))
        except EmbedbenchError as error:
            raise InputError(f"the original pictures are gone: {error}") from error
        self._names = results.images["image"].astype(str).tolist()
        self._hashes = results.images["hash"].astype(str).tolist()
        self._sources: Mapping[str, Source] = dict(zip(dataset.names, dataset.sources, strict=True))
        self._rendering = _recorded(results.run.get("rendering"))

    def __len__(self) -> int:
        return len(self._names)

    def jpeg(self, row: int) -> bytes:
        """Return a picture as a JPEG of at most 2,000 pixels, without its metadata.

        Raises:
            ImageError: it is gone, was changed since, or there is no such row.
        """
        source = self._as_encoded(row)
        size = (_LONGEST, _LONGEST)
        image = open_rgb(read_verified(source, self._hashes[row]), draft=size)
        image.thumbnail(size)
        content = io.BytesIO()
        image.save(content, "JPEG", quality=90)
        return content.getvalue()

    def path(self, row: int) -> Path | None:
        """Return the file of a picture, which may have changed; None if it has none of its own."""
        source = self._sources.get(self._names[row])
        place = None if source is None else place_of(source)
        return place if isinstance(place, Path) else None

    def unchanged(self, row: int) -> Path | bytes:
        """Return the file of a picture; its bytes if it is a part of another, or was turned.

        Raises:
            ImageError: it is at an address, is gone, or was changed since.
        """
        source = self._source(row)
        if remote_of(source) is not None or is_elsewhere(source):
            raise ImageError("is at an address: no original is on this disk")
        as_encoded = self._as_encoded(row)
        if source_hash(as_encoded) != self._hashes[row]:
            raise ImageError("was changed since the run")
        if isinstance(source, Path):
            return source
        is_drawn = isinstance(as_encoded, RenderedImage)
        return read_source(source if is_drawn else as_encoded)

    def _source(self, row: int) -> Source:
        if not 0 <= row < len(self._names):
            raise ImageError("there is no such picture")
        source = self._sources.get(self._names[row])
        if source is None:
            raise ImageError("the picture is gone")
        return source

    def _as_encoded(self, row: int) -> Source:
        """Return the source of a picture: as it was drawn if it is deep and did not change."""
        source = self._source(row)
        if self._rendering is None:
            return source
        deep = drawn(source, self._rendering)
        return deep if source_hash(deep) == self._hashes[row] else source


def _recorded(record: Mapping[str, Any] | None) -> Rendering | None:
    """Return how a run drew its deep images, from its record."""
    if record is None:
        return None
    kept = {one.name: record[one.name] for one in fields(Rendering) if one.name in record}
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in kept.items()
    }
    return Rendering(**values)


def page_of(folder: Path) -> Path:
    """Return the page of a run folder.

    Raises:
        InputError: there is none.
    """
    page = folder / "report.html"
    if not page.is_file():
        raise InputError(f"there is no page in '{folder}'; embedbench report {folder} writes it")
    return page
