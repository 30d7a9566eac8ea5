"""Datasets of Hugging Face: saved on disk, by name from the hub, or as objects of `datasets`."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from embedbench.data.containers.record_batches import is_arrow_name
from embedbench.data.containers.table_images import named_classes
from embedbench.data.dataset import Dataset
from embedbench.data.image_rows import dataset_of_rows, unique_names
from embedbench.data.images.sources import PackedImage, RejectedImage, Source, read_source
from embedbench.data.tables.columns import IMAGE_COLUMNS
from embedbench.data.tables.form import TableForm
from embedbench.errors import ImageError, InputError
from embedbench.io.paths import HUB, AnyPath, files_in, folders_in, open_file
from embedbench.utils.offline import hub_environment
from embedbench.utils.text import join_names

__all__ = ["read_hub", "read_rows", "read_stream", "saved_files"]

_DATASET, _SPLITS = "state.json", "dataset_dict.json"
_MOST_KEPT = 10**9
"""Bytes of images that are kept in memory."""

_BUFFER = 1000
_BATCH = 100
_COLUMNS = ("Value", "ClassLabel")
_SMALL = (str, int, float, bool, type(None))


@dataclass(frozen=True, eq=False)
class RowImage(PackedImage):
    """An image in a row of a `datasets.Dataset` whose rows are in files.

    Attributes:
        rows: the dataset with its column of images alone, which are not decoded.
        column: the name of the column.
        row: the row.
    """

    rows: Any = field(repr=False)
    column: str
    row: int

    def read(self, most: int) -> bytes:
        """Return its bytes, as in `PackedImage`."""
        try:
            value = self.rows[self.row][self.column]
        except OSError:
            raise
        except Exception as error:  # pyarrow and datasets raise nearly anything
            raise ImageError(f"cannot be read: {' '.join(str(error).split())}") from error
        return read_source(_source_of(value))[:most]


def saved_files(folder: AnyPath) -> list[AnyPath] | None:
    """Return the Arrow files of a dataset, or its splits, that `save_to_disk` wrote; None if none.

    Raises:
        InputError: the list of files in the folder is broken.
    """
    if isinstance(folder, Path) and not any((folder / one).exists() for one in (_SPLITS, _DATASET)):
        return None  # a folder of a million images is not listed for this
    try:
        names = files_in(folder)
        if _SPLITS in names:
            inner = [folder / name for name in sorted(folders_in(folder))]
            return [file for one in inner for file in saved_files(one) or ()]
        if _DATASET not in names or not any(map(is_arrow_name, names)):
            return None
        place = folder / _DATASET
        with open_file(place) as file:
            state = json.loads(file.read())
        if state.get("_indices_data_files"):
            raise ValueError("it was saved by an old version of datasets, with indices")
        listed = [str(one["filename"]) for one in state["_data_files"]]
    except OSError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"cannot read '{folder / _DATASET}': {error}") from error
    for name in listed:
        if PurePosixPath(name.replace("\\", "/")).name != name:
            raise InputError(f"'{folder / _DATASET}' names a file outside its folder: '{name}'")
    return [folder / name for name in listed]


def read_hub(source: str, limit: int | None, form: TableForm) -> Dataset:
    """Return images of a dataset on the hub of Hugging Face, streamed and kept in memory.

    Args:
        source: `hf:NAME` or `hf:NAME:SPLIT`.
        limit: number of images, drawn from a part of the stream; None for all of a small dataset.
        form: may name the columns of images and labels.

    Raises:
        InputError: the library `datasets` is missing, there is no such dataset, it has several
            splits, or is large and there is no limit.
    """
    name, _, split = source.removeprefix(HUB).partition(":")
    try:
        import datasets
    except ModuleNotFoundError as error:
        raise InputError(
            f"to read '{source}', install datasets: pip install 'image-embedbench[hf]'"
        ) from error
    if hub_environment(offline=False):  # datasets would retry for half a minute
        raise InputError(
            f"cannot read '{source}': the hub of Hugging Face does not answer; with "
            "HF_HUB_OFFLINE=1 a copy is read that the library datasets has kept"
        )
    with _in_words(source):
        loaded = datasets.load_dataset(name, split=split or None, streaming=True)
    if isinstance(loaded, Mapping):
        splits = [str(one) for one in loaded]
        if len(splits) > 1:
            named = join_names([f"{HUB}{name}:{one}" for one in splits])
            raise InputError(f"'{source}' has several splits: name one of {named}")
        loaded = loaded[splits[0]]
    return read_stream(loaded, source, limit, form)


def read_stream(stream: Any, name: str, limit: int | None, form: TableForm) -> Dataset:
    """Return the images of a `datasets.IterableDataset`, kept in memory; as `read_hub`.

    Raises:
        InputError: it has no column of images, or is large and there is no limit.
    """
    size = getattr(stream.info, "dataset_size", None) or 0
    if limit is None and size > _MOST_KEPT:
        raise InputError(
            f"'{name}' has {size / 10**9:,.1f} GB, more than is kept in memory: --limit 1000 takes "
            "a sample of it"
        )
    with _in_words(name):
        features = stream.features or stream._resolve_features().features
        column = _image_column(features, name, form)
        stream = stream.cast_column(column, type(features[column])(decode=False))
        if limit is not None:
            stream = stream.shuffle(seed=0, buffer_size=max(_BUFFER, limit))
    sources: list[Source] = []
    paths: list[str | None] = []
    records, kept = [], 0
    with _in_words(name):
        for record in islice(stream, limit):
            source = _source_of(record[column])
            kept += len(source) if isinstance(source, bytes) else 0
            if kept > _MOST_KEPT:
                raise InputError(
                    f"the images of '{name}' take more than {_MOST_KEPT // 10**6:,} MB, which is "
                    "what is kept in memory: --limit takes a sample of them"
                )
            sources.append(source)
            paths.append(_path_of(record[column]))
            records.append({key: one for key, one in record.items() if isinstance(one, _SMALL)})
    cells = pd.DataFrame(records, index=range(len(sources))).drop(columns=column, errors="ignore")
    return _dataset(sources, paths, cells, features, name, form)


def read_rows(rows: Any, name: str, form: TableForm) -> Dataset:
    """Return the images of a `datasets.Dataset`; those in its files stay there.

    Raises:
        InputError: it has no column of images, or several.
    """
    with _in_words(name):
        features = rows.features
        column = _image_column(features, name, form)
        rows = rows.with_format(None)
        images = rows.select_columns([column])
        images = images.cast_column(column, type(features[column])(decode=False))
        in_files = bool(rows.cache_files)
        sources: list[Source] = []
        paths: list[str | None] = []
        for batch in images.with_format("arrow").iter(_BATCH):
            for value in batch.column(column).to_pylist():
                source = _source_of(value)
                if in_files and isinstance(source, bytes):
                    source = RowImage(images, column, len(sources))
                sources.append(source)
                paths.append(_path_of(value))
        others = [
            key for key, one in features.items() if type(one).__name__ in ("Value", "ClassLabel")
        ]
        cells = rows.select_columns(others).to_pandas() if others else pd.DataFrame()
    return _dataset(sources, paths, cells, features, name, form)


def _dataset(
    sources: list[Source],
    paths: list[str | None],
    cells: pd.DataFrame,
    features: Mapping[str, Any],
    name: str,
    form: TableForm,
) -> Dataset:
    if not sources:
        raise InputError(f"there are no images in '{name}'")
    for column in set(map(str, cells)) & set(features):
        if type(features[column]).__name__ == "ClassLabel":
            cells[column] = named_classes(cells[column], features[column].names)
    numbers = [f"{row:06d}" for row in range(len(sources))]
    return dataset_of_rows(
        unique_names(paths, numbers), sources, cells.reindex(range(len(sources))), Path(name), form
    )


def _image_column(features: Mapping[str, Any], name: str, form: TableForm) -> str:
    found = [key for key, one in features.items() if type(one).__name__ == "Image"]
    if form.path:
        found = [key for key in found if key == form.path]
    usual = [key for word in IMAGE_COLUMNS for key in found if key.lower() == word]
    best = usual[:1] or found
    if len(best) == 1:
        return best[0]
    columns = ", ".join(features)
    if not best:
        raise InputError(f"'{name}' has no column of images; it has {columns}")
    raise InputError(
        f"in '{name}' the images may be those of {join_names(best)}: name the column by "
        "--path-column"
    )


def _source_of(value: Any) -> Source:
    """Return the source of an image that is not decoded: its bytes, or the file that it names."""
    if isinstance(value, dict) and isinstance(value.get("bytes"), bytes):
        return bytes(value["bytes"])
    path = value.get("path") if isinstance(value, dict) else None
    return Path(path) if path else RejectedImage("no picture in its row")


def _path_of(value: Any) -> str | None:
    path = value.get("path") if isinstance(value, dict) else None
    return PurePosixPath(path.replace("\\", "/")).name if path else None


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    """Turn what `datasets` and the network raise into one line."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise InputError(f"cannot read '{name}': {reason}") from error
