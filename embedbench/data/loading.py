"""Read datasets: what a source names, or several sources joined."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pandas as pd

from embedbench.data.dataset import SET, Dataset, with_labels
from embedbench.data.image_folder import read_image_folder
from embedbench.data.image_table import read_image_table
from embedbench.data.tables.columns import TableForm
from embedbench.data.tables.reading import TABLE_SUFFIXES, is_table_name
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, RemotePath, parse_path

__all__ = [
    "Sources",
    "join_datasets",
    "read_dataset",
    "read_datasets",
    "read_labelled",
    "source_list",
]

OPEN_IMAGES = "open-images:"

_USUAL_FORM = TableForm()

Sources = str | Path | Dataset | Sequence[str | Path | Dataset]


def source_list(source: Sources) -> list[str | Path | Dataset]:
    """Return the sources as a list, also a single one."""
    return [source] if isinstance(source, str | Path | Dataset) else list(source)


def read_labelled(
    source: Sources, labels: str | None, follow_links: bool = False, form: TableForm = _USUAL_FORM
) -> Dataset:
    """Return the dataset of one source or several, with these labels.

    Args:
        source: as in `read_datasets`.
        labels: as in `Dataset.with_truth`.
        follow_links: as in `read_dataset`.
        form: of the tables of images and of a file of labels; the column of labels is that of the
            file where there is one.

    Raises:
        InputError: the source or the labels cannot be read, or no table has the form.
    """
    has_table, has_file = any(map(_is_table, source_list(source))), _is_table(labels)
    for option, value, used in (
        ("path_column", form.path, has_table or has_file),
        ("label_column", form.label, has_file if labels is not None else has_table),
        ("root", form.root, has_table),
    ):
        if value is not None and not used:
            what = "labels" if option == "label_column" and has_table else "images or labels"
            what = "images" if option == "root" else what
            raise InputError(f"`{option}` is for a table of {what}; there is none")
    of_images = replace(form, label=None) if has_file else form
    return with_labels(read_datasets(source, follow_links, of_images), labels, form)


def _is_table(source: object) -> bool:
    """Whether a source or a file of labels is a table, by its name."""
    if not isinstance(source, str | Path | RemotePath):
        return False
    return not str(source).startswith(OPEN_IMAGES) and is_table_name(parse_path(source).name)


def read_datasets(
    source: Sources, follow_links: bool = False, form: TableForm = _USUAL_FORM
) -> Dataset:
    """Read one dataset, or join several, with a column `set`.

    Raises:
        InputError: a source does not exist, has no images, or is given twice.
    """
    datasets = [_read(one, follow_links, form) for one in source_list(source)]
    if not datasets:
        raise InputError("there must be a source")
    if len(datasets) == 1:
        return datasets[0]
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


def read_dataset(
    source: str | AnyPath | Dataset,
    follow_links: bool = False,
    *,
    path_column: str | None = None,
    label_column: str | None = None,
    root: str | Path | None = None,
) -> Dataset:
    """Return the dataset that a source names; nothing is downloaded.

    Args:
        source: a folder; a table of images (`.csv`, `.tsv`, `.txt`, `.parquet`, `.json`, `.jsonl`
            or `.xlsx`) with a column of file names or of URLs, of which a row with both uses its
            file; either of them also at an address such as `s3://bucket/photos`; or
            `open-images:FOLDER[,field=value ...]`, as in `embedbench.data.open_images.source`.
        follow_links: whether links that lead out of a folder are followed; else they are refused.
        path_column: column of file names of a table; None for the usual names.
        label_column: column of labels of a table; None for the usual names.
        root: folder or address of the files that a table names; None for that of the table. A
            name may leave out its extension where that leaves one file.

    Raises:
        InputError: there is no such thing, or no image in it; a table has no such column, or a
            name without an extension fits several files.
    """
    return _read(source, follow_links, TableForm(path_column, label_column, root))


def _read(source: str | AnyPath | Dataset, follow_links: bool, form: TableForm) -> Dataset:
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str) and source.startswith(OPEN_IMAGES):
        from embedbench.data.open_images.source import read_open_images

        return read_open_images(source, follow_links)
    place = parse_path(source)
    if isinstance(place, Path) and place.is_dir():
        return read_image_folder(place, follow_links)
    if is_table_name(place.name):
        return read_image_table(place, form)
    if isinstance(place, RemotePath):
        return read_image_folder(place, follow_links)
    if not place.exists():
        raise InputError(f"there is no folder or table '{source}'")
    tables = ", ".join(sorted(TABLE_SUFFIXES))
    raise InputError(f"a source must be a folder or a table ({tables}); not '{source}'")
