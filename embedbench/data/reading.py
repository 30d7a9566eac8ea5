"""Read one source: what it is decides who reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedbench.data.containers.archives import ARCHIVE_SUFFIXES, is_archive_name, read_archives
from embedbench.data.containers.coco import load_annotations, read_annotations
from embedbench.data.containers.huggingface import read_hub, saved_files
from embedbench.data.containers.places import are_shards, expand, read_files
from embedbench.data.containers.python_objects import (
    is_image_item,
    is_known_object,
    read_image_list,
    read_object,
    refused,
)
from embedbench.data.containers.record_batches import is_arrow_name
from embedbench.data.containers.table_images import has_images, read_table_images
from embedbench.data.dataset import Dataset
from embedbench.data.image_folder import read_image_folder
from embedbench.data.image_table import read_image_table
from embedbench.data.images.sources import first_bytes
from embedbench.data.options import SourceOptions
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.reading import TABLE_SUFFIXES, is_table_name
from embedbench.errors import InputError
from embedbench.io.paths import HUB, AnyPath, RemotePath, files_below, parse_path
from embedbench.utils.formats import HEADER_BYTES, format_of, has_image_suffix
from embedbench.utils.text import pluralise

__all__ = ["grouped", "is_named", "read_source_of", "uses"]

OPEN_IMAGES = "open-images:"


@dataclass(frozen=True)
class _Several:
    """Several sources that are one set.

    Attributes:
        items: images, or places of shards.
        are_images: whether they are images.
    """

    items: list[Any]
    are_images: bool


def grouped(sources: Sequence[Any]) -> list[Any]:
    """Return the sources, of which images are one set, and so are shards of one name.

    Raises:
        InputError: one of them is of a kind that no source can be.
    """
    for one in sources:
        if not (
            is_named(one) or isinstance(one, Dataset) or _is_image(one) or is_known_object(one)
        ):
            raise refused(one)
    if len(sources) > 1 and all(map(is_named, sources)):
        places = [parse_path(one) for one in sources if not _has_prefix(one)]
        packed = all(is_archive_name(one.name) or _is_table_of_bytes(one) for one in places)
        if len(places) == len(sources) and packed and are_shards(places):
            return [_Several(places, are_images=False)]
    images = [one for one in sources if _is_image(one)]
    others = [one for one in sources if not _is_image(one)]
    return [*([_Several(images, are_images=True)] if images else []), *others]


def is_named(source: object) -> bool:
    """Return whether a source is named: a path, an address or another text."""
    return isinstance(source, str | Path | RemotePath)


def _has_prefix(source: object) -> bool:
    return isinstance(source, str) and source.startswith((OPEN_IMAGES, HUB))


def _is_image(source: Any) -> bool:
    """Return whether a source is one image: an object, a file by its name, or one with a label."""
    if not is_named(source):
        return is_image_item(source)
    if _has_prefix(source) or _is_pattern(source):
        return False
    place = parse_path(source)
    return has_image_suffix(place.name) and not (isinstance(place, Path) and place.is_dir())


def _is_pattern(source: Any) -> bool:
    """Return whether a source is a pattern, also one that names nothing."""
    try:
        return expand(source) is not None
    except InputError:
        return True


def uses(source: Any) -> frozenset[str]:
    """Return the options that a source has a use for: path, label, root, images, crop."""
    if isinstance(source, _Several):
        return frozenset() if source.are_images else uses(source.items[0])
    if isinstance(source, Dataset):
        return frozenset()
    if not is_named(source):
        return frozenset({"path", "label", "root"})
    if isinstance(source, str) and source.startswith(HUB):
        return frozenset({"path", "label"})
    if isinstance(source, str) and source.startswith(OPEN_IMAGES):
        return frozenset()
    place = parse_path(source)
    if isinstance(place, Path) and place.is_dir():
        return frozenset({"images", "path", "label"} if _tables_in(place) else {"images"})
    if is_archive_name(place.name):
        return frozenset({"images", "label"})
    if is_table_name(place.name):
        more = {"crop"} if place.name.lower().endswith(".json") else set()
        return frozenset({"path", "label", "root"} | more)
    if is_arrow_name(place.name):
        return frozenset({"path", "label"})
    return frozenset({"images"})


def read_source_of(source: Any, options: SourceOptions, form: TableForm) -> Dataset:
    """Return the dataset of one source, as `grouped` gives it.

    Args:
        source: the source.
        options: how it is read.
        form: of a table of images.

    Raises:
        InputError: there is no such source, or no image in it.
    """
    if isinstance(source, Dataset):
        return source
    reader = _Reader(options, form)
    if isinstance(source, _Several):
        if source.are_images:
            _check_present(source.items)
            return read_image_list(source.items, "images", form)
        return reader.places(source.items, source.items[0].parent)
    if not is_named(source):
        return read_object(source, form, options.limit)
    if isinstance(source, str) and source.startswith(OPEN_IMAGES):
        from embedbench.data.open_images.source import read_open_images

        return read_open_images(source, options.follow_links)
    if isinstance(source, str) and source.startswith(HUB):
        return read_hub(source, options.limit, form)
    found = expand(source)
    return reader.place(parse_path(source)) if found is None else reader.places(found, source)


def _check_present(images: list[Any]) -> None:
    """Raise InputError if images are local files of which none exists."""
    places = [parse_path(one) if is_named(one) else one for one in images]
    if not any(not isinstance(one, Path) or one.exists() for one in places):
        more = f", and no other of {len(places):,}" if len(places) > 1 else ""
        raise InputError(f"there is no file '{places[0]}'{more}")


@dataclass(frozen=True)
class _Reader:
    options: SourceOptions
    form: TableForm

    def places(self, places: Sequence[AnyPath], name: str | AnyPath) -> Dataset:
        """Return several files and folders as one set."""
        place = parse_path(name)
        if len(places) == 1:
            return self.place(places[0])
        if all(is_archive_name(one.name) for one in places):
            return read_archives(places, place, self.options.images, self.form)
        if all(map(_is_table_of_bytes, places)) and has_images(places[0]):
            return read_table_images(places, place, self.form)
        if any(is_table_name(one.name) for one in places) and not any(map(_is_image, places)):
            raise InputError(
                f"'{place}' names {pluralise(len(places), 'table')}: give them one by one"
            )
        return read_files(places, place, False, self.options.follow_links)

    def place(self, place: AnyPath) -> Dataset:
        """Return what is at one place."""
        if isinstance(place, Path) and place.is_dir():
            return self._folder(place)
        if is_archive_name(place.name):
            return read_archives([place], place, self.options.images, self.form)
        if is_arrow_name(place.name) or (_is_table_of_bytes(place) and has_images(place)):
            return read_table_images([place], place, self.form)
        if place.name.lower().endswith(".json"):
            annotations = load_annotations(place)
            if annotations is not None:
                return read_annotations(annotations, self.form.root, self.options.crop)
            if self.options.crop:
                raise InputError(f"`crop` is for a JSON file of COCO; '{place}' is none")
        if is_table_name(place.name):
            return read_image_table(place, self.form)
        if has_image_suffix(place.name) or _starts_as_image(place):
            return read_image_list([place], "images", self.form)
        if isinstance(place, RemotePath):
            return self._folder(place)
        if not place.exists():
            raise InputError(f"there is no folder or table '{place}'")
        raise InputError(
            f"a source must be a folder, a table ({', '.join(sorted(TABLE_SUFFIXES))}), an archive "
            f"({', '.join(ARCHIVE_SUFFIXES)}) or an image; not '{place}'"
        )

    def _folder(self, folder: AnyPath) -> Dataset:
        """Return what is in a folder: images, or else archives or tables that hold them."""
        options = self.options
        if isinstance(folder, Path) and (saved := saved_files(folder)):
            return read_table_images(saved, folder, self.form)
        try:
            labels = options.labels and parse_path(options.labels)
            return read_image_folder(folder, options.images, options.follow_links, labels or None)
        except InputError:
            saved = saved_files(folder) or []
            files = saved or _packed_below(folder)
            if not files:
                raise
        if is_archive_name(files[0].name):
            return read_archives(files, folder, options.images, self.form)
        return read_table_images(files, folder, self.form)


def _packed_below(folder: AnyPath) -> list[AnyPath]:
    """Return the archives below a folder, or else the tables with the bytes of images."""
    try:
        names = sorted(files_below(folder))
    except OSError:
        return []
    shown = [name for name in names if not any(part.startswith(".") for part in name.split("/"))]
    archives = [folder / name for name in shown if name.lower().endswith(ARCHIVE_SUFFIXES)]
    tables = [folder / name for name in shown if _is_table_of_bytes(folder / name)]
    return archives or (tables if tables and has_images(tables[0]) else [])


def _tables_in(folder: Path) -> bool:
    """Return whether a folder, or one in it, has tables that can hold the bytes of images."""
    try:
        return any(
            _is_table_of_bytes(place) for pattern in ("*", "*/*") for place in folder.glob(pattern)
        )
    except OSError:
        return False


def _is_table_of_bytes(place: AnyPath) -> bool:
    return is_arrow_name(place.name) or place.name.lower().endswith(".parquet")


def _starts_as_image(place: AnyPath) -> bool:
    if isinstance(place, RemotePath):
        return False
    return format_of(first_bytes(place, HEADER_BYTES)) is not None
