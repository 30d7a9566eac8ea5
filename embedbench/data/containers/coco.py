"""Images and boxes that a JSON file in the format of COCO names."""

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import pandas as pd

from embedbench.data.dataset import Dataset
from embedbench.data.images.crops import CroppedImage
from embedbench.data.images.sources import RejectedImage, Source
from embedbench.data.tables.locations import place_of
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, open_file, parse_path
from embedbench.utils.messages import system_reason
from embedbench.utils.text import agreeing, pluralise, shown

__all__ = ["Annotations", "load_annotations", "read_annotations"]

_FIRST_KEY = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:images|annotations|categories|info|licenses|type)"\s*:'
)
_LOOKED_AT = 4096
_LEAST_SIDE = 2
_TRIED = 20
_Box = tuple[float, float, float, float]
_Entry = TypeVar("_Entry")


@dataclass(frozen=True)
class Annotations:
    """What a JSON file in the format of COCO says.

    Attributes:
        file: the file.
        images: path of each image by its number, in the order of the file.
        boxes: for each annotation the number of its image, its box if it has one, its category,
            and whether it is a crowd.
    """

    file: AnyPath
    images: dict[Any, str]
    boxes: tuple[tuple[Any, _Box | None, str | None, bool], ...]


def load_annotations(file: AnyPath) -> Annotations | None:
    """Return what a JSON file says; None if it is not in the format of COCO.

    Raises:
        InputError: the file cannot be read, or is in that format and broken.
    """
    try:
        with open_file(file) as opened:
            start = opened.read(_LOOKED_AT)
            if not _FIRST_KEY.match(start):
                return None
            content = json.loads(start + opened.read())
    except FileNotFoundError as error:
        raise InputError(f"there is no file '{file}'") from error
    except OSError as error:
        raise InputError(f"cannot read '{file}': {system_reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"cannot read '{file}': {' '.join(str(error).split())}") from error
    kinds = [content.get(key) for key in ("images", "annotations", "categories")]
    if not isinstance(kinds[0], list) or not any(isinstance(one, list) for one in kinds[1:]):
        return None
    images, annotations, categories = kinds
    names = dict(_each(file, "category", categories, lambda one: _named(one, one.get("name"))))
    paths = dict(_each(file, "image", images, lambda one: _named(one, one["file_name"])))
    boxes = _each(file, "annotation", annotations, lambda one: _annotation(one, names))
    return Annotations(file, paths, tuple(boxes))


def _each(
    file: AnyPath, kind: str, entries: list[Any] | None, read: Callable[[Any], _Entry]
) -> Iterator[_Entry]:
    """Yield what is read of each entry; InputError names the first that is broken."""
    for number, one in enumerate(entries or (), start=1):
        try:
            yield read(one)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            reason = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(
                f"'{file}' is not in the format of COCO: {kind} {number} of the file is broken "
                f"({reason})"
            ) from error


def _named(one: Any, name: Any) -> tuple[Any, str]:
    """Return the number of an image or a category, and its name."""
    key = one["id"]
    hash(key)  # raises TypeError for a list
    return key, str(key if name is None else name)


def _annotation(one: Any, names: dict[Any, str]) -> tuple[Any, _Box | None, str | None, bool]:
    category = one.get("category_id")
    name = None if category is None else names.get(category, str(category))
    corners, box = one.get("bbox"), None
    if corners:
        left, top, width, height = map(float, corners)
        box = (left, top, width, height)
    return one["image_id"], box, name, bool(one.get("iscrowd"))


def read_annotations(
    annotations: Annotations, root: str | Path | None = None, crop: str | None = None
) -> Dataset:
    """Return the images that a file in the format of COCO names, or their boxes, by their names.

    The label of an image is the category of its boxes, if all of them have the same.

    Args:
        annotations: what the file says.
        root: the folder of the images; None for one that is found near the file.
        crop: `boxes` for an image for each box, called `name#1`, `name#2` and so on, whose label
            is its category; None for whole images.

    Raises:
        InputError: there is no image, or no box.
    """
    file = annotations.file
    home = _root_of(annotations) if root is None else parse_path(root)
    if isinstance(home, Path) and root is not None and not home.is_dir():
        raise InputError(f"there is no folder '{home}'")
    places: dict[Any, Source] = {
        key: place_of(file, home, name) for key, name in annotations.images.items()
    }
    read = _read_boxes if crop else _read_images
    rows, remarks, label_remarks = read(annotations, places)
    if lost := sum(box[0] not in places for box in annotations.boxes):
        remarks.append(f"{pluralise(lost, 'annotation')} of '{file.name}' are of no image in it")
    if isinstance(home, Path) and home != file.parent and root is None:
        remarks.append(f"images: below '{home}'; --root names another folder")
    below = [one for one in places.values() if isinstance(one, Path) and _is_in(one, home)]
    if below and not any(map(_is_there, below[:_TRIED])):
        remarks.append(
            f"no image of '{file.name}' was found in '{home}': --root names the folder of images"
        )
    rows.sort(key=lambda row: row[:2])
    table = pd.DataFrame({"truth": pd.Series([row[3] for row in rows], dtype=object)})
    names = tuple(f"{name}#{number}" if number else name for name, number, _, _ in rows)
    if crop:
        table["picture"] = [row[0] for row in rows]
        if not rows:
            raise InputError(f"there are no boxes in '{file}'")
    elif not table["truth"].notna().any():
        table = pd.DataFrame()
    sources = tuple(row[2] for row in rows)
    return Dataset(names, sources, table, str(file), tuple(remarks), tuple(label_remarks))


_Row = tuple[str, int, Source, str | None]
_Read = tuple[list[_Row], list[str], list[str]]


def _read_images(annotations: Annotations, places: dict[Any, Source]) -> _Read:
    kinds: dict[Any, set[str]] = defaultdict(set)
    for key, _, category, _ in annotations.boxes:
        if category is not None:
            kinds[key].add(category)
    rows: list[_Row] = [
        (shown(name), 0, places[key], min(kinds[key]) if len(kinds[key]) == 1 else None)
        for key, name in annotations.images.items()
    ]
    several = sum(len(kinds[key]) > 1 for key in annotations.images)
    remarks = [f"labels: categories of '{annotations.file.name}'"] if kinds else []
    if several:
        remarks.append(
            f"{pluralise(several, 'image')} show several categories and were left without a label; "
            "--crop boxes compares each box"
        )
    return rows, [], remarks


def _read_boxes(annotations: Annotations, places: dict[Any, Source]) -> _Read:
    rows: list[_Row] = []
    numbers: Counter[Any] = Counter()
    left: Counter[str] = Counter()
    for key, box, category, is_crowd in annotations.boxes:
        if key not in places:
            continue
        if box is None or is_crowd:
            left["around crowds" if is_crowd else "without a box"] += 1
            continue
        numbers[key] += 1
        name = shown(annotations.images[key])
        rows.append((name, numbers[key], _cropped(places[key], box), category))
    remarks = [f"left out: {pluralise(n, 'annotation')} {why}" for why, n in left.items()]
    if without := len(set(places) - set(numbers)):
        remarks.append(f"{pluralise(without, 'image')} {agreeing(without, 'have')} no box")
    return rows, remarks, [f"labels: categories of '{annotations.file.name}'"]


def _cropped(place: Source, box: _Box) -> Source:
    if isinstance(place, RejectedImage):
        return place
    width, height = box[2:]
    if not all(map(math.isfinite, box)) or width < _LEAST_SIDE or height < _LEAST_SIDE:
        return RejectedImage(f"a box of {width:g} x {height:g} pixels")
    return CroppedImage(place, box)


def _root_of(annotations: Annotations) -> AnyPath:
    """Return the folder near the file in which its first images are; else that of the file."""
    file = annotations.file
    if not isinstance(file, Path):
        return file.parent
    split = file.stem.rpartition("_")[2]
    above = file.parent.parent
    tried = [
        file.parent, file.parent / "images", file.parent / split, above, above / "images",
        above / split, above / "images" / split,
    ]  # fmt: skip
    for folder in tried:
        if _has_any(folder, annotations):
            return folder
    return file.parent


def _has_any(folder: Path, annotations: Annotations) -> bool:
    """Return whether one of the first images is in a folder."""
    names = [name for name in list(annotations.images.values())[:_TRIED] if name]
    return any(_is_file(folder, name) for name in names)


def _is_in(place: Path, home: AnyPath) -> bool:
    return isinstance(home, Path) and place.is_relative_to(home)


def _is_there(place: Path) -> bool:
    try:
        return place.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _is_file(folder: Path, name: str) -> bool:
    try:
        return not PurePosixPath(name).is_absolute() and (folder / name).is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False
