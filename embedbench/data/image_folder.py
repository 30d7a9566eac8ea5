"""Folders: the images in one, found without leaving it, by names that can be written anywhere."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path, PurePosixPath

from embedbench.data.images.decoding import SUFFIXES
from embedbench.data.images.sources import RejectedImage, RotatedImage, Source
from embedbench.io.paths import AnyPath, RemotePath, files_below
from embedbench.utils.text import shown

__all__ = ["LEADS_OUT", "images_below", "leads_out", "reject_outside"]

LEADS_OUT = "a link out of the folder, which is followed only by --follow-links"


def images_below(
    folder: AnyPath, follow_links: bool = False
) -> dict[str, Path | RemotePath | RejectedImage]:
    """Return where the images below a folder are, by their names with forward slashes.

    Hidden files and folders are left out. A link to a folder inside is passed over, for what it
    leads to is found where it is. A link that leads out is refused, unless it is to be followed;
    so is a folder that cannot be read.

    Raises:
        OSError: the folder itself cannot be read.
    """
    if isinstance(folder, RemotePath):
        found: Iterator[tuple[str, Path | RemotePath | RejectedImage]] = (
            (name, folder / name) for name in files_below(folder) if _is_image(name)
        )
    else:
        found = _walk(folder, follow_links)
    named: dict[str, Path | RemotePath | RejectedImage] = {}
    for name, source in sorted(found, key=lambda one: one[0]):
        written = shown(name)
        tries = (f"{written}#{number}" for number in count(2))
        named[next(tries) if written in named else written] = source
    return named


def _walk(folder: Path, follow_links: bool) -> Iterator[tuple[str, Path | RejectedImage]]:
    faults: list[OSError] = []
    home = os.path.realpath(folder)
    walked = {home}
    for here, folders, files in os.walk(folder, onerror=faults.append, followlinks=True):
        descended = []
        for name in sorted(folders):
            path, real = Path(here, name), os.path.realpath(Path(here, name))
            if name.startswith(".") or real in walked:
                continue
            if path.is_symlink() and not follow_links and not _is_below(real, home):
                yield path.relative_to(folder).as_posix(), RejectedImage(LEADS_OUT)
            elif not path.is_symlink() or not _is_below(real, home):
                walked.add(real)
                descended.append(name)
        folders[:] = descended
        for name in files:
            path = Path(here, name)
            if _is_image(name):
                out = not follow_links and leads_out(path, home)
                yield path.relative_to(folder).as_posix(), RejectedImage(LEADS_OUT) if out else path
    for fault in faults:
        if fault.filename == str(folder):
            raise fault
        name = Path(fault.filename).relative_to(folder).as_posix()
        yield name, RejectedImage(f"cannot be read: {fault.strerror}")


def leads_out(path: Path, folder: str | Path) -> bool:
    """Return whether a path is a link to somewhere that is not below the folder."""
    return path.is_symlink() and not _is_below(os.path.realpath(path), os.path.realpath(folder))


def reject_outside(folder: Path, source: Source) -> Source:
    """Return the source; a rejected image if it is a link out of the folder."""
    inner = source.source if isinstance(source, RotatedImage) else source
    out = isinstance(inner, Path) and leads_out(inner, folder)
    return RejectedImage(LEADS_OUT) if out else source


def _is_below(real: str, home: str) -> bool:
    return Path(real).is_relative_to(home)


def _is_image(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not hidden
