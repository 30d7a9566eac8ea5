"""Read datasets: what a source names, or several sources joined."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from embedbench.data.dataset import SET, Dataset, note_single_images, select, with_labels
from embedbench.data.image_folder import read_image_folder
from embedbench.data.image_table import read_image_table
from embedbench.data.options import SourceOptions
from embedbench.data.tables.columns import TableForm
from embedbench.data.tables.reading import TABLE_SUFFIXES, is_table_name
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, RemotePath, parse_path
from embedbench.utils.options import from_keywords, list_options

__all__ = [
    "Sources",
    "join_datasets",
    "read_dataset",
    "read_sources",
    "source_list",
]

OPEN_IMAGES = "open-images:"

Sources = str | Path | Dataset | Sequence[str | Path | Dataset]


def source_list(source: Sources) -> list[str | Path | Dataset]:
    """Return the sources as a list, also a single one."""
    return [source] if isinstance(source, str | Path | Dataset) else list(source)


def read_dataset(source: Sources, **options: Any) -> Dataset:
    """Return the dataset that a source names, or several joined; nothing is downloaded.

    Args:
        source: a folder; a table of images (`.csv`, `.tsv`, `.txt`, `.parquet`, `.json`, `.jsonl`
            or `.xlsx`) with a column of file names or of URLs, of which a row with both uses its
            file; either of them also at an address such as `s3://bucket/photos`;
            `open-images:FOLDER[,field=value ...]`, as in `embedbench.data.open_images.source`; a
            Dataset; or several of these.
        options: those of `embedbench.data.options.SourceOptions`, by keyword.

    Raises:
        InputError: there is no such thing, or no image in it, or an option does not fit it.
    """
    unknown = set(options) - {one.keyword for one in list_options(SourceOptions)}
    if unknown:
        raise InputError(f"unknown option '{min(unknown)}'")
    reading = from_keywords(SourceOptions, options)
    return read_sources(source, reading).sample(reading.limit)


def read_sources(source: Sources, options: SourceOptions) -> Dataset:
    """Return the dataset of one source or several, without the limit; several have a column `set`.

    Raises:
        InputError: as in `read_dataset`.
    """
    sources = source_list(source)
    _check_used(sources, options)
    of_images = options.form
    if _is_table(options.labels):
        of_images = replace(of_images, label=None)
    datasets = [_read(one, options, of_images) for one in sources]
    if not datasets:
        raise InputError("there must be a source")
    dataset = datasets[0] if len(datasets) == 1 else _join(datasets)
    labelled = with_labels(dataset, options.labels, options.form)
    return note_single_images(select(labelled, options.where))


def _check_used(sources: Sequence[object], options: SourceOptions) -> None:
    """Raise InputError for an option that no source or table has a use for."""
    has_table, has_file = any(map(_is_table, sources)), _is_table(options.labels)
    for name, value, used in (
        ("path_column", options.path_column, has_table or has_file),
        ("label_column", options.label_column, has_file if options.labels else has_table),
        ("root", options.root, has_table),
    ):
        if value is not None and not used:
            what = "labels" if name == "label_column" and has_table else "images or labels"
            what = "images" if name == "root" else what
            raise InputError(f"`{name}` is for a table of {what}; there is none")
    if options.images and not any(map(_is_folder, sources)):
        raise InputError("`images` is for a folder of images; there is none")


def _is_table(source: object) -> bool:
    """Return whether a source or a file of labels is a table, by its name."""
    if not isinstance(source, str | Path | RemotePath):
        return False
    return not str(source).startswith(OPEN_IMAGES) and is_table_name(parse_path(source).name)


def _is_folder(source: object) -> bool:
    """Return whether a source can be a folder of images, by its name."""
    named = isinstance(source, str | Path | RemotePath)
    return named and not str(source).startswith(OPEN_IMAGES) and not _is_table(source)


def _join(datasets: list[Dataset]) -> Dataset:
    names = [_short(dataset.origin) for dataset in datasets]
    if len(set(names)) < len(names):
        names = [dataset.origin for dataset in datasets]
    if len(set(names)) < len(names):
        raise InputError(f"a source is given twice: {', '.join(names)}")
    return join_datasets(dict(zip(names, datasets, strict=True)))


def join_datasets(sets: dict[str, Dataset]) -> Dataset:
    """Join several sets; image names start with the name of their set.

    Columns that a set does not have are missing values for its images.

    Raises:
        InputError: two images have the same name.
    """
    tables = [dataset.table.assign(**{SET: name}) for name, dataset in sets.items()]
    return Dataset(
        names=tuple(f"{name}/{image}" for name, one in sets.items() for image in one.names),
        sources=tuple(source for one in sets.values() for source in one.sources),
        table=pd.concat(tables, ignore_index=True),
        origin=" ".join(dataset.origin for dataset in sets.values()),
        remarks=tuple(f"{name}: {remark}" for name, one in sets.items() for remark in one.remarks),
        label_remarks=tuple(
            f"{name}: {remark}" for name, one in sets.items() for remark in one.label_remarks
        ),
    )


def _short(origin: str) -> str:
    return PurePosixPath(origin.replace("\\", "/")).stem or origin


def _read(source: str | AnyPath | Dataset, options: SourceOptions, form: TableForm) -> Dataset:
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str) and source.startswith(OPEN_IMAGES):
        from embedbench.data.open_images.source import read_open_images

        return read_open_images(source, options.follow_links)
    place = parse_path(source)
    is_folder = isinstance(place, Path) and place.is_dir()
    if not is_folder and is_table_name(place.name):
        return read_image_table(place, form)
    if is_folder or isinstance(place, RemotePath):
        return read_image_folder(place, options.images, options.follow_links)
    if not place.exists():
        raise InputError(f"there is no folder or table '{source}'")
    tables = ", ".join(sorted(TABLE_SUFFIXES))
    raise InputError(f"a source must be a folder or a table ({tables}); not '{source}'")
