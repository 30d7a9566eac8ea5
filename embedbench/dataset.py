"""Datasets: which images, by what names, and what is known of them."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from jaxtyping import Int

from embedbench.errors import ImageError, InputError
from embedbench.images import SUFFIXES

__all__ = ["Dataset", "Source", "read_dataset", "read_source"]

Source = Path | bytes
"""Where an image is: a file, or its bytes."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images in a fixed order, with what is known of them.

    Attributes:
        names: one name an image, unique: the path below the folder, with forward slashes.
        sources: where each image is.
        table: a row an image: `truth` (a label or missing) and any other known columns.
        origin: what the dataset was read from, for people.
    """

    names: tuple[str, ...]
    sources: tuple[Source, ...]
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    origin: str = "images"

    def __post_init__(self) -> None:
        if not self.names:
            raise InputError(f"there are no images in '{self.origin}'")
        if not len(self.names) == len(self.sources):
            raise InputError(f"{len(self.names)} names for {len(self.sources)} images")
        repeated = pd.Index(self.names)[pd.Index(self.names).duplicated()]
        if len(repeated):
            raise InputError(f"the image '{repeated[0]}' is in '{self.origin}' twice")
        if self.table.empty:
            object.__setattr__(self, "table", pd.DataFrame(index=range(len(self.names))))

    def __len__(self) -> int:
        return len(self.names)

    def take(self, rows: Sequence[int] | Int[np.ndarray, " rows"]) -> "Dataset":
        """Return the dataset of these rows alone, in this order."""
        return Dataset(
            names=tuple(self.names[row] for row in rows),
            sources=tuple(self.sources[row] for row in rows),
            table=self.table.iloc[list(rows)].reset_index(drop=True),
            origin=self.origin,
        )

    def sample(self, limit: int | None, seed: int = 0) -> "Dataset":
        """Return a seeded random sample of at most `limit` images, in the dataset's order."""
        if limit is None or limit >= len(self):
            return self
        if limit < 1:
            raise InputError(f"`limit` must be at least 1; not {limit}")
        rows = np.random.default_rng(seed).choice(len(self), limit, replace=False)
        return self.take(np.sort(rows))

    def with_truth(self, labels: str | None) -> "Dataset":
        """Return the dataset with these labels as its truth.

        Args:
            labels: a column of the dataset; a `.csv` file with a column of file names (`path`,
                `filename`, `image` or `name`) and a column of labels (`label`, or the one that
                is left); `none` for no labels; None for those that the dataset came with.

        Raises:
            InputError: there is no such column or file, or its labels name none of the images.
        """
        if labels is None:
            return self
        others = self.table.drop(columns="truth", errors="ignore")
        if labels == "none":
            return self._with_table(others)
        if labels in self.table.columns:
            return self._with_table(others.assign(truth=_as_labels(self.table[labels])))
        if not labels.endswith(".csv"):
            columns = ", ".join(self.table.columns) or "none"
            raise InputError(
                f"`labels` must be a .csv file or a column ({columns}); not '{labels}'"
            )
        return self._with_table(others.assign(truth=_labels_from_file(Path(labels), self.names)))

    def truth_codes(self) -> tuple[Int[np.ndarray, " images"], list[str]] | None:
        """Return the labels as codes into a sorted list of classes, -1 where not known.

        None where fewer than two images have a label.
        """
        if "truth" not in self.table.columns:
            return None
        codes, classes = pd.factorize(self.table["truth"], sort=True)
        if (codes >= 0).sum() < 2:
            return None
        return codes.astype(np.int32), [str(name) for name in classes]

    def _with_table(self, table: pd.DataFrame) -> "Dataset":
        return Dataset(self.names, self.sources, table, self.origin)

    @classmethod
    def from_images(
        cls,
        images: Iterable[Source],
        truth: Sequence[str | None] | None = None,
        origin: str = "images",
    ) -> "Dataset":
        """Return a dataset of files or of the bytes of files, named by file name or number."""
        sources = tuple(images)
        names = [
            source.as_posix() if isinstance(source, Path) else f"{row:06d}"
            for row, source in enumerate(sources)
        ]
        table = pd.DataFrame() if truth is None else pd.DataFrame({"truth": list(truth)})
        return cls(tuple(names), sources, table, origin)


def read_source(source: Source) -> bytes:
    """Return the bytes of an image's file.

    Raises:
        ImageError: the file cannot be read.
    """
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror or error}") from error


def read_dataset(source: str | Path | Dataset) -> Dataset:
    """Return the dataset in a folder, or in a `.csv` or `.parquet` table with a `path` column.

    Raises:
        InputError: there is no such thing, or no image in it.
    """
    if isinstance(source, Dataset):
        return source
    path = Path(source)
    if path.is_dir():
        return _read_folder(path)
    if path.suffix in {".csv", ".parquet"}:
        return _read_table(path)
    if not path.exists():
        raise InputError(f"there is no folder or table '{source}'")
    raise InputError(f"a source must be a folder, a .csv or a .parquet file; not '{source}'")


def _read_folder(folder: Path) -> Dataset:
    """Sub-folders are labels if two or more hold images; hidden files are left out."""
    names = sorted(
        (Path(root) / file).relative_to(folder).as_posix()
        for root, folders, files in os.walk(folder)
        for file in files
        if Path(file).suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in (Path(root) / file).relative_to(folder).parts)
    )
    if not names:
        known = ", ".join(sorted(SUFFIXES))
        raise InputError(f"there are no images in '{folder}' (looked for {known})")
    parents = [str(PurePosixPath(name).parent) for name in names]
    table = pd.DataFrame(index=range(len(names)))
    if len({parent for parent in parents if parent != "."}) >= 2:
        table["truth"] = [None if parent == "." else parent for parent in parents]
    return Dataset(tuple(names), tuple(folder / name for name in names), table, str(folder))


def _read_table(file: Path) -> Dataset:
    table = _load_table(file)
    if "path" not in table.columns:
        columns = ", ".join(map(str, table.columns))
        raise InputError(f"'{file}' must have a column `path`; it has {columns}")
    if table["path"].isna().any():
        row = int(table["path"].isna().to_numpy().argmax())
        raise InputError(f"'{file}' has no path in row {row + 1}")
    table = table.assign(path=table["path"].astype(str)).sort_values("path", ignore_index=True)
    names = tuple(PurePosixPath(path.replace("\\", "/")).as_posix() for path in table["path"])
    sources = tuple(file.parent / name for name in names)
    table = table.drop(columns="path")
    labels = next((name for name in ("truth", "label") if name in table.columns), None)
    if labels:
        table["truth"] = _as_labels(table[labels])
    return Dataset(names, sources, table, str(file))


def _load_table(file: Path) -> pd.DataFrame:
    try:
        if file.suffix == ".parquet":
            return pd.read_parquet(file)
        return pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""])
    except FileNotFoundError as error:
        raise InputError(f"there is no file '{file}'") from error
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read '{file}': {' '.join(str(error).split())}") from error


def _labels_from_file(file: Path, names: Sequence[str]) -> pd.Series:
    """Labels joined by the whole name, or by the file name alone where that is unique."""
    table = _load_table(file)
    keys = [name for name in ("path", "filename", "image", "name") if name in table.columns]
    if not keys:
        raise InputError(f"'{file}' must have a column `path`, `filename`, `image` or `name`")
    rest = [column for column in table.columns if column != keys[0]]
    column = "label" if "label" in rest else rest[0] if len(rest) == 1 else None
    if column is None:
        raise InputError(f"'{file}' must have a column `label`; it has {', '.join(rest) or 'none'}")
    if table[keys[0]].duplicated().any():
        twice = table.loc[table[keys[0]].duplicated(), keys[0]].iloc[0]
        raise InputError(f"'{file}' has two labels for '{twice}'")
    known = dict(zip(table[keys[0]].astype(str), _as_labels(table[column]), strict=True))
    short = pd.Series([PurePosixPath(name).name for name in names])
    unique = ~short.duplicated(keep=False)
    found = [
        known.get(name, known.get(last) if alone else None)
        for name, last, alone in zip(names, short, unique, strict=True)
    ]
    if all(pd.isna(label) for label in found):
        raise InputError(f"the labels in '{file}' name none of the {len(names)} images")
    return pd.Series(found, dtype=object)


def _as_labels(column: "pd.Series[str]") -> pd.Series:
    return (
        column.astype(object)
        .where(column.notna(), None)
        .map(lambda value: None if value is None else str(value))
    )


def content_hash(content: bytes) -> str:
    """Return the SHA-256 of an image file's bytes, in hex."""
    return hashlib.sha256(content).hexdigest()
