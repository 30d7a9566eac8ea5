"""Read a folder of images as a dataset: its labels and splits, by its sub-folders or metadata."""

from pathlib import Path, PurePosixPath

import pandas as pd

from embedbench.data.dataset import Dataset
from embedbench.data.folders.layout import read_layout
from embedbench.data.folders.walk import FolderContents, read_folder
from embedbench.data.images.sources import PackedImage, read_source
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.labels import labels_of_images
from embedbench.data.tables.reading import UserTable, read_table
from embedbench.errors import ImageError, InputError
from embedbench.io.paths import AnyPath
from embedbench.utils.formats import FORMATS
from embedbench.utils.messages import system_reason

__all__ = ["dataset_of_folder", "inner_folder", "read_image_folder"]


def read_image_folder(
    folder: AnyPath,
    images: str | None = None,
    follow_links: bool = False,
    labels: AnyPath | None = None,
) -> Dataset:
    """Return the images below a folder, with the columns `truth` and `split` where it has them.

    Labels come from tables called `metadata`, as Hugging Face writes them, or else from the
    sub-folders, as `embedbench.data.folders.layout` says.

    Args:
        folder: the folder.
        images: its sub-folder that holds the images; None for all.
        follow_links: whether links that lead out of the folder are followed.
        labels: a table that is used elsewhere, which may be in the folder.

    Raises:
        InputError: there is no such folder, or no image in it.
    """
    if images:
        folder = folder / inner_folder(images, folder)
    try:
        contents = read_folder(folder, follow_links)
    except FileNotFoundError as error:
        raise InputError(f"there is no folder or table '{folder}'") from error
    except OSError as error:
        raise InputError(f"cannot read '{folder}': {system_reason(error)}") from error
    if labels is not None:
        used = _whole(labels)
        contents.unused = [name for name in contents.unused if _whole(folder / name) != used]
    return dataset_of_folder(contents, folder)


def _whole(place: AnyPath) -> AnyPath:
    return place.absolute() if isinstance(place, Path) else place


def inner_folder(images: str, folder: AnyPath) -> str:
    """Return the sub-folder that holds the images, with forward slashes.

    Raises:
        InputError: it is not below the folder.
    """
    inner = PurePosixPath(images.replace("\\", "/"))
    if inner.is_absolute() or ".." in inner.parts:
        raise InputError(f"`images` must be a sub-folder of '{folder}'; not '{images}'")
    return str(inner)


def dataset_of_folder(contents: FolderContents, folder: AnyPath) -> Dataset:
    """Return what is in a folder, or in an archive, as `read_image_folder` does.

    Raises:
        InputError: there is no image in it.
    """
    remarks = contents.remarks
    if not contents.images:
        readable = ", ".join(one.name for one in FORMATS.values() if one.is_readable)
        left_out = f"; {'; '.join(remarks)}" if remarks else ""
        raise InputError(f"there are no images in '{folder}' (looked for {readable}){left_out}")
    names = tuple(contents.images)
    layout = read_layout(names)
    labels, label_remarks = _labels_from_metadata(contents, names, folder)
    if labels is None:
        labels, label_remarks = layout.labels, label_remarks + layout.label_remarks
    table = pd.DataFrame(index=range(len(names)))
    if labels is not None:
        table["truth"] = pd.Series(labels, dtype=object)
    if layout.splits is not None:
        table["split"] = pd.Series(layout.splits, dtype=object)
    sources = tuple(contents.images.values())
    remarks += layout.remarks
    return Dataset(names, sources, table, str(folder), tuple(remarks), tuple(label_remarks))


def _labels_from_metadata(
    contents: FolderContents, names: tuple[str, ...], home: AnyPath
) -> tuple[list[str | None] | None, list[str]]:
    """Return labels from the tables in the folder, each for the images below it; None if none."""
    labels: dict[str, str] = {}
    remarks: list[str] = []
    for name, file in contents.metadata.items():
        folder = name.rpartition("/")[0]
        below = [one for one in names if one.startswith(f"{folder}/" if folder else "")]
        if not below:
            continue
        inner = [one[len(folder) + 1 if folder else 0 :] for one in below]
        try:
            table = _read_inside(file, home / name)
            found, told = labels_of_images(table, inner, TableForm(), folder)
        except InputError as error:
            remarks.append(f"'{name}' was not used: {error}")
            continue
        remarks += told
        labels |= {one: label for one, label in zip(below, found, strict=True) if label is not None}
    if not labels:
        return None, remarks
    return [labels.get(name) for name in names], remarks


def _read_inside(file: AnyPath | PackedImage, place: AnyPath) -> UserTable:
    if not isinstance(file, PackedImage):
        return read_table(file)
    try:
        return read_table(place, read_source(file))
    except ImageError as error:
        raise InputError(str(error)) from error
