"""Several files as one set: patterns such as `photos/*.jpg` and `{000..012}.tar`, and lists."""

import fnmatch
import glob
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from embedbench.data.dataset import Dataset
from embedbench.data.folders.walk import File, FolderContents, contents_of, files_in_folder
from embedbench.data.image_folder import dataset_of_folder
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, RemotePath, files_below, is_remote_path, parse_path
from embedbench.utils.messages import system_reason
from embedbench.utils.text import shown

__all__ = ["are_shards", "common_folder", "expand", "read_files"]

_RANGE = re.compile(r"(\d+)\.\.(\d+)")
_BRACES = re.compile(r"\{([^{}]*(?:,|\.\.)[^{}]*)\}")
_DIGITS = re.compile(r"\d+")
_MOST = 10_000
"""Files that one pattern with braces can name."""


def expand(source: str | AnyPath) -> list[AnyPath] | None:
    """Return the files and folders that a pattern names, sorted; None if it is no pattern.

    `*`, `?`, `[...]` and `**` are as in Python's glob, `{a,b}` and `{000..012}` as in a shell. In
    an address `?` starts its query. What exists under the name of the pattern is no pattern.

    Raises:
        InputError: nothing has such a name, or there are too many.
    """
    text = str(source) if isinstance(source, Path) else source
    if not isinstance(text, str) or not re.search(r"[*?\[{]", text):
        return None
    if not is_remote_path(text):
        place = parse_path(text)
        assert isinstance(place, Path)
        try:
            if place.exists():
                return None
        except OSError:  # a name that no file can have
            return None
        text = str(place)
    texts = list(islice(_with_braces(text), _MOST + 1))
    if len(texts) > _MOST:
        raise InputError(f"'{source}' names more than {_MOST:,} files")
    if texts == [text] and not re.search(r"[*\[]" if is_remote_path(text) else r"[*?\[]", text):
        return None
    found = [place for one in texts for place in _matching(one)]
    if not found:
        raise InputError(f"there is no file or folder '{source}'")
    return found


def _with_braces(text: str) -> Iterator[str]:
    """Yield the texts that a text with braces stands for."""
    braces = _BRACES.search(text)
    if braces is None:
        yield text
        return
    numbers = _RANGE.fullmatch(braces[1])
    if numbers:
        first, last = int(numbers[1]), int(numbers[2])
        width = len(numbers[1]) if numbers[1].startswith("0") else 0
        step = 1 if first <= last else -1
        words: Iterator[str] = (f"{one:0{width}d}" for one in range(first, last + step, step))
    else:
        words = iter(braces[1].split(","))
    for word in words:
        yield from _with_braces(f"{text[: braces.start()]}{word}{text[braces.end() :]}")


def _matching(text: str) -> list[AnyPath]:
    """Return what a text without braces names; a name without wildcards as it is."""
    if not is_remote_path(text):
        if not glob.has_magic(text):
            return [Path(text)]
        return [Path(one) for one in sorted(glob.glob(text, recursive=True))]
    place = parse_path(text)
    if not isinstance(place, RemotePath):
        return _matching(str(place))
    parts = place.path.split("/")
    first = next((row for row, part in enumerate(parts) if re.search(r"[*\[]", part)), None)
    if first is None:
        return [place]
    folder = RemotePath(place.system, "/".join(parts[:first]))
    try:
        names = sorted(files_below(folder))
    except OSError as error:
        raise InputError(f"cannot read '{folder}': {system_reason(error)}") from error
    return [folder / name for name in names if _fits(name.split("/"), parts[first:])]


def _fits(parts: list[str], pattern: list[str]) -> bool:
    """Return whether the parts of a path fit those of a pattern."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(parts[start:], pattern[1:]) for start in range(len(parts) + 1))
    return (
        bool(parts) and fnmatch.fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])
    )


def are_shards(places: Sequence[AnyPath]) -> bool:
    """Return whether files are parts of one set: called alike but for numbers such as 007."""
    names = [place.name for place in places]
    folders = {str(place.parent) for place in places}
    numbers = [_DIGITS.findall(name) for name in names]
    alike = len({_DIGITS.sub(lambda run: "0" * len(run[0]), name) for name in names}) == 1
    padded = any(len(run) > 2 and run.startswith("0") for runs in numbers for run in runs)
    return len(places) > 1 and len(folders) == 1 and alike and padded


def common_folder(places: Sequence[AnyPath]) -> AnyPath | None:
    """Return the folder that all files are below; None if they are on several systems."""
    local = [place for place in places if isinstance(place, Path)]
    if len(local) == len(places):
        parents = [os.path.abspath(place.parent) for place in local]
        try:
            return Path(os.path.commonpath(parents))
        except ValueError:  # on several drives
            return None
    systems = {place.system for place in places if isinstance(place, RemotePath)}
    if len(systems) > 1 or local:
        return None
    paths = [f"/{place.parent.path}" for place in places if isinstance(place, RemotePath)]
    return RemotePath(systems.pop(), os.path.commonpath(paths).strip("/"))


def read_files(
    places: Sequence[AnyPath], name: AnyPath, listed: bool, follow_links: bool = False
) -> Dataset:
    """Return image files as one set, called by their paths below the folder of all.

    What their folders mean is as in `embedbench.data.image_folder`.

    Args:
        places: the files, and folders of them.
        name: what they are called together.
        listed: whether each of them was named by the user, and so is an image of the set, in this
            order, whatever it holds; else they are looked through as a folder is.
        follow_links: follow links that lead out of a folder.

    Raises:
        InputError: there is no image.
    """
    home = common_folder(places)
    names = [_below(home, place) for place in places]
    if listed:
        images: dict[str, File] = {}
        for one, place in zip(names, places, strict=True):
            if shown(one) in images:
                raise InputError(f"the image '{place}' is given twice")
            images[shown(one)] = place
        return dataset_of_folder(FolderContents(images), name)

    def files() -> Iterator[tuple[str, File]]:
        for one, place in zip(names, places, strict=True):
            if isinstance(place, Path) and place.is_dir():
                for inner, file in files_in_folder(place, follow_links):
                    yield f"{one}/{inner}", file
            else:
                yield one, place

    try:
        return dataset_of_folder(contents_of(files()), name)
    except OSError as error:
        raise InputError(f"cannot read '{error.filename}': {error.strerror}") from error


def _below(home: AnyPath | None, place: AnyPath) -> str:
    if home is None:
        return place.as_posix()
    if isinstance(place, RemotePath):
        assert isinstance(home, RemotePath)
        return place.path[len(home.path) :].lstrip("/")
    return PurePosixPath(os.path.relpath(os.path.abspath(place), str(home))).as_posix()
