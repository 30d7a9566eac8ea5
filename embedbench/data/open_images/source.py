"""Read a folder of Open Images; `embedbench.data.open_images.files` describes its files."""

import difflib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from jaxtyping import Int

from embedbench.data.dataset import Dataset
from embedbench.data.downloads.remote_files import image_with_md5
from embedbench.data.folders.walk import reject_outside
from embedbench.data.images.orientation import ORIENTATIONS
from embedbench.data.images.sources import RemoteImage, RotatedImage, Source
from embedbench.data.open_images.files import (
    OfficialFiles,
    Positives,
    find_files,
    read_depths,
    read_ids,
    read_names,
    read_positives,
)
from embedbench.errors import InputError
from embedbench.utils.spec import parse_fields, read_spec

__all__ = ["Rows", "balanced_rows", "read_open_images"]

Rows = Int[np.ndarray, " rows"]


@dataclass(frozen=True)
class _Options:
    """The fields of `open-images:FOLDER[,field=value ...]`."""

    n: int | None = None
    seed: int = 0
    classes: str = ""
    balanced: bool = False
    label: str = "specific"
    base: str = "https://open-images-dataset.s3.amazonaws.com"
    original: bool = False


@dataclass(frozen=True)
class _Chosen:
    """The selected images and their classes.

    Attributes:
        rows: row numbers in the list of images, ascending.
        labelled: one row per class of each image: `row`, `mid`.
        truth: class name of each image that has a class, indexed by the image's row.
        strangers: label files without any image of the list.
    """

    rows: Rows
    labelled: pd.DataFrame
    truth: "pd.Series[str]"
    strangers: tuple[str, ...]


def read_open_images(spec: str, follow_links: bool = False) -> Dataset:
    """Read the images of `open-images:FOLDER[,field=value ...]`, without using the network.

    Pictures `ID.jpg` are in FOLDER, in `images`, or in a sub-folder `train`, `validation` or
    `test` of either; missing ones become a RemoteImage. The fields:

    - `n`: number of images, drawn with `seed` and independent of the order of rows and files.
    - `classes`: use only images with one of these names (in any case) or MIDs, separated by `;`.
    - `balanced=true`: use equal numbers of images of each class, as far as possible.
    - `label`: `specific`, the deepest class in the hierarchy, then the rarest; or `largest`, the
      class of the largest box.
    - `base`: address of SUBSET/ID.jpg, where pictures are at most 1024 pixels wide or high.
    - `original=true`: use the original files, checked by their MD5 and kept in `originals`.

    Returns:
        The images, sorted by ID. The table has `subset`; if there are labels, `truth` (one class
        name or missing) and `labels` (all classes); except for originals, `rotation`: degrees
        counter-clockwise by which the bucket's copy is turned upright unless it has an EXIF
        orientation; nan if unknown.

    Raises:
        InputError: the spec or a file cannot be used, or no image is left.
    """
    folder, options = _read_options(spec)
    kept = folder / ("originals" if options.original else "images")
    files = find_files(folder, kept, follow_links)
    images, remarks = read_ids(files, folder, options.original)
    names = read_names(files.classes)
    has_labels = bool(files.labels or files.boxes)
    if has_labels and not names:
        remarks.append(f"'{folder}' holds no class descriptions: classes are called by their MIDs")
    wanted, unknown = _wanted_mids(options.classes, names)
    if options.label == "largest" and not files.boxes:
        raise InputError(f"label=largest needs a .csv of boxes (ImageID,...,XMin) in '{folder}'")
    chosen = _choose(images["ImageID"], files, names, wanted, options)
    remarks += [*unknown, *_remarks_on(chosen, names, options)]
    images = images.take(pa.array(chosen.rows))
    table = pd.DataFrame({"subset": images["Subset"].to_pandas().astype(object)})
    if has_labels:
        table = table.assign(**_label_columns(chosen, names))
    if not options.original:
        table["rotation"] = images["Rotation"].to_pandas().astype(float)
    sources = tuple(_source(row, files, kept, options) for row in images.to_pylist())
    if not follow_links:
        sources = tuple(reject_outside(folder, source) for source in sources)
    ids = tuple(f"{name}.jpg" for name in images["ImageID"].to_pylist())
    return Dataset(ids, sources, table, spec, tuple(remarks))


def balanced_rows(truth: Int[np.ndarray, " images"], n: int | None, seed: int) -> Rows:
    """Draw equal numbers of images of each class, as far as possible; return rows, ascending.

    Numbers differ by at most one, except for classes that have fewer images.

    Args:
        truth: class of each image; images of class -1 are never drawn.
        n: number of images; None for the size of the smallest class, times the classes.
        seed: random seed of the draw.
    """
    order = np.random.default_rng(seed).permutation(len(truth))
    order = order[truth[order] >= 0]
    classes, sizes = np.unique(truth[order], return_counts=True)
    if not len(classes):
        return np.empty(0, dtype=np.int64)
    left = int(sizes.min()) * len(classes) if n is None else n
    taken = []
    for done, row in enumerate(np.argsort(sizes, kind="stable")):
        share = min(int(sizes[row]), left // (len(classes) - done))
        taken.append(order[truth[order] == classes[row]][:share])
        left -= share
    return np.sort(np.concatenate(taken))


def _read_options(spec: str) -> tuple[Path, _Options]:
    parsed = read_spec(spec)
    options = _Options(**parse_fields("open-images", _Options, parsed.fields))
    folder = Path(parsed.model or "")
    if not parsed.model or not folder.is_dir():
        raise InputError(f"there is no folder '{parsed.model or ''}' of Open Images")
    if options.n is not None and options.n < 1:
        raise InputError(f"open-images: `n` must be at least 1; not {options.n}")
    if options.seed < 0:
        raise InputError(f"open-images: `seed` must be at least 0; not {options.seed}")
    if options.label not in ("specific", "largest"):
        raise InputError(f"open-images: `label` must be specific or largest; not '{options.label}'")
    return folder, options


def _wanted_mids(classes: str, names: Mapping[str, str]) -> tuple[set[str], list[str]]:
    """Return the MIDs of the requested classes, and a remark for each unknown class."""
    by_name = defaultdict(set)
    for mid, name in names.items():
        by_name[name.casefold()].add(mid)
        by_name[mid].add(mid)
    requested = [name.strip() for name in classes.split(";") if name.strip()]
    wanted: set[str] = set()
    unknown = []
    for name in requested:
        mids = by_name.get(name.casefold()) or by_name.get(name)
        if not mids and not names and name.startswith(("/m/", "/g/")):
            mids = {name}
        if not mids:
            near = difflib.get_close_matches(name.casefold(), by_name, n=3)
            near_names = [names[min(by_name[other])] for other in near]
            hint = f"; near names: {', '.join(near_names)}" if near_names else ""
            unknown.append(f"there is no class '{name}'{hint}")
        wanted |= mids or set()
    if requested and not wanted:
        raise InputError(". ".join(unknown))
    return wanted, unknown


def _choose(
    ids: pa.ChunkedArray,
    files: OfficialFiles,
    names: Mapping[str, str],
    wanted: set[str],
    options: _Options,
) -> _Chosen:
    """Select images and read their labels, which are large: only of drawn images if possible."""
    largest = options.label == "largest"
    drawn = None if wanted or options.balanced else _draw(np.arange(len(ids)), options)
    positives = read_positives(files.labels or files.boxes, ids, drawn)
    boxes = read_positives(files.boxes, ids, drawn) if largest and files.labels else positives
    truth = _truth(boxes, largest, names, read_depths(files.hierarchies), wanted)
    rows = _draw_labelled(len(ids), positives, truth, wanted, options) if drawn is None else drawn
    table = positives.table
    strangers = dict.fromkeys([*positives.strangers, *boxes.strangers])
    return _Chosen(rows, table[table["row"].isin(rows)], truth, tuple(strangers))


def _truth(
    positives: Positives,
    largest: bool,
    names: Mapping[str, str],
    depths: Mapping[str, int],
    wanted: set[str],
) -> "pd.Series[str]":
    """Return the class name of each image that has a class, indexed by the image's row."""
    counts = positives.counts
    by_name = sorted(counts, key=lambda mid: (names.get(mid, mid), mid))
    if not largest:
        by_name.sort(key=lambda mid: (-depths.get(mid, -1), counts[mid]))
    rank = {mid: number for number, mid in enumerate(by_name)}
    table = positives.table
    if wanted:
        table = table[table["mid"].isin(wanted)]
    table = table.assign(rank=table["mid"].map(rank), size=-table["area"] if largest else 0.0)
    table = table.sort_values(["row", "size", "rank"]).drop_duplicates("row")
    return table.set_index("row")["mid"].map(lambda mid: names.get(mid, mid)).astype(object)


def _draw_labelled(
    images: int,
    positives: Positives,
    truth: "pd.Series[str]",
    wanted: set[str],
    options: _Options,
) -> Rows:
    """Draw from the images that have a wanted class, balanced by class if requested."""
    having = np.arange(images)
    if wanted:
        rows_of_wanted = positives.table.loc[positives.table["mid"].isin(wanted), "row"]
        having = np.unique(rows_of_wanted.to_numpy(np.int64))
        if not len(having):
            raise InputError(f"no image has one of the classes '{options.classes}'")
    if not options.balanced:
        return _draw(having, options)
    codes, classes = pd.factorize(truth.reindex(having), sort=True)
    if not len(classes):
        raise InputError("balanced=true needs images with labels")
    rows: Rows = having[balanced_rows(codes.astype(np.int64), options.n, options.seed)]
    return rows


def _draw(having: Int[np.ndarray, " having"], options: _Options) -> Rows:
    """Draw the requested number of these rows; return them in ascending order."""
    if options.n is None or options.n >= len(having):
        return having
    random = np.random.default_rng(options.seed)
    return np.sort(random.choice(having, options.n, replace=False))


def _remarks_on(chosen: _Chosen, names: Mapping[str, str], options: _Options) -> list[str]:
    remarks = [
        f"'{name}' labels none of these images: another subset or release?"
        for name in chosen.strangers
    ]
    if options.n is not None and len(chosen.rows) < options.n:
        remarks.append(f"{options.n} images were requested; there are {len(chosen.rows)}")
    nameless = set(chosen.labelled["mid"]) - set(names)
    if names and nameless:
        example = f"such as '{min(nameless)}'"
        remarks.append(f"{len(nameless)} classes without a description keep their MIDs, {example}")
    return remarks


def _label_columns(chosen: _Chosen, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the columns `truth` and `labels`; None if unknown."""
    labelled = chosen.labelled
    texts = labelled["mid"].map(lambda mid: names.get(mid, mid)).astype(object)
    joined = texts.groupby(labelled["row"]).agg(lambda classes: "; ".join(sorted(set(classes))))
    columns = {"truth": chosen.truth, "labels": joined.astype(object)}
    aligned = {name: column.reindex(chosen.rows) for name, column in columns.items()}
    return {name: one.where(one.notna(), None).to_numpy(object) for name, one in aligned.items()}


def _source(row: Mapping[str, Any], files: OfficialFiles, kept: Path, options: _Options) -> Source:
    """Return the source of an image: its file or address; copies are turned upright."""
    name = row["ImageID"]
    file = kept / f"{name}.jpg"
    if options.original:
        return files.pictures.get(name) or image_with_md5(
            row["OriginalURL"], row["OriginalMD5"], file
        )
    subset = row["Subset"]
    url = f"{options.base.rstrip('/')}/{subset}/{name}.jpg" if subset else ""
    copy = files.pictures.get(name) or RemoteImage(url, file)
    rotation = row["Rotation"]
    return RotatedImage(copy, int(rotation)) if rotation in ORIENTATIONS else copy
