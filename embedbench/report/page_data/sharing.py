"""What a page may tell those whom it is sent to: no place above the run's own pictures."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pandas as pd

from embedbench.results.results import Results

__all__ = ["shareable", "without_places"]

_IMAGES = ("image", "neighbour", "partner", "medoid", "query")
"""Columns that hold the name of an image; `typical` and `atypical` hold lists of them."""

_LISTS = ("typical", "atypical")
_TEXTS = ("error", "weights", "device", "revision")

_PLACE = re.compile(
    r"""(?:\A|(?<=["']))/(?!/)(?:[^'"/\n]+/)+"""  # '/home/ann lee/
    r"""|(?:\A|(?<=["']))[A-Za-z]:[\\/](?:[^'"\\/\n]+[\\/])+"""
    r"""|file:///(?:[^\s'"/]+/)+"""
    r"""|(?<![\w./~-])/(?!/)(?:[^\s'",;<>()/]+/)+"""  # /home/ann/
    r"""|(?<!\w)[A-Za-z]:[\\/](?:[^\s'"\\/]+[\\/])+"""  # C:\Users\Ann\
)
"""Folders above the last part of an absolute path; spaces are in one that is quoted, or alone."""


def shareable(results: Results, pictures: bool = True) -> Results:
    """Return the results without the folders that lie above what they are about.

    Images with absolute names lose the folder that they have in common; other absolute paths keep
    their last part. `run.json` keeps them whole, so a run can be repeated where it was made.

    Args:
        results: the comparison.
        pictures: whether thumbnails stay.
    """
    names = _shorter_names(results.images["image"].astype(str).unique().tolist())
    tables: dict[str, Any] = {}
    for field in fields(results):
        table = getattr(results, field.name)
        if isinstance(table, pd.DataFrame):
            tables[field.name] = _table(table, names)
    if not pictures:
        tables["images"] = tables["images"].drop(columns="thumbnail", errors="ignore")
    return replace(results, **tables, run=_record(results.run))


def without_places(text: str) -> str:
    """Return a text in which each absolute path keeps its last part alone."""
    return _PLACE.sub("", text)


def _shorter_names(names: list[str]) -> dict[str, str]:
    """Return new names of images whose names are absolute paths; none if there are others."""
    if not names or not all(os.path.isabs(name) for name in names):
        return {}
    folder = os.path.commonpath([os.path.dirname(name) for name in names])
    return {name: os.path.relpath(name, folder) for name in names}


def _table(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    changed: dict[str, Any] = {}
    if names:
        for name in _IMAGES:
            if name in table:
                changed[name] = table[name].map(lambda one: names.get(str(one), one))
        for name in _LISTS:
            if name in table:
                changed[name] = table[name].map(lambda cell: _listed(cell, names))
    for name in _TEXTS:
        if name in table:
            changed[name] = table[name].map(
                lambda cell: without_places(cell) if isinstance(cell, str) else cell
            )
    return table.assign(**changed) if changed else table


def _listed(cell: Any, names: Mapping[str, str]) -> Any:
    """Return a JSON list of names with the new ones; anything else as it is."""
    try:
        listed = json.loads(cell) if isinstance(cell, str) and cell else None
    except ValueError:
        return cell
    if not isinstance(listed, list):
        return cell
    return json.dumps([names.get(one, one) if isinstance(one, str) else one for one in listed])


def _record(value: Any) -> Any:
    if isinstance(value, str):
        return without_places(value)
    if isinstance(value, Mapping):
        return {name: _record(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_record(part) for part in value]
    return value
