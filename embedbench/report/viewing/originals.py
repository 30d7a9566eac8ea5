"""The original pictures of a run: those of its own sources, and no other file."""

import io
from collections.abc import Mapping
from pathlib import Path

from embedbench.data.images.decoding import open_rgb
from embedbench.data.images.sources import Source, read_verified
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

    def __len__(self) -> int:
        return len(self._names)

    def jpeg(self, row: int) -> bytes:
        """Return a picture as a JPEG of at most 2,000 pixels, without its metadata.

        Raises:
            ImageError: it is gone, was changed since, or there is no such row.
        """
        if not 0 <= row < len(self._names):
            raise ImageError("there is no such picture")
        source = self._sources.get(self._names[row])
        if source is None:
            raise ImageError("the picture is gone")
        size = (_LONGEST, _LONGEST)
        image = open_rgb(read_verified(source, self._hashes[row]), draft=size)
        image.thumbnail(size)
        content = io.BytesIO()
        image.save(content, "JPEG", quality=90)
        return content.getvalue()


def page_of(folder: Path) -> Path:
    """Return the page of a run folder.

    Raises:
        InputError: there is none.
    """
    page = folder / "report.html"
    if not page.is_file():
        raise InputError(f"there is no page in '{folder}'; embedbench report {folder} writes it")
    return page
