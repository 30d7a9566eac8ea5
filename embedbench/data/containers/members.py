"""Files in archives: their names, which may be hostile, and links between them."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from embedbench.data.folders.walk import File
from embedbench.data.images.sources import PackedImage, RejectedImage
from embedbench.io.paths import AnyPath, RemotePath
from embedbench.utils.formats import has_image_suffix, is_other_suffix, suffix_of
from embedbench.utils.text import shorten

__all__ = [
    "ArchiveFiles",
    "ArchiveMember",
    "Entry",
    "LABEL_SUFFIXES",
    "MemoryImage",
    "files_of",
    "may_be_used",
]

_DRIVE = re.compile(r"[A-Za-z]:")
_MOST_LINKS = 40
LABEL_SUFFIXES = (".cls", ".json", ".txt")
"""Suffixes of the files beside an image of a WebDataset that say something about it."""

_TABLES = (".csv", ".jsonl", ".parquet")


@dataclass(frozen=True)
class MemoryImage(PackedImage):
    """An image in the memory of this process.

    Attributes:
        content: bytes of its file.
    """

    content: bytes = field(repr=False)

    def read(self, most: int) -> bytes:
        """Return its bytes, as in `PackedImage`."""
        return self.content[:most]

    @property
    def known_size(self) -> int | None:
        """The size of its file in bytes."""
        return len(self.content)


@dataclass(frozen=True)
class ArchiveMember(PackedImage):
    """An image in an archive, which is read where it is.

    Attributes:
        archive: the archive.
        offset: where it starts, in bytes.
        size: its size, in bytes.
    """

    archive: AnyPath
    offset: int
    size: int

    @property
    def is_elsewhere(self) -> bool:
        """Whether its archive is at an address."""
        return isinstance(self.archive, RemotePath)

    @property
    def known_size(self) -> int | None:
        """The size of its file in bytes."""
        return self.size


@dataclass(frozen=True)
class Entry:
    """An entry of an archive.

    Attributes:
        name: as the archive has it, with forward slashes.
        file: the file; None for a link.
        link: name of the entry that a link leads to, from the top of the archive.
    """

    name: str
    file: File | None
    link: str = ""


@dataclass
class ArchiveFiles:
    """The files in an archive.

    Attributes:
        files: each with its name; those that cannot be read have a reason.
        remarks: what could not be read of the archive, one sentence each.
    """

    files: list[tuple[str, File]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def may_be_used(name: str) -> bool:
    """Return whether a file in an archive can be an image, or say something about one."""
    return not is_other_suffix(name) or suffix_of(name) in (*LABEL_SUFFIXES, *_TABLES)


def files_of(entries: Iterable[Entry]) -> list[tuple[str, File]]:
    """Return the files of an archive, with names that are below it, and links followed.

    An image whose name is absolute or has `..` is rejected; so is one that links out of the
    archive. Links to folders are left out, as what they lead to is in the archive.
    """
    entries = [replace(entry, name=_plain(entry.name)) for entry in entries]
    by_name = {entry.name: entry for entry in entries}
    found = [(entry, _followed(entry, by_name)) for entry in entries]
    return [
        (_inside(entry.name), file)
        for entry, file in found
        if file is not None and (has_image_suffix(entry.name) or not _is_rejected(file))
    ]


def _followed(entry: Entry, by_name: dict[str, Entry]) -> File | None:
    """Return the file of an entry; None for a link to a folder."""
    if _leads_out(entry.name):
        return RejectedImage(f"its name leads out of the archive: '{shorten(entry.name, 80)}'")
    target: Entry | None = entry
    for _ in range(_MOST_LINKS):
        if target is None or target.file is not None:
            break
        target = by_name.get(_plain(posixpath.normpath(target.link)))
    if target is not None and target.file is not None and not _leads_out(target.name):
        return target.file
    return RejectedImage(f"a link to nothing in the archive: '{shorten(entry.link, 80)}'")


def _is_rejected(file: File) -> bool:
    return isinstance(file, RejectedImage)


def _plain(name: str) -> str:
    """Return a name without `.` and double slashes."""
    start = "/" if name.startswith("/") else ""
    return start + "/".join(part for part in name.split("/") if part not in ("", "."))


def _leads_out(name: str) -> bool:
    return name.startswith("/") or ".." in name.split("/") or bool(_DRIVE.match(name))


def _inside(name: str) -> str:
    """Return a name as one below the archive."""
    if not _leads_out(name):
        return name
    return "/".join(part for part in _DRIVE.sub("", name).split("/") if part not in ("", ".."))
