"""Several image sets as one dataset, and the domain of each image."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from embedbench.dataset import Dataset, read_dataset
from embedbench.errors import InputError

__all__ = ["FOLDER", "SET", "Sets", "join", "listed", "read_sets", "with_domain", "with_labels"]

SET = "set"
"""The column that tells from which of several sets an image is."""

FOLDER = "folder"
"""The domain that is an image's top folder."""

Sets = str | Path | Dataset | Sequence[str | Path | Dataset]


def listed(source: Sets) -> list[str | Path | Dataset]:
    """Return the sources as a list, also where there is one."""
    return [source] if isinstance(source, str | Path | Dataset) else list(source)


def read_sets(source: Sets, follow_links: bool = False) -> Dataset:
    """Return the dataset of a source, or of several as one, with a column `set`.

    Raises:
        InputError: there is no such source, no image in one, or two of one name.
    """
    found = [read_dataset(one, follow_links) for one in listed(source)]
    if not found:
        raise InputError("there must be a source")
    if len(found) == 1:
        return found[0]
    names = [_short(dataset.origin) for dataset in found]
    if len(set(names)) < len(names):
        names = [dataset.origin for dataset in found]
    if len(set(names)) < len(names):
        raise InputError(f"a source is given twice: {', '.join(names)}")
    return join(dict(zip(names, found, strict=True)))


def join(sets: dict[str, Dataset]) -> Dataset:
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


def with_labels(dataset: Dataset, labels: str | None) -> Dataset:
    """Return the dataset with these labels; see `Dataset.with_truth`.

    Of several sets, images that a file of labels does not name keep the labels of their set.
    """
    labelled = dataset.with_truth(labels)
    if SET not in dataset.table or "truth" not in dataset.table or labels in (None, "none"):
        return labelled
    new, old = labelled.table["truth"], dataset.table["truth"]
    return replace(labelled, table=labelled.table.assign(truth=new.where(new.notna(), old)))


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
        raise InputError(f"`domain` '{domain}' must tell at least two domains apart")
    return replace(dataset, table=table)


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _path(parts: tuple[str, ...]) -> str | None:
    return "/".join(parts) or None


def _short(origin: str) -> str:
    return PurePosixPath(origin.replace("\\", "/")).stem or origin
