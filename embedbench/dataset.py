"""Datasets: which images, by what names, and what is known of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from jaxtyping import Int

from embedbench.errors import InputError
from embedbench.folders import images_below
from embedbench.image_tables import (
    as_labels,
    fault_of_place,
    in_order,
    labels_from_file,
    load_table,
    names_of_urls,
    texts,
)
from embedbench.images import SUFFIXES
from embedbench.io.paths import Address, Location, is_address, location_of
from embedbench.sources import Refused, Remote, Source, Turned
from embedbench.utils.text import shown

__all__ = ["Dataset", "read_dataset"]

OPEN_IMAGES = "open-images:"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images in a fixed order, with what is known of them.

    Attributes:
        names: one name an image, unique: the path below the folder, with forward slashes.
        sources: where each image is.
        table: a row an image: `truth` (a label or missing) and any other known columns.
        origin: what the dataset was read from, for people.
        remarks: what a person should know of how it was read, a sentence each.
    """

    names: tuple[str, ...]
    sources: tuple[Source, ...]
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    origin: str = "images"
    remarks: tuple[str, ...] = ()

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
        return replace(
            self,
            names=tuple(self.names[row] for row in rows),
            sources=tuple(self.sources[row] for row in rows),
            table=self.table.iloc[list(rows)].reset_index(drop=True),
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
            return self._with_table(others.assign(truth=as_labels(self.table[labels])))
        if not labels.endswith(".csv"):
            columns = ", ".join(self.table.columns) or "none"
            raise InputError(
                f"`labels` must be a .csv file or a column ({columns}); not '{labels}'"
            )
        return self._with_table(
            others.assign(truth=labels_from_file(location_of(labels), self.names))
        )

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
        return replace(self, table=table)

    @classmethod
    def from_images(
        cls,
        images: Iterable[Source],
        truth: Sequence[str | None] | None = None,
        origin: str = "images",
    ) -> "Dataset":
        """Return a dataset of images, named by their paths, or by number where they have none."""
        sources = tuple(images)
        places = [one.source if isinstance(one, Turned) else one for one in sources]
        names = [
            shown(place.as_posix()) if isinstance(place, Path | Address) else f"{row:06d}"
            for row, place in enumerate(places)
        ]
        table = pd.DataFrame() if truth is None else pd.DataFrame({"truth": list(truth)})
        return cls(tuple(names), sources, table, origin)


def read_dataset(source: str | Location | Dataset, follow_links: bool = False) -> Dataset:
    """Return the dataset that a source names; nothing is downloaded.

    Args:
        source: a folder; a `.csv` or `.parquet` table with a column `path` or `url`, of which a
            row with both uses its path; either of them also at an address such as
            `s3://bucket/photos`; or `open-images:FOLDER[,field=value ...]`, as in
            `embedbench.openimages`.
        follow_links: whether links that lead out of a folder are followed; else they are refused.

    Raises:
        InputError: there is no such thing, or no image in it.
    """
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str) and source.startswith(OPEN_IMAGES):
        from embedbench.openimages import read_open_images

        return read_open_images(source, follow_links)
    place = location_of(source)
    if isinstance(place, Path) and place.is_dir():
        return _read_folder(place, follow_links)
    if place.suffix in {".csv", ".parquet"}:
        return _read_table(place)
    if isinstance(place, Address):
        return _read_folder(place, follow_links)
    if not place.exists():
        raise InputError(f"there is no folder or table '{source}'")
    raise InputError(f"a source must be a folder, a .csv or a .parquet file; not '{source}'")


def _read_folder(folder: Location, follow_links: bool) -> Dataset:
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


def _read_table(file: Location) -> Dataset:
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
        _beside(file, path) if path else Remote(url.strip())
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
    if not path or is_address(path):
        return path
    return PurePosixPath(path.replace("\\", "/")).as_posix()


def _beside(table: Location, name: str) -> Location | Refused:
    """Return where an image is that a table names: at an address, or a path beside the table."""
    if is_address(name) or PurePosixPath(name).is_absolute():
        fault = fault_of_place(table, name)
        return Refused(fault) if fault else location_of(name)
    return table.parent / name
