"""What the script knows of each picture: name, label, domain, disagreement, and its tile."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from embedbench.analysis.shortcuts import attribute_words
from embedbench.report.looks import COLOURS, NOISE
from embedbench.report.page_data.packing import packed
from embedbench.report.page_data.sheets import Sheets
from embedbench.results.results import Results

__all__ = ["MOST", "NOTHING", "mapped_pictures", "pictures_record"]

MOST = 5000
"""The most pictures that the maps of a page, and its clusters, hold."""

NOTHING = 65535
"""Stands for no tile, no label, no domain."""


def mapped_pictures(results: Results) -> list[str]:
    """Return the images that lie on every map, in the order of the images' table.

    Of more than 5,000 a sample with seed 0. Without maps there are none.
    """
    places = results.projections
    if places.empty:
        return []
    counts = places.drop_duplicates(["encoder", "projection", "image"])["image"].value_counts()
    maps = len(places.drop_duplicates(["encoder", "projection"]))
    whole = set(counts.index[counts == maps].astype(str))
    names = [str(name) for name in results.images["image"].unique() if str(name) in whole]
    if len(names) <= MOST:
        return names
    rows = np.sort(np.random.default_rng(0).choice(len(names), MOST, replace=False))
    return [names[row] for row in rows]


def pictures_record(results: Results, names: Sequence[str], sheets: Sheets) -> dict[str, Any]:
    """Return the record of the named images.

    Args:
        results: the comparison.
        names: the images of the page, those of the maps first.
        sheets: which hold their tiles.
    """
    images = results.images.drop_duplicates("image").set_index("image").reindex(list(names))
    record: dict[str, Any] = {
        "names": list(names),
        "total": len(results.images),
        "side": sheets.side,
        "tiles": packed(np.array([sheets.tiles.get(name, NOTHING) for name in names], np.uint16)),
        "rows": packed(_rows(results, names)),
        "palette": list(COLOURS),
        "noise": NOISE,
    }
    for column, key in (("truth", "labels"), ("domain", "domains")):
        if column in images and images[column].notna().any():
            record[key] = _words(images[column])
    if attributes := _attributes(results, names):
        record["attributes"] = attributes
    disagreement = images.get("disagreement")
    if disagreement is not None and disagreement.notna().any():
        record["disagreement"] = packed(disagreement.to_numpy(np.float32))
    return record


def _rows(results: Results, names: Sequence[str]) -> np.ndarray:
    """Return where the images stand in the table of images: by that originals are asked for."""
    images = results.images["image"].astype(str)
    row_of = dict(zip(images[::-1], range(len(images) - 1, -1, -1), strict=True))
    return np.array([row_of.get(name, len(images)) for name in names], np.uint32)


def _attributes(results: Results, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the words of each attribute that was looked at, and each image's; see `_words`."""
    if results.shortcuts.empty:
        return []
    images = results.images.drop_duplicates("image").reset_index(drop=True)
    rows = pd.Index(images["image"].astype(str)).get_indexer(pd.Index(names))
    looked_at = set(results.shortcuts["attribute"].astype(str))
    return [
        {
            "name": name,
            "words": words,
            "codes": packed(np.where(rows < 0, NOTHING, codes[rows]).astype(np.uint16)),
        }
        for name, (codes, words) in attribute_words(images).items()
        if name in looked_at and len(words) < NOTHING
    ]


def _words(values: pd.Series) -> dict[str, Any]:
    """Return the words of a column in their order, and the number of each image's word."""
    known = values.where(values.isna(), values.astype(str))
    codes, words = pd.factorize(known, sort=True)
    return {
        "words": [str(word) for word in words],
        "codes": packed(np.where(codes < 0, NOTHING, codes).astype(np.uint16)),
    }
