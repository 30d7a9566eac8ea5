"""WebDataset shards: files of one name beside each image, with its label and other columns."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from embedbench.data.containers.members import LABEL_SUFFIXES
from embedbench.data.dataset import Dataset
from embedbench.data.folders.walk import File, contents_of
from embedbench.data.image_folder import dataset_of_folder
from embedbench.data.images.sources import PackedImage
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.reading import as_table
from embedbench.data.tables.truth import with_truth
from embedbench.errors import ImageError
from embedbench.io.paths import AnyPath
from embedbench.utils.formats import has_image_suffix
from embedbench.utils.text import pluralise, shorten

__all__ = ["is_webdataset", "read_webdataset"]

Files = Sequence[tuple[str, File]]

_CLASS = "cls"
_LARGEST = 1 << 20
"""Larger files beside an image are not read, in bytes."""


def is_webdataset(files: Files) -> bool:
    """Return whether half of the images of an archive have a file with a label beside them."""
    images = [_key(name) for name, _ in files if has_image_suffix(name)]
    beside = {_key(name) for name, _ in files if _kind(name) in LABEL_SUFFIXES}
    return bool(images) and 2 * sum(key in beside for key in images) >= len(images)


def read_webdataset(files: Files, shards: AnyPath, form: TableForm) -> Dataset:
    """Return the images of shards, with their labels and the other columns of their `.json`.

    The label is the text of `.cls`; without such files a column of `.json`, or the text of `.txt`
    if several images share each text. Without any of these the folders say it, as in a folder.

    Args:
        files: those of all shards.
        shards: what they are called.
        form: may name the column of labels.

    Raises:
        InputError: there is no image, or no column of the name in `form`.
    """
    beside: dict[str, dict[str, Any]] = defaultdict(dict)
    remarks: list[str] = []
    for name, file in files:
        if _kind(name) in LABEL_SUFFIXES and isinstance(file, PackedImage):
            beside[_key(name)] |= _said_by(name, file, remarks)
    others = [item for item in files if _kind(item[0]) not in LABEL_SUFFIXES]
    found = dataset_of_folder(contents_of(_one_each(others, remarks)), shards)
    cells = pd.DataFrame([beside.get(_key(name), {}) for name in found.names], dtype=object)
    cells = cells.reindex(range(len(found))).assign(image=found.names)
    table = as_table(shards, cells)
    if _CLASS in table.cells and not form.label:
        form = replace(form, label=_CLASS)
    cells, label_remarks = with_truth(table, form, {"image"})
    cells = cells.drop(columns=["image", *(set(found.table.columns) & {"split"} & set(cells))])
    if "truth" in cells:
        columns = pd.concat([found.table.drop(columns="truth", errors="ignore"), cells], axis=1)
    else:
        columns, label_remarks = pd.concat([found.table, cells], axis=1), list(found.label_remarks)
    return replace(
        found,
        table=columns,
        remarks=(*found.remarks, *remarks),
        label_remarks=tuple(label_remarks),
    )


def _key(name: str) -> str:
    """Return what the files of a sample have in common: the path up to the first dot."""
    above, slash, last = name.rpartition("/")
    return above + slash + last.partition(".")[0]


def _kind(name: str) -> str:
    """Return the rest of the name, in lower case."""
    return name[len(_key(name)) :].lower()


def _one_each(files: Iterable[tuple[str, File]], remarks: list[str]) -> list[tuple[str, File]]:
    """Return the files with one image of each sample: the first whose suffix has no other dot."""
    by_key: dict[str, list[tuple[str, File]]] = defaultdict(list)
    for name, file in files:
        by_key[_key(name)].append((name, file))
    kept: list[tuple[str, File]] = []
    left: list[str] = []
    for sample in by_key.values():
        plain = [one for one in sample if _kind(one[0]).count(".") == 1]
        images = [one for one in plain if has_image_suffix(one[0])]
        masks = [one for one in sample if one not in plain and has_image_suffix(one[0])]
        drop = masks if images else []
        left += [name for name, _ in drop]
        kept += [one for one in sample if one not in drop]
    if left:
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in Counter(map(_kind, left)).items())
        remarks.append(
            f"left out: {pluralise(len(left), 'file')} beside the image of their sample ({kinds}), "
            f"such as '{shorten(left[0])}'"
        )
    return kept


def _said_by(name: str, file: PackedImage, remarks: list[str]) -> dict[str, Any]:
    """Return the columns that a file beside an image gives."""
    kind = _kind(name)[1:]
    try:
        content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ValueError("it is too large")
        text = content.decode("utf-8-sig").strip()
        said = json.loads(text) if kind == "json" else text
    except (ImageError, OSError, ValueError, RecursionError) as error:
        remarks.append(f"'{name}' was not used: {' '.join(str(error).split())}")
        return {}
    fields = said if isinstance(said, dict) else {kind: said}
    return {key: value for key, value in fields.items() if isinstance(value, str | int | float)}
