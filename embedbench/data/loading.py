"""Read datasets: from a folder, a table, Open Images, or several of these."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from embedbench.data.dataset import SET, Dataset
from embedbench.data.image_folder import images_below
from embedbench.data.image_table import (
    as_labels,
    fault_of_place,
    in_order,
    load_table,
    names_of_urls,
    texts,
)
from embedbench.data.images.decoding import SUFFIXES
from embedbench.data.images.sources import RejectedImage, RemoteImage
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, RemotePath, is_remote_path, parse_path
from embedbench.utils.text import shown

__all__ = ["Sources", "join_datasets", "read_dataset", "read_datasets", "source_list"]

Sources = str | Path | Dataset | Sequence[str | Path | Dataset]


def source_list(source: Sources) -> list[str | Path | Dataset]:
    """Return the sources as a list, also where there is one."""
    return [source] if isinstance(source, str | Path | Dataset) else list(source)


def read_datasets(source: Sources, follow_links: bool = False) -> Dataset:
    """Return the dataset of a source, or of several as one, with a column `set`.

    Raises:
        InputError: there is no such source, no image in one, or two of one name.
    """
    found = [read_dataset(one, follow_links) for one in source_list(source)]
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
    """Return all images of several sets; an image's name starts with that of its set.

    What only some sets know of their images is missing for the others.

    Raises:
        InputError: two images have one name.
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


OPEN_IMAGES = "open-images:"


def read_dataset(source: str | AnyPath | Dataset, follow_links: bool = False) -> Dataset:
    """Return the dataset that a source names; nothing is downloaded.

    Args:
        source: a folder; a `.csv` or `.parquet` table with a column `path` or `url`, of which a
            row with both uses its path; either of them also at an address such as
            `s3://bucket/photos`; or `open-images:FOLDER[,field=value ...]`, as in
            `embedbench.data.open_images`.
        follow_links: whether links that lead out of a folder are followed; else they are refused.

    Raises:
        InputError: there is no such thing, or no image in it.
    """
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str) and source.startswith(OPEN_IMAGES):
        from embedbench.data.open_images import read_open_images

        return read_open_images(source, follow_links)
    place = parse_path(source)
    if isinstance(place, Path) and place.is_dir():
        return _read_folder(place, follow_links)
    if place.suffix in {".csv", ".parquet"}:
        return _read_table(place)
    if isinstance(place, RemotePath):
        return _read_folder(place, follow_links)
    if not place.exists():
        raise InputError(f"there is no folder or table '{source}'")
    raise InputError(f"a source must be a folder, a .csv or a .parquet file; not '{source}'")


def _read_folder(folder: AnyPath, follow_links: bool) -> Dataset:
    """Sub-folders are labels if two or more hold images; hidden files are left out."""
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


def _read_table(file: AnyPath) -> Dataset:
    table = load_table(file)
    if "path" not in table.columns and "url" not in table.columns:
        columns = ", ".join(map(str, table.columns))
        raise InputError(f"'{file}' must have a column `path` or `url`; it has {columns}")
    if "url" not in table.columns and "" in (paths := texts(table, "path")):
        raise InputError(f"'{file}' has no path in row {paths.index('') + 1}")
    table = in_order(table)
    paths, urls = (texts(table, column) for column in ("path", "url"))
    urls = [path if _is_url(path) else url for path, url in zip(paths, urls, strict=True)]
    paths = ["" if _is_url(path) else _name_of(path) for path in paths]
    named = iter(names_of_urls([u for p, u in zip(paths, urls, strict=True) if not p], paths))
    names = tuple(shown(path or next(named)) for path in paths)
    sources = tuple(
        _beside(file, path) if path else RemoteImage(url.strip())
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


def _beside(table: AnyPath, name: str) -> AnyPath | RejectedImage:
    """Return where an image is that a table names: at an address, or a path beside the table."""
    if is_remote_path(name) or PurePosixPath(name).is_absolute():
        fault = fault_of_place(table, name)
        return RejectedImage(fault) if fault else parse_path(name)
    return table.parent / name
