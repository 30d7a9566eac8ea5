"""Open Images: the official CSV files of any release, and its pictures, in a folder.

The files are known by their columns, not by their names (storage.googleapis.com/openimages/web,
"Data formats"; Kuznetsova et al. 2020, "The Open Images Dataset V4", arXiv 1811.00982):

- image ids: `ImageID,Subset,OriginalURL,...,OriginalMD5,Thumbnail300KURL,Rotation`;
- class descriptions: a MID such as `/m/01yrx` and a name, with a heading since release 6;
- image labels: `ImageID,Source,LabelName,Confidence`, where 1 is there, 0 is known to be absent,
  and what the Source `machine` says is not verified by people and left out;
- boxes: `ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,...`;
- the hierarchy of classes, `bbox_labels_600_hierarchy.json`.
"""

import base64
import csv
import difflib
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
from jaxtyping import Int
from pyarrow import csv as arrow_csv

from embedbench.dataset import Dataset, Remote, Source
from embedbench.errors import InputError
from embedbench.spec import parse_fields, read_spec

__all__ = ["balanced_rows", "read_open_images"]

Rows = Int[np.ndarray, " rows"]

_SUBSETS = ("train", "validation", "test")
_BLOCK_BYTES = 1 << 25
_NUMBERS = ("Confidence", "XMin", "XMax", "YMin", "YMax")
_OF_LABELS = ("truth", "labels")


@dataclass(frozen=True)
class _Options:
    """What stands behind `open-images:FOLDER`."""

    n: int | None = None
    seed: int = 0
    classes: str = ""
    balanced: bool = False
    label: str = "specific"
    base: str = "https://open-images-dataset.s3.amazonaws.com"
    original: bool = False


@dataclass(frozen=True)
class _Files:
    """What a folder holds: CSV files by kind, pictures by ImageID."""

    ids: list[Path]
    classes: list[Path]
    labels: list[Path]
    boxes: list[Path]
    hierarchies: list[Path]
    pictures: dict[str, Path]


@dataclass(frozen=True)
class _Positives:
    """Classes that people saw in images.

    Attributes:
        table: a row for each class of each image that is wanted: `row` of the list of images,
            `mid`, `area` of the box as a share of the image (nan without boxes).
        counts: how often each class occurs in the whole files.
    """

    table: pd.DataFrame
    counts: Counter[str]


def read_open_images(spec: str) -> Dataset:
    """Return the images that `open-images:FOLDER[,field=value ...]` names; no network is used.

    Pictures lie in FOLDER, its `images`, or a sub-folder `train`, `validation` or `test` of
    either, as `ID.jpg`; those that do not become Remotes. The fields:

    - `n`: so many images, drawn with `seed`; the order of rows and files changes nothing.
    - `classes`: only images with one of these, parted by `;`: names, in any case, or MIDs.
    - `balanced=true`: as equal numbers of each class as can be had.
    - `label`: `specific`, the deepest class in the hierarchy, then the rarest; or `largest`, that
      of the largest box.
    - `base`: where SUBSET/ID.jpg are; there pictures are at most 1024 pixels wide or high.
    - `original=true`: fetch the original file instead, checked by its MD5, into `originals`.

    Returns:
        The images by ID. Its table has `subset`; `truth`, one class by name or missing, and
        `labels`, all of them, where there are labels; and, but for originals, `rotation`: by how
        many degrees counter-clockwise the picture must be turned to stand upright (the copies
        have lost the EXIF orientation), nan where that is not known.

    Raises:
        InputError: the spec or a file cannot be used, or no image is left.
    """
    read = read_spec(spec)
    options = _Options(**parse_fields("open-images", _Options, read.fields))
    folder = Path(read.model or "")
    if not read.model or not folder.is_dir():
        raise InputError(f"there is no folder '{read.model or ''}' of Open Images")
    _check(options)
    kept = folder / ("originals" if options.original else "images")
    files = _find(folder, kept)
    images, remarks = _read_ids(files, folder, options.original)
    names = _read_names(files.classes)
    labels = files.labels or files.boxes
    if labels and not names:
        remarks.append(f"'{folder}' holds no class descriptions: classes are called by their MIDs")
    wanted = _wanted_mids(options.classes, names, remarks)
    largest = options.label == "largest"
    if largest and not files.boxes:
        raise InputError(f"label=largest needs a .csv of boxes (ImageID,...,XMin) in '{folder}'")
    nothing = _read_positives([], images["ImageID"], None, remarks)
    chosen = None  # drawn before labels are read where that is the same: these files are large
    if not wanted and not options.balanced:
        none = pd.Series(dtype=object)
        chosen = _choose(len(images), nothing.table, none, wanted, options, remarks)
    positives = _read_positives(labels, images["ImageID"], chosen, remarks)
    boxes = positives
    if largest and files.labels:
        boxes = _read_positives(files.boxes, images["ImageID"], chosen, remarks)
    truth = _truth(boxes, largest, names, _depths(files.hierarchies), wanted)
    if chosen is None:
        chosen = _choose(len(images), positives.table, truth, wanted, options, remarks)
    found = images.take(pa.array(chosen))
    table = _describe(found, positives.table, truth, names, remarks, chosen)
    table = table.drop(
        columns=[*(["rotation"] * options.original), *([] if labels else _OF_LABELS)]
    )
    sources = tuple(_source(row, files, kept, options) for row in found.to_pylist())
    ids = tuple(f"{name}.jpg" for name in found["ImageID"].to_pylist())
    return Dataset(ids, sources, table, spec, tuple(remarks))


def balanced_rows(truth: Int[np.ndarray, " images"], n: int | None, seed: int) -> Rows:
    """Return rows with as equal numbers of each class as can be had, in ascending order.

    Args:
        truth: the class of each image; images of class -1 are never taken.
        n: how many rows; None for the size of the smallest class, of each class.
        seed: of the draw within each class.

    Returns:
        n rows, or all that have a class if these are fewer. Of the classes that have images left
        over, no two numbers differ by more than one.
    """
    order = np.random.default_rng(seed).permutation(len(truth))
    order = order[truth[order] >= 0]
    classes, sizes = np.unique(truth[order], return_counts=True)
    if not len(classes):
        return np.empty(0, dtype=np.int64)
    left = int(sizes.min()) * len(classes) if n is None else n
    taken = []
    for place, row in enumerate(np.argsort(sizes, kind="stable")):
        share = min(int(sizes[row]), left // (len(classes) - place))
        taken.append(order[truth[order] == classes[row]][:share])
        left -= share
    return np.sort(np.concatenate(taken))


def _check(options: _Options) -> None:
    if options.n is not None and options.n < 1:
        raise InputError(f"open-images: `n` must be at least 1; not {options.n}")
    if options.seed < 0:
        raise InputError(f"open-images: `seed` must be at least 0; not {options.seed}")
    if options.label not in ("specific", "largest"):
        raise InputError(f"open-images: `label` must be specific or largest; not '{options.label}'")


def _find(folder: Path, kept: Path) -> _Files:
    """Look through the folder; copies may lie in the folder itself, originals where kept alone."""
    kinds: dict[str, list[Path]] = defaultdict(list)
    roots = [kept, folder] if kept.name == "images" else [kept]
    places = {root / subset for root in roots for subset in ("", *_SUBSETS)}
    pictures: dict[str, Path] = {}
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(root)
        for name in sorted(names):
            if name.endswith(".jpg") and here in places and not name.startswith("."):
                pictures.setdefault(name.removesuffix(".jpg"), here / name)
            elif name.endswith(".csv"):
                kinds[_kind(here / name)].append(here / name)
            elif name.endswith(".json") and "hierarchy" in name:
                kinds["hierarchy"].append(here / name)
    return _Files(
        kinds["ids"], kinds["classes"], kinds["labels"], kinds["boxes"], kinds["hierarchy"],
        pictures,
    )  # fmt: skip


def _kind(file: Path) -> str:
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
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
    """Yield these columns part by part; one that the file does not have is null."""
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


def _read_ids(files: _Files, folder: Path, original: bool) -> tuple[pa.Table, list[str]]:
    """The images, sorted, each once; those that lie there if no file lists any."""
    columns = ["ImageID", "Subset", "Rotation", *(["OriginalURL", "OriginalMD5"] * original)]
    parts = [
        pa.Table.from_batches([part]) for file in files.ids for part in _batches(file, columns)
    ]
    remarks = []
    if not parts and not files.pictures:
        raise InputError(
            f"'{folder}' holds neither pictures ID.jpg nor a .csv of ids (ImageID,Subset,...)"
        )
    if not parts:
        subsets = [path.parent.name for path in files.pictures.values()]
        known: dict[str, Any] = {name: [None] * len(subsets) for name in columns}
        known["ImageID"] = list(files.pictures)
        known["Subset"] = [name if name in _SUBSETS else None for name in subsets]
        parts = [pa.table(known)]
    table = pa.concat_tables(parts, promote_options="permissive").combine_chunks()
    table = table.sort_by([("ImageID", "ascending"), ("Subset", "ascending")])
    ids = table["ImageID"].combine_chunks()
    first = np.ones(len(ids), dtype=bool)
    first[1:] = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    table = table.filter(pa.array(first))
    known_here = pc.is_in(pa.array(list(files.pictures), pa.string()), value_set=table["ImageID"])
    strangers = len(files.pictures) - int(pc.sum(known_here).as_py() or 0)
    if strangers:
        remarks.append(f"{strangers} pictures in '{folder}' are in no list of ids, and left out")
    return table, remarks


def _read_names(files: Sequence[Path]) -> dict[str, str]:
    names: dict[str, str] = {}
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = [row for row in csv.reader(text) if len(row) == 2]
        names |= {mid: name.strip() for mid, name in rows if mid.startswith(("/m/", "/g/"))}
    return names


def _wanted_mids(classes: str, names: Mapping[str, str], remarks: list[str]) -> set[str]:
    """The MIDs of the classes that are asked for; what is unknown is remarked upon."""
    by_name = defaultdict(set)
    for mid, name in names.items():
        by_name[name.casefold()].add(mid)
        by_name[mid].add(mid)
    asked = [name.strip() for name in classes.split(";") if name.strip()]
    wanted: set[str] = set()
    unknown = []
    for name in asked:
        found = by_name.get(name.casefold()) or by_name.get(name)
        if not found and not names and name.startswith(("/m/", "/g/")):
            found = {name}
        if not found:
            near = difflib.get_close_matches(name.casefold(), by_name, n=3)
            near_names = [names[min(by_name[other])] for other in near]
            hint = f"; near names: {', '.join(near_names)}" if near_names else ""
            unknown.append(f"there is no class '{name}'{hint}")
        wanted |= found or set()
    if asked and not wanted:
        raise InputError(". ".join(unknown))
    remarks += unknown
    return wanted


def _depths(files: Sequence[Path]) -> dict[str, int]:
    """How deep each class lies in the hierarchy; the deepest of its places."""
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
            raise InputError(f"'{file}' is no hierarchy of classes: {error}") from error
    return depths


def _read_positives(
    files: Sequence[Path], ids: pa.ChunkedArray, chosen: Rows | None, remarks: list[str]
) -> _Positives:
    """Read labels or boxes of the images that are chosen, or of all."""
    kept = np.full(len(ids) + 1, chosen is None)
    kept[-1] = False  # where an image that is not listed leads
    if chosen is not None:
        kept[chosen] = True
    parts = [pd.DataFrame({"row": np.empty(0, int), "mid": np.empty(0, object), "area": []})]
    counts: Counter[str] = Counter()
    for file in files:
        matched = False
        for part in _batches(file, ["ImageID", "Source", "LabelName", *_NUMBERS]):
            places = pc.fill_null(pc.index_in(part["ImageID"], value_set=ids), -1)
            rows = places.to_numpy(zero_copy_only=False)
            matched = matched or bool((rows >= 0).any())
            by_people = pc.fill_null(pc.not_equal(part["Source"], "machine"), True)
            seen = pc.fill_null(pc.and_(by_people, pc.equal(part["Confidence"], 1.0)), False)
            for count in pc.value_counts(part["LabelName"].filter(seen)).to_pylist():
                counts[count["values"]] += count["counts"]
            mine = seen.to_numpy(zero_copy_only=False) & kept[rows]
            found = part.filter(pa.array(mine)).to_pandas()
            area = (found["XMax"] - found["XMin"]) * (found["YMax"] - found["YMin"])
            parts.append(pd.DataFrame({"row": rows[mine], "mid": found["LabelName"], "area": area}))
        if not matched:
            remarks.append(f"'{file.name}' labels none of these images: another subset or release?")
    return _Positives(pd.concat(parts[1:] or parts, ignore_index=True), counts)


def _truth(
    positives: _Positives,
    largest: bool,
    names: Mapping[str, str],
    depths: Mapping[str, int],
    wanted: set[str],
) -> "pd.Series[str]":
    """One class for each image that has any, by name; the index is the image's row."""
    counts = positives.counts
    by_name = sorted(counts, key=lambda mid: (names.get(mid, mid), mid))
    if not largest:
        by_name.sort(key=lambda mid: (-depths.get(mid, -1), counts[mid]))
    rank = {mid: place for place, mid in enumerate(by_name)}
    table = positives.table
    if wanted:
        table = table[table["mid"].isin(wanted)]
    table = table.assign(rank=table["mid"].map(rank), size=-table["area"] if largest else 0.0)
    table = table.sort_values(["row", "size", "rank"]).drop_duplicates("row")
    return table.set_index("row")["mid"].map(lambda mid: names.get(mid, mid)).astype(object)


def _choose(
    images: int,
    labelled: pd.DataFrame,
    truth: "pd.Series[str]",
    wanted: set[str],
    options: _Options,
    remarks: list[str],
) -> Rows:
    """The rows of the images that are asked for, ascending."""
    having = np.arange(images)
    if wanted:
        having = np.unique(labelled.loc[labelled["mid"].isin(wanted), "row"].to_numpy(np.int64))
        if not len(having):
            raise InputError(f"no image has one of the classes '{options.classes}'")
    if options.balanced:
        codes, classes = pd.factorize(truth.reindex(having), sort=True)
        if not len(classes):
            raise InputError("balanced=true needs images with labels")
        chosen = having[balanced_rows(codes.astype(np.int64), options.n, options.seed)]
    elif options.n is None or options.n >= len(having):
        chosen = having
    else:
        random = np.random.default_rng(options.seed)
        chosen = np.sort(random.choice(having, options.n, replace=False))
    if options.n is not None and len(chosen) < options.n:
        remarks.append(f"{options.n} images were asked for; there are {len(chosen)}")
    return np.asarray(chosen, dtype=np.int64)


def _describe(
    images: pa.Table,
    labelled: pd.DataFrame,
    truth: "pd.Series[str]",
    names: Mapping[str, str],
    remarks: list[str],
    chosen: Rows,
) -> pd.DataFrame:
    """The dataset's table."""
    labelled = labelled[labelled["row"].isin(chosen)]
    nameless = set(labelled["mid"]) - set(names)
    if names and nameless:
        remarks.append(
            f"{len(nameless)} classes without a description are called by their MIDs, such as "
            f"'{min(nameless)}'"
        )
    texts = labelled["mid"].map(lambda mid: names.get(mid, mid)).astype(object)
    joined = texts.groupby(labelled["row"]).agg(lambda found: "; ".join(sorted(set(found))))
    columns = {"truth": truth, "labels": joined.astype(object)}
    table = pd.DataFrame({"subset": images["Subset"].to_pandas().astype(object)})
    for name, column in columns.items():
        known = column.reindex(chosen)
        table[name] = known.where(known.notna(), None).to_numpy(object)
    return table.assign(rotation=images["Rotation"].to_pandas().astype(float))


def _source(row: Mapping[str, Any], files: _Files, kept: Path, options: _Options) -> Source:
    """Where an image is: here, or at the address that is asked for."""
    name = row["ImageID"]
    if name in files.pictures:
        return files.pictures[name]
    file = kept / f"{name}.jpg"
    if not options.original:
        subset = row["Subset"]
        return Remote(f"{options.base.rstrip('/')}/{subset}/{name}.jpg" if subset else "", file)
    try:
        md5 = base64.b64decode(row["OriginalMD5"] or "", validate=True).hex()
    except ValueError:
        md5 = ""
    return Remote((row["OriginalURL"] or "").strip(), file, md5 if len(md5) == 32 else None)
