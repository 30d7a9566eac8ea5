"""Find the images below a folder, without following links out of it, by printable names."""

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
    """Return the images below a folder by name, with forward slashes.

    Hidden files and folders are skipped, and so are links to folders inside, whose images are
    found anyway. Links out of the folder, unless followed, and unreadable sub-folders become a
    RejectedImage.

    Args:
        folder: the folder.
        follow_links: follow links out of the folder.

    Raises:
        OSError: the folder itself cannot be read.
    """
    if isinstance(folder, RemotePath):
        images: Iterator[tuple[str, Path | RemotePath | RejectedImage]] = (
            (name, folder / name) for name in files_below(folder) if _is_image(name)
        )
    else:
        images = _walk(folder, follow_links)
    named: dict[str, Path | RemotePath | RejectedImage] = {}
    for name, source in sorted(images, key=lambda item: item[0]):
        written = shown(name)
        tries = (f"{written}#{number}" for number in count(2))
        named[next(tries) if written in named else written] = source
    return named


def _walk(folder: Path, follow_links: bool) -> Iterator[tuple[str, Path | RejectedImage]]:
    errors: list[OSError] = []
    home = os.path.realpath(folder)
    walked = {home}
    for here, folders, files in os.walk(folder, onerror=errors.append, followlinks=True):
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
    for error in errors:
        if error.filename == str(folder):
            raise error
        name = Path(error.filename).relative_to(folder).as_posix()
        yield name, RejectedImage(f"cannot be read: {error.strerror}")


def leads_out(path: Path, folder: str | Path) -> bool:
    """Return whether a path is a link to a target outside the folder."""
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
