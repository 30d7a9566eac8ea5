"""Names of files for images, whatever the images are called."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

__all__ = ["file_names"]

_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]+')
"""What separates folders, ends lines, or has no place in a name on Windows."""

_MOST_BYTES = 200
"""File systems take 255; a number may be added."""

_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def file_names(images: Sequence[str]) -> list[str]:
    """Return a unique file name for each image: its path with _ for each /.

    They are unique on file systems that ignore case, too, and lead to no other folder.
    """
    taken: set[str] = set()
    names = []
    for image in images:
        name = wanted = _cleaned(image)
        number = 1
        while name.casefold() in taken:
            number += 1
            path = PurePosixPath(wanted)
            name = f"{path.stem}_{number}{path.suffix}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _cleaned(image: str) -> str:
    name = _UNSAFE.sub("_", image).strip(" .")
    name = re.sub(r"^[_.]+", "", name) or "image"
    if _DEVICES.match(name):
        name = f"_{name}"
    if len(name.encode()) <= _MOST_BYTES:
        return name
    path = PurePosixPath(name)
    suffix = path.suffix if len(path.suffix) <= 10 else ""
    stem = name.removesuffix(suffix).encode()[: _MOST_BYTES - len(suffix.encode())]
    return stem.decode(errors="ignore") + suffix
