"""Datasets: images with their names, labels and other columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int

from embedbench.data.images.sources import Source, place_of
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.labels import (
    as_labels,
    composed_text,
    drop_missing,
    drop_several,
    labels_of_images,
)
from embedbench.data.tables.reading import is_table_name, read_table
from embedbench.errors import InputError
from embedbench.io.paths import RemotePath, parse_path
from embedbench.utils.text import agreeing, join_names, pluralise, shown

__all__ = [
    "Dataset",
    "FOLDER",
    "PARENT",
    "SET",
    "note_single_images",
    "select",
    "with_domain",
    "with_labels",
]

_USUAL_FORM = TableForm()

SET = "set"
"""The column with the set of each image, if there are several."""

FOLDER, PARENT = "folder", "parent"
"""Labels by all folders of an image, or by its last; `folder` is also the domain by its top one."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images in a fixed order, with a table of their properties.

    Attributes:
        names: unique name of each image: its path below the folder, with forward slashes.
        sources: source of each image.
        table: one row per image: `truth` (a label or missing) and other columns.
        origin: source of the dataset, for messages.
        remarks: remarks on reading the images, one sentence each.
        label_remarks: remarks on the labels, which other labels replace.
    """

    names: tuple[str, ...]
    sources: tuple[Source, ...]
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    origin: str = "images"
    remarks: tuple[str, ...] = ()
    label_remarks: tuple[str, ...] = ()

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
        """Return the dataset of these rows, in this order."""
        return replace(
            self,
            names=tuple(self.names[row] for row in rows),
            sources=tuple(self.sources[row] for row in rows),
            table=self.table.iloc[list(rows)].reset_index(drop=True),
        )

    def sample(self, limit: int | None, seed: int = 0) -> "Dataset":
        """Draw a random sample of at most `limit` images; keep the order of the dataset."""
        if limit is None or limit >= len(self):
            return self
        if limit < 1:
            raise InputError(f"`limit` must be at least 1; not {limit}")
        rows = np.random.default_rng(seed).choice(len(self), limit, replace=False)
        return self.take(np.sort(rows))

    def with_truth(self, labels: str | None, form: TableForm = _USUAL_FORM) -> "Dataset":
        """Return the dataset with these labels as its truth.

        Args:
            labels: a column of the dataset; a table with a column of file names and a column of
                labels; `folder` for all folders of an image, `parent` for its last one; `none`
                for no labels; None for those that the dataset came with.
            form: columns of the table, and which texts are missing labels.

        Raises:
            InputError: there is no such column or table, or its labels name none of the images.
        """
        if labels is None:
            return self
        others = self.table.drop(columns="truth", errors="ignore")
        if labels == "none":
            return replace(self, table=others, label_remarks=())
        remarks: list[str]
        if labels in self.table.columns:
            truth, remarks = drop_several(as_labels(self.table[labels]), self.origin)
            if not form.keep_na:
                truth, missing = drop_missing(truth, self.origin)
                remarks += missing
        elif labels in (FOLDER, PARENT):
            parents = [PurePosixPath(name).parent for name in self.names]
            texts = [one.name if labels == PARENT else one.as_posix() for one in parents]
            truth = pd.Series([text if text not in ("", ".") else None for text in texts])
            truth, remarks = truth.astype(object), []
        elif is_table_name(labels):
            table = read_table(parse_path(labels))
            truth, remarks = labels_of_images(table, self.names, form, self.origin)
            remarks = [*table.remarks, *remarks]
        else:
            columns = ", ".join(self.table.columns) or "none"
            raise InputError(
                f"`labels` must be a table, a column ({columns}), {FOLDER}, {PARENT} or none; "
                f"not '{labels}'"
            )
        return replace(self, table=others.assign(truth=truth), label_remarks=tuple(remarks))

    def truth_codes(self) -> tuple[Int[np.ndarray, " images"], list[str]] | None:
        """Return the labels as indices into a sorted list of classes; -1 if unknown.

        None if fewer than two images have a label.
        """
        if "truth" not in self.table.columns:
            return None
        codes, classes = pd.factorize(self.table["truth"], sort=True)
        if (codes >= 0).sum() < 2:
            return None
        return codes.astype(np.int32), [str(name) for name in classes]

    @property
    def class_count(self) -> int | None:
        """The number of classes; None without labels."""
        codes = self.truth_codes()
        return len(codes[1]) if codes else None

    @classmethod
    def from_images(
        cls,
        images: Iterable[Source],
        truth: Sequence[str | None] | None = None,
        origin: str = "images",
    ) -> "Dataset":
        """Create a dataset of images, named by their paths, or by number without a path."""
        sources = tuple(images)
        places = [place_of(one) for one in sources]
        names = [
            shown(place.as_posix()) if isinstance(place, Path | RemotePath) else f"{row:06d}"
            for row, place in enumerate(places)
        ]
        table = pd.DataFrame() if truth is None else pd.DataFrame({"truth": list(truth)})
        return cls(tuple(names), sources, table, origin)


def with_labels(dataset: Dataset, labels: str | None, form: TableForm = _USUAL_FORM) -> Dataset:
    """Return the dataset with these labels, as in `Dataset.with_truth`.

    With several sets, images that a file of labels does not name keep the labels of their set.
    """
    labelled = dataset.with_truth(labels, form)
    if SET not in dataset.table or "truth" not in dataset.table or labels in (None, "none"):
        return labelled
    new, old = labelled.table["truth"], dataset.table["truth"]
    return replace(labelled, table=labelled.table.assign(truth=new.where(new.notna(), old)))


def note_single_images(dataset: Dataset) -> Dataset:
    """Return the dataset, with a remark if classes have one image each."""
    if "truth" not in dataset.table:
        return dataset
    counts = dataset.table["truth"].value_counts()
    single = sorted(map(str, counts.index[counts == 1]))
    if not single or len(counts) < 2:
        return dataset
    shown = join_names(single) if len(single) <= 3 else f"{', '.join(single[:2])} ..."
    remark = (
        f"{len(single):,} of {pluralise(len(counts), 'class')} {agreeing(len(single), 'have')} "
        f"one image ({shown}): classes of one picture can be neither retrieved nor learned"
    )
    return replace(dataset, label_remarks=(*dataset.label_remarks, remark))


def select(dataset: Dataset, where: Sequence[str]) -> Dataset:
    """Return the images that fit conditions such as `split=test`.

    Args:
        dataset: the images.
        where: conditions; `label` is the label of an image. Values of one column are
            alternatives; of several columns all must fit.

    Raises:
        InputError: a condition has no `=` or names no column, or no image fits.
    """
    allowed: dict[str, list[str]] = {}
    for condition in where:
        column, equals, value = condition.partition("=")
        column = "truth" if column == "label" and "label" not in dataset.table else column
        if not equals or column not in dataset.table:
            columns = ", ".join(map(str, dataset.table.columns)) or "none"
            raise InputError(
                f"`where` must be COLUMN=VALUE, with one of the columns {columns}; not "
                f"'{condition}'"
            )
        allowed.setdefault(column, []).append(composed_text(value))
    fits = np.ones(len(dataset), dtype=bool)
    for column, values in allowed.items():
        cells = as_labels(dataset.table[column])
        fits &= cells.map(composed_text).isin(values).to_numpy()
        if not fits.any():
            known = ", ".join(sorted({one for one in cells if one is not None})[:10])
            raise InputError(f"no image has {column}={' or '.join(values)}; there are {known}")
    return dataset if not where else dataset.take(np.flatnonzero(fits))


def with_domain(dataset: Dataset, domain: str | None) -> Dataset:
    """Return the dataset with a column `domain`.

    Args:
        dataset: the images.
        domain: one of its columns; `folder` for the top folder of an image, in which case labels
            that are the folders lose it: the label of `sketch/dog/1.jpg` is `dog`. By default
            the set where there are several, and no domain where there is one.

    Raises:
        InputError: there is no such column, or fewer than two domains.
    """
    table = dataset.table
    if domain is None and SET not in table:
        return dataset
    domain = domain or SET
    if domain == SET and SET not in table:
        raise InputError("`domain` 'set' needs several sources; there is one")
    if domain == FOLDER and FOLDER not in table:
        parents = pd.Series([PurePosixPath(name).parent.parts for name in dataset.names])
        table = table.assign(
            domain=pd.Series([_path(parts[:1]) for parts in parents], dtype=object)
        )
        whole = ["/".join(parts) or None for parts in parents]
        if (
            "truth" in table
            and table["truth"].where(table["truth"].notna(), None).tolist() == whole
        ):
            rest = pd.Series(["/".join(parts[1:]) or None for parts in parents], dtype=object)
            table = table.assign(truth=rest) if rest.notna().any() else table.drop(columns="truth")
    elif domain in table:
        table = table.assign(domain=pd.Series(map(_text, table[domain]), dtype=object))
    else:
        columns = ", ".join([FOLDER, *map(str, table.columns.drop("domain", errors="ignore"))])
        raise InputError(f"`domain` must be one of {columns}; not '{domain}'")
    if table["domain"].nunique() < 2:
        raise InputError(
            f"`domain` '{domain}' must have at least two values; all images have the same"
        )
    return replace(dataset, table=table)


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _path(parts: tuple[str, ...]) -> str | None:
    return "/".join(parts) or None
