"""Read datasets: what a source names, or several sources joined."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from embedbench.data.dataset import (
    SET,
    Dataset,
    note_single_images,
    select,
    with_labels,
)
from embedbench.data.options import SourceOptions
from embedbench.data.reading import grouped, read_source_of, uses
from embedbench.data.tables.labels import in_one_writing
from embedbench.data.tables.reading import is_table_name
from embedbench.errors import InputError
from embedbench.io.paths import parse_path
from embedbench.utils.options import from_keywords, list_options

__all__ = [
    "Sources",
    "join_datasets",
    "read_dataset",
    "read_sources",
    "source_list",
]

Sources = Any
"""What `read_dataset` reads; other objects are refused by `read_sources`."""


def source_list(source: Sources) -> list[Any]:
    """Return the sources as a list, also a single one.

    An array of three dimensions is one image if the last can be its channels; else it is a stack
    of grey images.
    """
    if isinstance(source, np.ndarray) and source.ndim == 3 and source.shape[2] not in (1, 3, 4):
        return [source[..., np.newaxis]]
    return list(source) if isinstance(source, list | tuple) else [source]


def read_dataset(source: Sources, **options: Any) -> Dataset:
    """Return the dataset that a source names, or several joined; nothing is downloaded.

    Args:
        source: a folder; an archive (`.zip`, `.tar`), also shards of WebDataset; a table of images
            (`.csv`, `.tsv`, `.txt`, `.parquet`, `.json`, `.jsonl` or `.xlsx`) with a column of
            file names or of URLs, of which a row with both uses its file; a JSON file of COCO; a
            Parquet or Arrow file with the bytes of images, or a folder of them, as Hugging Face
            writes it; an image; a pattern such as `photos/*.jpg` or `{000..012}.tar`; each of them
            also at an address such as `s3://bucket/photos`; `hf:NAME[:SPLIT]`;
            `open-images:FOLDER[,field=value ...]`, as in `embedbench.data.open_images.source`; a
            Dataset; a DataFrame; a list of paths, PIL images, bytes or arrays of uint8 (or of
            pairs with a label); an array of images; a `datasets.Dataset`; a torch Dataset; or
            several of these.
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
    sources = grouped(source_list(source))
    if not sources:
        raise InputError("there must be a source")
    _check_used(sources, options)
    of_images = options.form
    if _is_table(options.labels):
        of_images = replace(of_images, label=None)
    datasets = [read_source_of(one, options, of_images) for one in sources]
    dataset = datasets[0] if len(datasets) == 1 else _join(datasets)
    labelled = _in_one_writing(with_labels(dataset, options.labels, options.form))
    return note_single_images(select(labelled, options.where))


def _in_one_writing(dataset: Dataset) -> Dataset:
    if "truth" not in dataset.table:
        return dataset
    labels, remarks = in_one_writing(dataset.table["truth"])
    return replace(
        dataset,
        table=dataset.table.assign(truth=labels),
        label_remarks=(*dataset.label_remarks, *remarks),
    )


def _check_used(sources: Sequence[object], options: SourceOptions) -> None:
    """Raise InputError for an option that no source or table has a use for."""
    used, has_file = frozenset().union(*map(uses, sources)), _is_table(options.labels)
    for name, value, is_used in (
        ("path_column", options.path_column, "path" in used or has_file),
        ("label_column", options.label_column, has_file if options.labels else "label" in used),
        ("root", options.root, "root" in used),
    ):
        if value is not None and not is_used:
            what = "labels" if name == "label_column" and "label" in used else "images or labels"
            what = "images" if name == "root" else what
            raise InputError(f"`{name}` is for a table of {what}; there is none")
    if options.images and "images" not in used:
        raise InputError("`images` is for a folder of images; there is none")
    if options.crop not in (None, "boxes"):
        raise InputError(f"`crop` must be boxes; not '{options.crop}'")
    if options.crop and "crop" not in used:
        raise InputError("`crop` is for a JSON file in the format of COCO; there is none")


def _is_table(labels: str | None) -> bool:
    """Return whether labels are a table, by its name."""
    return labels is not None and is_table_name(parse_path(labels).name)


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
