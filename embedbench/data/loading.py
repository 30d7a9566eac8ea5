"""Read datasets: from a folder, a table, Open Images, or several of these."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pandas as pd

from embedbench.data.dataset import SET, Dataset, with_labels
from embedbench.data.image_folder import images_below
from embedbench.data.image_table import (
    TableForm,
    as_labels,
    fault_of_place,
    in_order,
    load_table,
    named_column,
    names_of_urls,
    texts,
    with_extensions,
)
from embedbench.data.images.decoding import SUFFIXES
from embedbench.data.images.sources import RejectedImage, RemoteImage
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, RemotePath, is_remote_path, parse_path
from embedbench.utils.text import shown

__all__ = [
    "Sources",
    "join_datasets",
    "read_dataset",
    "read_datasets",
    "read_labelled",
    "source_list",
]

OPEN_IMAGES = "open-images:"
TABLE_SUFFIXES = (".csv", ".parquet")

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
    return not str(source).startswith(OPEN_IMAGES) and parse_path(source).suffix in TABLE_SUFFIXES


def read_datasets(
    source: Sources, follow_links: bool = False, form: TableForm = _USUAL_FORM
) -> Dataset:
    """Read one dataset, or join several, with a column `set`.

    Raises:
        InputError: a source does not exist, has no images, or is given twice.
    """
    found = [_read(one, follow_links, form) for one in source_list(source)]
    if not found:
        raise InputError("there must be a source")
    if len(found) == 1:
        return found[0]
    names = [_short(dataset.origin) for dataset in found]
    if len(set(names)) < len(names):
        names = [dataset.origin for dataset in found]
    if len(set(names)) < len(names):
        raise InputError(f"a source is given twice: {', '.join(names)}")
    return join_datasets(dict(zip(names, found, strict=True)))


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
        remarks=tuple(remark for one in sets.values() for remark in one.remarks),
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
        source: a folder; a `.csv` or `.parquet` table with a column `path` or `url`, of which a
            row with both uses its path; either of them also at an address such as
            `s3://bucket/photos`; or `open-images:FOLDER[,field=value ...]`, as in
            `embedbench.data.open_images`.
        follow_links: whether links that lead out of a folder are followed; else they are refused.
        path_column: the column of a table in which the paths are, where it is not called `path`.
        label_column: the column of a table in which the labels are, where it is not called `label`.
        root: the folder or address where the files are that a table names; if None, where the
            table is. A name may leave out its extension where that leaves one file.

    Raises:
        InputError: there is no such thing, or no image in it; a table has no such column, or a
            name without an extension fits several files.
    """
    return _read(source, follow_links, TableForm(path_column, label_column, root))


def _read(source: str | AnyPath | Dataset, follow_links: bool, form: TableForm) -> Dataset:
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str) and source.startswith(OPEN_IMAGES):
        from embedbench.data.open_images import read_open_images

        return read_open_images(source, follow_links)
    place = parse_path(source)
    if isinstance(place, Path) and place.is_dir():
        return _read_folder(place, follow_links)
    if place.suffix in TABLE_SUFFIXES:
        return _read_table(place, form)
    if isinstance(place, RemotePath):
        return _read_folder(place, follow_links)
    if not place.exists():
        raise InputError(f"there is no folder or table '{source}'")
    raise InputError(f"a source must be a folder, a .csv or a .parquet file; not '{source}'")


def _read_folder(folder: AnyPath, follow_links: bool) -> Dataset:
    """Read a folder; sub-folders are labels if at least two contain images."""
    try:
        found = images_below(folder, follow_links)
    except FileNotFoundError as error:
        raise InputError(f"there is no folder or table '{folder}'") from error
    except OSError as error:
        raise InputError(f"cannot read '{folder}': {error.strerror or error}") from error
    if not found:
        known = ", ".join(sorted(SUFFIXES))
        raise InputError(f"there are no images in '{folder}' (looked for {known})")
    parents = [str(PurePosixPath(name).parent) for name in found]
    table = pd.DataFrame(index=range(len(found)))
    if len({parent for parent in parents if parent != "."}) >= 2:
        table["truth"] = [None if parent == "." else parent for parent in parents]
    return Dataset(tuple(found), tuple(found.values()), table, str(folder))


def _read_table(file: AnyPath, form: TableForm) -> Dataset:
    table, root = _in_usual_form(file, load_table(file), form), _root_of(file, form)
    if "path" not in table.columns and "url" not in table.columns:
        columns = ", ".join(map(str, table.columns))
        raise InputError(
            f"'{file}' must have a column `path` or `url`; it has {columns}: "
            "give the column of file names with --path-column"
        )
    if "url" not in table.columns and "" in (paths := texts(table, "path")):
        raise InputError(f"'{file}' has no path in row {paths.index('') + 1}")
    table = in_order(table)
    paths, urls = (texts(table, column) for column in ("path", "url"))
    urls = [path if _is_url(path) else url for path, url in zip(paths, urls, strict=True)]
    paths = ["" if _is_url(path) else _name_of(path) for path in paths]
    paths = with_extensions(paths, root)
    named = iter(names_of_urls([u for p, u in zip(paths, urls, strict=True) if not p], paths))
    names = tuple(shown(path or next(named)) for path in paths)
    sources = tuple(
        _place_of(file, root, path) if path else RemoteImage(url.strip())
        for path, url in zip(paths, urls, strict=True)
    )
    table = table.drop(columns="path", errors="ignore")
    labels = next((name for name in ("truth", "label") if name in table.columns), None)
    if labels:
        table["truth"] = as_labels(table[labels])
    return Dataset(names, sources, table, str(file))


def _is_url(path: str) -> bool:
    return path.startswith(("http://", "https://"))


def _name_of(path: str) -> str:
    if not path or is_remote_path(path):
        return path
    return PurePosixPath(path.replace("\\", "/")).as_posix()


def _in_usual_form(file: AnyPath, table: pd.DataFrame, form: TableForm) -> pd.DataFrame:
    """Return a table with its paths in the column `path`, and its labels in `truth`."""
    label = form.label and named_column(file, table, form.label)
    truth = as_labels(table[label]) if label else None
    if form.path and named_column(file, table, form.path) != "path":
        table = table.drop(columns="path", errors="ignore").rename(columns={form.path: "path"})
    return table if truth is None else table.assign(truth=truth)


def _root_of(file: AnyPath, form: TableForm) -> AnyPath:
    """Return where the files are that a table names."""
    root = file.parent if form.root is None else parse_path(form.root)
    if isinstance(root, Path) and form.root is not None and not root.is_dir():
        raise InputError(f"there is no folder '{root}'")
    return root


def _place_of(table: AnyPath, root: AnyPath, name: str) -> AnyPath | RejectedImage:
    """Return where an image is that a table names: at an address, or a path below the root."""
    if is_remote_path(name) or PurePosixPath(name).is_absolute():
        fault = fault_of_place(table, name)
        return RejectedImage(fault) if fault else parse_path(name)
    return root / name
