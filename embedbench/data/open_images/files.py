"""Find and read the official files of Open Images, of any release.

Files are recognised by their columns, not by their names (storage.googleapis.com/openimages/web,
"Data formats"; Kuznetsova et al. 2020, "The Open Images Dataset V4", arXiv 1811.00982):

- image ids: `ImageID,Subset,OriginalURL,...,OriginalMD5,Thumbnail300KURL,Rotation`;
- class descriptions: a MID such as `/m/01yrx` and a name, with a heading since release 6;
- image labels: `ImageID,Source,LabelName,Confidence`, where 1 means present and 0 absent; rows
  with the Source `machine` are not verified by people and left out;
- boxes: `ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,...`;
- the hierarchy of classes, `bbox_labels_600_hierarchy.json`.
"""

import csv
import io
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int, UInt64
from pyarrow import csv as arrow_csv

from embedbench.data.folders.walk import LEADS_OUT, leads_out
from embedbench.errors import InputError
from embedbench.io.paths import open_file

__all__ = [
    "OfficialFiles",
    "Positives",
    "find_files",
    "read_depths",
    "read_ids",
    "read_names",
    "read_positives",
]

_SUBSETS = ("train", "validation", "test")
_BLOCK_BYTES = 1 << 25
_NUMBERS = ("Confidence", "XMin", "XMax", "YMin", "YMax")


@dataclass(frozen=True)
class OfficialFiles:
    """The files of a folder by kind, sorted by path, and its pictures by ImageID."""

    ids: list[Path]
    classes: list[Path]
    labels: list[Path]
    boxes: list[Path]
    hierarchies: list[Path]
    pictures: dict[str, Path]


@dataclass(frozen=True)
class Positives:
    """Classes that people have verified in images.

    Attributes:
        table: one row per class of each wanted image: `row` in the list of images, `mid`, `area`
            of the box as a fraction of the image (nan without boxes).
        counts: number of images of each class in the complete files.
        strangers: names of files without any image of the list.
    """

    table: pd.DataFrame
    counts: Counter[str]
    strangers: tuple[str, ...]


def find_files(folder: Path, kept: Path, follow_links: bool = False) -> OfficialFiles:
    """Return the files in a folder and its sub-folders, except hidden ones.

    Args:
        folder: the folder to search.
        kept: folder of downloaded pictures, which are also searched in its sub-folders `train`,
            `validation`, `test`. If it is called `images`, also search in the folder itself.
        follow_links: follow links of .csv and .json files out of the folder; links of pictures
            are returned in either case.

    Raises:
        InputError: a .csv file cannot be read, or is a link out of the folder.
    """
    kinds: dict[str, list[Path]] = defaultdict(list)
    roots = [kept, folder] if kept.name == "images" else [kept]
    places = {root / subset for root in roots for subset in ("", *_SUBSETS)}
    pictures: dict[str, Path] = {}
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(root)
        for name in sorted(names):
            file = here / name
            if name.endswith(".jpg") and here in places and not name.startswith("."):
                pictures.setdefault(name.removesuffix(".jpg"), file)
            elif name.endswith(".csv") or (name.endswith(".json") and "hierarchy" in name):
                if not follow_links and leads_out(file, folder):
                    raise InputError(f"'{file}' is {LEADS_OUT}")
                kinds[_kind(file) if name.endswith(".csv") else "hierarchy"].append(file)
    return OfficialFiles(
        kinds["ids"], kinds["classes"], kinds["labels"], kinds["boxes"], kinds["hierarchy"],
        pictures,
    )  # fmt: skip


def read_ids(files: OfficialFiles, folder: Path, original: bool) -> tuple[pa.Table, list[str]]:
    """Return the list of images, unique and sorted by ID, and remarks on it.

    Without a list of ids, the images are the pictures in the folder.

    Args:
        files: the files of the folder.
        folder: the folder, for messages.
        original: also return the addresses and MD5s of the original files.

    Returns:
        A table with `ImageID`, `Subset`, `Rotation` (degrees counter-clockwise; null or nan if
        unknown) and, for originals, `OriginalURL`, `OriginalMD5` (base64); and remarks.

    Raises:
        InputError: there is neither a list nor a picture, or a list cannot be used.
    """
    columns = ["ImageID", "Subset", "Rotation", *(["OriginalURL", "OriginalMD5"] * original)]
    parts = [
        pa.Table.from_batches([part]) for file in files.ids for part in _batches(file, columns)
    ]
    if not parts and not files.pictures:
        raise InputError(
            f"'{folder}' holds neither pictures ID.jpg nor a .csv of ids (ImageID,Subset,...)"
        )
    parts = parts or [_ids_of_pictures(files.pictures, columns)]
    table = pa.concat_tables(parts, promote_options="permissive").combine_chunks()
    table = table.sort_by([("ImageID", "ascending"), ("Subset", "ascending")])
    ids = table["ImageID"].combine_chunks()
    paths = ids.filter(pc.match_substring_regex(ids, r"[/\\]"))
    if len(paths):  # IDs become file names
        raise InputError(f"an ImageID must be letters and digits; not '{paths[0]}' in '{folder}'")
    first = np.ones(len(ids), dtype=bool)
    first[1:] = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    table = table.filter(pa.array(first))
    listed = pc.is_in(pa.array(list(files.pictures), pa.string()), value_set=table["ImageID"])
    strangers = len(files.pictures) - int(pc.sum(listed).as_py() or 0)
    if not strangers:
        return table, []
    return table, [f"{strangers} pictures in '{folder}' are in no list of ids, and left out"]


def _ids_of_pictures(pictures: Mapping[str, Path], columns: Sequence[str]) -> pa.Table:
    subsets = [path.parent.name for path in pictures.values()]
    table: dict[str, Any] = {name: [None] * len(subsets) for name in columns}
    table["ImageID"] = list(pictures)
    table["Subset"] = [name if name in _SUBSETS else None for name in subsets]
    return pa.table(table)


def read_names(files: Sequence[Path]) -> dict[str, str]:
    """Return the names of classes by MID."""
    names: dict[str, str] = {}
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = [row for row in csv.reader(text) if len(row) == 2]
        names |= {mid: name.strip() for mid, name in rows if mid.startswith(("/m/", "/g/"))}
    return names


def read_depths(files: Sequence[Path]) -> dict[str, int]:
    """Return the largest depth of each class in the hierarchy, by MID.

    Raises:
        InputError: a file is not a hierarchy.
    """
    depths: dict[str, int] = {}
    for file in files:
        try:
            below = [(json.loads(file.read_bytes()), 0)]
            while below:
                node, depth = below.pop()
                depths[node["LabelName"]] = max(depth, depths.get(node["LabelName"], 0))
                children = [*node.get("Subcategory", []), *node.get("Part", [])]
                below += [(child, depth + 1) for child in children]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"'{file}' is not a hierarchy of classes: {error}") from error
    return depths


def read_positives(
    files: Sequence[Path], ids: pa.ChunkedArray, chosen: Int[np.ndarray, " rows"] | None
) -> Positives:
    """Read verified classes from files of labels or boxes, in parts to save memory.

    Args:
        files: files of labels or of boxes.
        ids: ImageIDs of the list of images.
        chosen: row numbers of the wanted images; None for all.

    Raises:
        InputError: a file cannot be read.
    """
    kept = np.full(len(ids) + 1, chosen is None)
    kept[-1] = False  # the row of images that are not listed
    if chosen is not None:
        kept[chosen] = True
    parts = [pd.DataFrame({"row": np.empty(0, int), "mid": np.empty(0, object), "area": []})]
    pairs: list[pa.RecordBatch] = []
    strangers = []
    for file in files:
        matched = False
        for part in _batches(file, ["ImageID", "Source", "LabelName", *_NUMBERS]):
            indices = pc.fill_null(pc.index_in(part["ImageID"], value_set=ids), -1)
            rows = indices.to_numpy(zero_copy_only=False)
            matched = matched or bool((rows >= 0).any())
            seen = _is_seen(part)
            pairs.append(_pairs(part.filter(seen)))
            used = seen.to_numpy(zero_copy_only=False) & kept[rows]
            boxes = part.filter(pa.array(used)).to_pandas()
            area = (boxes["XMax"] - boxes["XMin"]) * (boxes["YMax"] - boxes["YMin"])
            parts.append(pd.DataFrame({"row": rows[used], "mid": boxes["LabelName"], "area": area}))
        if not matched:
            strangers.append(file.name)
    table = pd.concat(parts[1:] or parts, ignore_index=True)
    return Positives(table, _count(pairs), tuple(strangers))


def _is_seen(part: pa.RecordBatch) -> pa.BooleanArray:
    """Return for each row whether people have verified that the class is in the image."""
    by_people = pc.fill_null(pc.not_equal(part["Source"], "machine"), True)
    return pc.fill_null(pc.and_(by_people, pc.equal(part["Confidence"], 1.0)), False)


def _pairs(part: pa.RecordBatch) -> pa.RecordBatch:
    """Return the class of each row and a hash of image and class, for many millions of rows."""
    both = part.select(["ImageID", "LabelName"]).to_pandas()
    hashes: UInt64[np.ndarray, " rows"] = pd.util.hash_pandas_object(both, index=False).to_numpy()
    return pa.record_batch({"mid": part["LabelName"].dictionary_encode(), "pair": hashes})


def _count(pairs: Sequence[pa.RecordBatch]) -> Counter[str]:
    """Count the images of each class; files may overlap, and images may have several boxes."""
    if not pairs:
        return Counter()
    table = pa.Table.from_batches(pairs)
    first = ~table["pair"].to_pandas().duplicated().to_numpy()
    counts = pc.value_counts(table["mid"].filter(pa.array(first))).to_pylist()
    return Counter({one["values"]: one["counts"] for one in counts})


def _kind(file: Path) -> str:
    try:
        with io.TextIOWrapper(
            open_file(file), encoding="utf-8-sig", errors="replace", newline=""
        ) as text:
            rows = csv.reader(text)
            first, second = next(rows, []), next(rows, [])
    except (OSError, csv.Error) as error:
        raise InputError(f"cannot read '{file}': {error}") from error
    has = set(first).issuperset
    if has({"ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax"}):
        return "boxes"
    if has({"ImageID", "LabelName", "Confidence"}):
        return "labels"
    if has({"ImageID", "Subset"}):
        return "ids"
    if len(first) == 2 and any(
        row and row[0].startswith(("/m/", "/g/")) for row in (first, second)
    ):
        return "classes"
    return "other"


def _batches(file: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield these columns in parts; missing columns are null."""
    kinds = {
        name: pa.float64() if name in (*_NUMBERS, "Rotation") else pa.string() for name in columns
    }
    try:
        with arrow_csv.open_csv(
            file,
            arrow_csv.ReadOptions(block_size=_BLOCK_BYTES),
            arrow_csv.ParseOptions(newlines_in_values=True),
            arrow_csv.ConvertOptions(
                include_columns=list(columns), include_missing_columns=True, column_types=kinds
            ),
        ) as reader:
            yield from reader
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"cannot read '{file}': {' '.join(str(error).split())}") from error
