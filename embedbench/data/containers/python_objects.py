"""Images that are objects of Python: tables, lists, arrays, datasets of other libraries."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embedbench.data.containers.huggingface import read_rows, read_stream
from embedbench.data.containers.places import common_folder, read_files
from embedbench.data.containers.torch_datasets import is_image_object, read_torch
from embedbench.data.dataset import Dataset
from embedbench.data.image_rows import dataset_of_rows
from embedbench.data.image_table import read_image_table
from embedbench.data.images.pixels import PixelImage, check_pixels, check_stack
from embedbench.data.images.sources import RejectedImage, Source
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.reading import as_table
from embedbench.errors import InputError
from embedbench.io.paths import RemotePath, parse_path
from embedbench.utils.kinds import described, is_of

__all__ = ["is_image_item", "is_known_object", "read_image_list", "read_object", "refused"]

_ACCEPTED = (
    "a folder, a file or a pattern, a Dataset, a DataFrame, a list of paths, of PIL images, of "
    "bytes or of arrays, an array of images, a datasets.Dataset, or a torch Dataset"
)
"""What a source can be, for messages."""


def is_known_object(value: Any) -> bool:
    """Return whether `read_object` reads an object."""
    return (
        isinstance(value, pd.DataFrame | pd.Series | np.ndarray)
        or is_of(value, "datasets.")
        or is_of(value, "torch.utils.data.dataset", "Dataset")
        or callable(getattr(value, "to_pandas", None))
    )


def is_image_item(value: Any) -> bool:
    """Return whether an object is one image in memory, or an image or its path with a label."""
    if isinstance(value, tuple | list) and len(value) == 2:
        first, label = value
        named = isinstance(first, str | os.PathLike | RemotePath)
        is_label = isinstance(label, str | int | np.generic | None)
        return is_label and (named or is_image_object(first))
    return is_image_object(value)


def read_object(value: Any, form: TableForm, limit: int | None = None) -> Dataset:
    """Return the images of an object, with the labels and columns that it has.

    Args:
        value: the object.
        form: may name the columns of images and labels.
        limit: number of images that are taken of a stream.

    Raises:
        InputError: the object holds no images, or is of another kind.
    """
    kind = type(value).__name__
    if is_of(value, "datasets.", "Dataset") or is_of(value, "datasets.", "DatasetDict"):
        return _of_hugging_face(value, form)
    if is_of(value, "datasets.", "IterableDataset"):
        return read_stream(value, kind, limit, form)
    if isinstance(value, pd.DataFrame):
        return _of_table(value, kind, form)
    if isinstance(value, pd.Series):
        return read_image_list(value.tolist(), kind, form)
    if isinstance(value, np.ndarray):
        if value.dtype == object or value.dtype.kind == "U":
            return read_image_list(value.tolist(), kind, form)
        check_stack(value, "the source")
        images = [PixelImage(pixels) for pixels in value]
        return Dataset.from_images(images, origin="array")
    if is_of(value, "torch.utils.data.dataset", "Dataset"):
        return read_torch(value)
    if callable(getattr(value, "to_pandas", None)):
        return _of_table(value.to_pandas(), kind, form)
    raise refused(value)


def refused(value: Any) -> InputError:
    """Return the error of an object that is no source."""
    return InputError(f"a source must be {_ACCEPTED}; not {described(value)}")


def read_image_list(images: Sequence[Any], name: str, form: TableForm) -> Dataset:
    """Return a list of images as a dataset, in its order: paths, PIL images, bytes or arrays.

    Each may be a pair of an image and its label.

    Raises:
        InputError: one of them is something else.
    """
    if not images:
        raise InputError("the list of images is empty")
    pairs = all(isinstance(one, tuple | list) and len(one) == 2 for one in images)
    items = [one[0] for one in images] if pairs else list(images)
    sources = [_source_of(item, row) for row, item in enumerate(items)]
    places = [one for one in sources if isinstance(one, Path | RemotePath)]
    if len(places) == len(sources):
        home = common_folder(places)
        dataset = read_files(places, home or Path(name), listed=True)
    else:
        dataset = Dataset.from_images(sources, origin=name)
    if not pairs:
        return dataset
    cells = pd.DataFrame({"label": [one[1] for one in images]}, dtype=object)
    labels = dataset_of_rows(dataset.names, dataset.sources, cells, Path(name), form)
    table = dataset.table.drop(columns="truth", errors="ignore")
    return replace(
        dataset,
        table=table.assign(truth=labels.table["truth"]),
        label_remarks=labels.label_remarks,
    )


def _source_of(item: Any, row: int) -> Source:
    if isinstance(item, bytes | bytearray | memoryview):
        return bytes(item)
    if isinstance(item, str | os.PathLike):
        return parse_path(os.fspath(item) if isinstance(item, os.PathLike) else item)
    if isinstance(item, RemotePath):
        return item
    if isinstance(item, np.ndarray):
        check_pixels(item, f"image {row}")
        return PixelImage(item)
    if is_of(item, "PIL.Image", "Image"):
        return PixelImage(item)
    if isinstance(item, dict) and (item.get("bytes") or item.get("path")):
        return _source_of(item.get("bytes") or item.get("path"), row)
    raise InputError(
        f"image {row} of a list must be a path, a PIL image, bytes or an array; not "
        f"{described(item)}"
    )


def _of_table(frame: pd.DataFrame, name: str, form: TableForm) -> Dataset:
    """Return the images of a DataFrame: objects in a column, or files as in a table."""
    frame = frame.reset_index(drop=True)
    place = Path(name)
    if not len(frame):
        raise InputError("the DataFrame has no rows")
    names = [form.path] if form.path else list(frame.columns)
    for column in names:
        cells = frame[column] if column in frame else pd.Series(dtype=object)
        first = next((one for one in cells if one is not None), None)
        if is_image_object(first) or (isinstance(first, dict) and "bytes" in first):
            sources: list[Source] = [
                RejectedImage("no picture in its row") if one is None else _source_of(one, row)
                for row, one in enumerate(cells)
            ]
            numbers = tuple(f"{row:06d}" for row in range(len(frame)))
            others = frame.drop(columns=column)
            return dataset_of_rows(numbers, sources, others, place, form)
    columns = [column for column in frame if pd.api.types.is_hashable(column)]
    return read_image_table(place, form, as_table(place, frame[columns]))


def _of_hugging_face(value: Any, form: TableForm) -> Dataset:
    name = "datasets.Dataset"
    if not isinstance(value, dict):
        return read_rows(value, name, form)
    found = {str(split): read_rows(rows, name, form) for split, rows in value.items()}
    if not found:
        raise InputError("the DatasetDict has no splits")
    tables = [one.table.assign(split=split) for split, one in found.items()]
    return Dataset(
        tuple(f"{split}/{image}" for split, one in found.items() for image in one.names),
        tuple(source for one in found.values() for source in one.sources),
        pd.concat(tables, ignore_index=True),
        name,
        label_remarks=next(iter(found.values())).label_remarks,
    )
