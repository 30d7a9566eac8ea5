"""Find the images below a folder, without following links out of it, by printable names."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from embedbench.data.images.sources import (
    PackedImage,
    RejectedImage,
    RotatedImage,
    Source,
    first_bytes,
    is_elsewhere,
)
from embedbench.io.paths import AnyPath, RemotePath, files_below
from embedbench.utils.formats import (
    HEADER_BYTES,
    ImageFormat,
    format_of,
    format_of_suffix,
    has_image_suffix,
    is_other_suffix,
    suffix_of,
)
from embedbench.utils.text import agreeing, pluralise, shorten, shown

__all__ = [
    "File",
    "FolderContents",
    "LEADS_OUT",
    "contents_of",
    "files_in_folder",
    "leads_out",
    "read_folder",
    "reject_outside",
]

File = Path | RemotePath | PackedImage | RejectedImage
"""A file below a folder, or in an archive; one that is not read has a reason."""

LEADS_OUT = "a link out of the folder, which is followed only by --follow-links"

_LEFT_OUT = {
    "@eadir": "in '@eaDir', thumbnails of a storage box",
    ".@__thumb": "in '.@__thumb', thumbnails of a storage box",
    "@__thumb": "in '@__thumb', thumbnails of a storage box",
    "#recycle": "in '#recycle', a bin",
    "@recycle": "in '@Recycle', a bin",
    "$recycle.bin": "in '$RECYCLE.BIN', a bin",
    "recycler": "in 'RECYCLER', a bin",
    "#snapshot": "in '#snapshot', copies of the folder",
    "@snapshot": "in '@snapshot', copies of the folder",
    "__macosx": "in '__MACOSX', resource forks",
    ".ipynb_checkpoints": "in '.ipynb_checkpoints', checkpoints",
    "system volume information": "in 'System Volume Information'",
    "lost+found": "in 'lost+found'",
}
"""Folders whose files are no images of the set, in lower case, and what they hold."""

_METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
"""Names of tables that describe the images of their folder, as Hugging Face writes them."""


_CONTAINERS = frozenset(
    ".csv .tsv .json .jsonl .ndjson .xlsx .parquet .arrow .zip .tar .tgz .gz .bz2 .xz .7z "
    ".rar".split()
)
"""Suffixes of tables and archives, which may hold labels or images."""


@dataclass
class FolderContents:
    """What is below a folder, or in an archive.

    Attributes:
        images: source of each image by name, in the order of the names.
        left_out: number of image files that are none of the set, by reason.
        unreadable: number of files that look like images but cannot be read, by suffix.
        metadata: tables that describe the images below their folder, by name.
        unused: names of other tables and of archives, without those that are called as an image.
    """

    images: dict[str, File] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    metadata: dict[str, Path | RemotePath | PackedImage] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)

    @property
    def remarks(self) -> list[str]:
        """What was left out, one sentence each."""
        remarks = [
            f"left out: {pluralise(count, 'file')} {reason}"
            for reason, count in sorted(self.left_out.items())
        ]
        if count := self.unreadable.total():
            kinds = [_unreadable(kind, n) for kind, n in sorted(self.unreadable.items())]
            remarks.append(
                f"{pluralise(count, 'file')} {agreeing(count, 'look')} like pictures but "
                f"cannot be read: {', '.join(kinds)}"
            )
        if self.unused:
            first = shorten(shown(min(self.unused, key=lambda name: (name.count("/"), name))))
            remarks.append(
                f"not used: {pluralise(len(self.unused), 'table or archive')} among the files, "
                f"'{first}': give it as the source, or a table of labels by --labels"
                if len(self.unused) == 1
                else f"not used: {len(self.unused):,} tables and archives among the files, such as "
                f"'{first}': give one as the source, or a table of labels by --labels"
            )
        return remarks


def _unreadable(suffix: str, count: int) -> str:
    form = format_of_suffix(f"x{suffix}")
    if form is None or not form.extra:
        return f"{count:,} {suffix}"
    if form.is_readable:
        return f"{count:,} {suffix} with other content"
    return f"{count:,} {suffix} (pip install 'image-embedbench[{form.extra}]')"


def read_folder(folder: AnyPath, follow_links: bool = False) -> FolderContents:
    """Return the images below a folder, by name with forward slashes, and what was left out.

    Hidden files and folders, thumbnails of storage boxes, bins and resource forks are left out;
    so are links to folders inside, whose images are found anyway. Links out of the folder, unless
    followed, and unreadable sub-folders become a RejectedImage. A file whose suffix is not that
    of an image is one if its first bytes say so.

    Args:
        folder: the folder.
        follow_links: follow links out of the folder.

    Raises:
        OSError: the folder itself cannot be read.
    """
    return contents_of(files_in_folder(folder, follow_links))


def files_in_folder(folder: AnyPath, follow_links: bool = False) -> Iterator[tuple[str, File]]:
    """Yield all files below a folder, by name, also those that are no images.

    Raises:
        OSError: the folder itself cannot be read.
    """
    if isinstance(folder, RemotePath):
        yield from ((name, folder / name) for name in files_below(folder))
    else:
        yield from _walk(folder, follow_links)


def contents_of(files: Iterable[tuple[str, File]]) -> FolderContents:
    """Return which of these files are images of a set, and what was left out; as `read_folder`.

    Args:
        files: each with its name below the folder, with forward slashes.

    Raises:
        OSError: the folder itself cannot be read.
    """
    contents = FolderContents()
    images = [(name, source) for name, source in files if _is_image(name, source, contents)]
    for name, source in sorted(images, key=lambda item: item[0]):
        written = shown(name)
        tries = (f"{written}#{number}" for number in count(2))
        contents.images[next(tries) if written in contents.images else written] = source
    beside = {_until_dot(name) for name, _ in images}
    contents.unused = [name for name in contents.unused if _until_dot(name) not in beside]
    return contents


def _until_dot(name: str) -> str:
    """Return a path up to the first dot of its last part."""
    above, slash, last = name.rpartition("/")
    return above + slash + last.partition(".")[0]


def _is_image(name: str, source: File, contents: FolderContents) -> bool:
    """Return whether a file is an image of the set; note it if it is not."""
    *folders, last = name.split("/")
    looks_like_one = has_image_suffix(last) or isinstance(source, RejectedImage)
    reason = next((_LEFT_OUT[one.lower()] for one in folders if one.lower() in _LEFT_OUT), None)
    if reason is None and any(one.startswith(".") for one in (*folders, last)):
        reason = "in hidden folders, or with hidden names"
    if reason:
        if looks_like_one and not isinstance(source, RejectedImage):
            contents.left_out[reason] += 1
        return False
    if isinstance(source, RejectedImage):
        return True
    if last.lower() in _METADATA:
        contents.metadata[name] = source
    elif suffix_of(last) in _CONTAINERS:
        contents.unused.append(name)
    if is_other_suffix(last):
        return False
    form = format_of_suffix(last)
    if form is None or form.extra:
        form = _format_inside(source) if form is None or form.is_readable else form
    if form is not None and form.is_readable:
        return True
    if form is not None or looks_like_one:
        contents.unreadable[suffix_of(last) or (form.suffixes[0] if form else "")] += 1
    return False


def _format_inside(file: AnyPath | PackedImage) -> ImageFormat | None:
    """Return the format of a file by its first bytes; None if it cannot be read, or is no image."""
    return None if is_elsewhere(file) else format_of(first_bytes(file, HEADER_BYTES))


def _walk(folder: Path, follow_links: bool) -> Iterator[tuple[str, Path | RejectedImage]]:
    """Yield all files below a folder, by name."""
    errors: list[OSError] = []
    home = os.path.realpath(folder)
    walked = {home}
    for here, folders, files in os.walk(folder, onerror=errors.append, followlinks=True):
        prefix = "" if here == str(folder) else f"{Path(here).relative_to(folder).as_posix()}/"
        descended = []
        for name in sorted(folders):
            path = Path(here, name)
            real = os.path.realpath(path)
            if real in walked or (path.is_symlink() and _is_below(real, home)):
                continue
            if path.is_symlink() and not follow_links:
                yield f"{prefix}{name}", RejectedImage(LEADS_OUT)
            else:
                walked.add(real)
                descended.append(name)
        folders[:] = descended
        for name in files:
            path = Path(here, name)
            out = not follow_links and has_image_suffix(name) and leads_out(path, home)
            yield f"{prefix}{name}", RejectedImage(LEADS_OUT) if out else path
    for error in errors:
        if error.filename == str(folder):
            raise error
        name = Path(error.filename).relative_to(folder).as_posix()
        yield name, RejectedImage(f"cannot be read: {error.strerror}")


def leads_out(path: Path, folder: str | Path) -> bool:
    """Return whether a path is a link to a target outside the folder."""
    return os.path.islink(path) and not _is_below(os.path.realpath(path), os.path.realpath(folder))


def reject_outside(folder: Path, source: Source) -> Source:
    """Return the source; a rejected image if it is a link out of the folder."""
    inner = source.source if isinstance(source, RotatedImage) else source
    out = isinstance(inner, Path) and leads_out(inner, folder)
    return RejectedImage(LEADS_OUT) if out else source


def _is_below(real: str, home: str) -> bool:
    return Path(real).is_relative_to(home)
