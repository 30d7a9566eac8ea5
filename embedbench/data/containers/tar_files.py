"""Images in tar archives: read where they are, or kept in memory if the archive is compressed."""

import bz2
import gzip
import lzma
import posixpath
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedIOBase
from typing import IO, cast

from embedbench.data.containers.members import (
    LABEL_SUFFIXES,
    ArchiveFiles,
    ArchiveMember,
    Entry,
    MemoryImage,
    files_of,
    may_be_used,
)
from embedbench.data.folders.walk import File
from embedbench.data.images.sources import RejectedImage
from embedbench.errors import InputError
from embedbench.io.paths import AnyPath, open_file, size_of
from embedbench.utils.formats import suffix_of
from embedbench.utils.text import shorten, shown

__all__ = ["TarMember", "files_in_tar"]

_MOST_KEPT = 10**9
"""Bytes of the images in a compressed archive, which are kept in memory."""

_MOST_LABELS = 2 * 10**8
"""Bytes of the labels beside images, which are read with the headers that stand around them."""

_MOST_UNPACKED = 20 * 10**9
_LONGEST_HEADER = 10**7
_BLOCK = 512
_CUT = "cut off: its archive ends within it"


@dataclass(frozen=True)
class TarMember(ArchiveMember):
    """An image in a tar archive that is not compressed."""

    def read(self, most: int) -> bytes:
        """Return its bytes, as in `PackedImage`."""
        with open_file(self.archive) as file:
            file.seek(self.offset)
            return file.read(min(self.size, most))


class _Headers:
    """A file as tarfile reads it: header by header, and never much at once."""

    def __init__(self, file: BufferedIOBase, most: int | None) -> None:
        self._file, self._most = file, most
        self.last = b""

    def read(self, size: int) -> bytes:
        if size > _LONGEST_HEADER:
            raise tarfile.ReadError("a header is too long")
        self.last = self._file.read(size)
        self._check()
        return self.last

    def read_file(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        return self._file.read(size)

    def seek(self, offset: int) -> int:
        place = self._file.seek(offset)
        self._check()
        return place

    def tell(self) -> int:
        return self._file.tell()

    def _check(self) -> None:
        if self._most is not None and self._file.tell() > self._most:
            raise _TooLarge


class _TooLarge(Exception):
    """A compressed archive unpacks to more than is read."""


def files_in_tar(archive: AnyPath) -> ArchiveFiles:
    """Return the files in a tar archive; nothing is written.

    Of an archive that is cut off, the files before the cut are read, and a remark says so.

    Raises:
        InputError: the archive cannot be read, or is compressed and too large.
    """
    entries: list[Entry] = []
    found = ArchiveFiles()
    try:
        with open_file(archive) as file:
            size = size_of(archive)
            unpacked = _unpacked(file)
            headers = _Headers(unpacked or file, _MOST_UNPACKED if unpacked else None)
            reader = _Reader(archive, headers, size, unpacked is not None)
            for entry in reader.entries():
                entries.append(entry)
    except _TooLarge as error:
        raise InputError(
            f"'{archive}' is not read: it unpacks to more than {_MOST_UNPACKED // 10**9} GB, "
            "and a compressed tar is read as a whole; pack it as .zip, or as .tar"
        ) from error
    except InputError:
        raise
    except Exception as error:  # tarfile and its decompressors raise nearly anything
        if isinstance(error, FileNotFoundError):
            raise InputError(f"there is no file '{archive}'") from error
        if not entries:
            said = error.strerror if isinstance(error, OSError) else None
            reason = " ".join(str(said or error).split()) or "it is cut off"
            raise InputError(f"cannot read '{archive}' as a tar archive: {reason}") from error
        found.remarks.append(_cut_after(archive, entries))
    else:
        if not entries and not reader.is_ended:
            raise InputError(f"cannot read '{archive}': it is empty, or no tar archive")
        if not reader.is_ended:
            found.remarks.append(_cut_after(archive, entries))
    found.files = files_of(entries)
    return found


def _cut_after(archive: AnyPath, entries: list[Entry]) -> str:
    last = shorten(shown(entries[-1].name), 60)
    return f"'{archive}' is cut off or broken after '{last}': files after it are not read"


def _unpacked(file: BufferedIOBase) -> BufferedIOBase | None:
    """Return the file without its compression; None if it has none."""
    start = file.read(6)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if start.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if start == b"\xfd7zXZ\0":
        return lzma.LZMAFile(cast(IO[bytes], file))
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        raise tarfile.ReadError("it is compressed by Zstandard; compress it by gzip")
    return None


@dataclass
class _Reader:
    archive: AnyPath
    headers: _Headers
    size: int
    keeps: bool
    kept: int = 0
    is_ended: bool = False

    def entries(self) -> Iterator[Entry]:
        """Yield the entries one after another; `is_ended` says whether the end was there."""
        before = -1
        with tarfile.TarFile(fileobj=self.headers) as tar:  # type: ignore[arg-type]
            while (member := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined]  # it would grow with the archive
                if tar.offset <= before:
                    raise tarfile.ReadError("its headers go back")
                before = tar.offset
                if member.isreg():
                    yield Entry(member.name, self._file(member))
                elif member.islnk():
                    yield Entry(member.name, None, member.linkname)
                elif member.issym():
                    yield Entry(member.name, None, _target(member))
                elif not member.isdir():
                    yield Entry(member.name, RejectedImage("a pipe or a device, not a file"))
            last = self.headers.last
            self.is_ended = len(last) == _BLOCK and not any(last)

    def _file(self, member: tarfile.TarInfo) -> File:
        if member.issparse():
            return RejectedImage("a sparse file, which is not read in an archive")
        if not self.keeps:
            if member.offset_data + member.size > self.size:
                return RejectedImage(_CUT)
            if suffix_of(member.name) in LABEL_SUFFIXES and self.kept + member.size <= _MOST_LABELS:
                self.kept += member.size
                return MemoryImage(self.headers.read_file(member.offset_data, member.size))
            return TarMember(self.archive, member.offset_data, member.size)
        if not may_be_used(member.name):
            return RejectedImage("not an image")
        self.kept += member.size
        if self.kept > _MOST_KEPT:
            raise InputError(
                f"'{self.archive}' is not read: its images take more than "
                f"{_MOST_KEPT // 10**6:,} MB, and a compressed tar is read as a whole; pack it "
                "as .zip, or as .tar"
            )
        content = b""
        with suppress(EOFError):
            content = self.headers.read_file(member.offset_data, member.size)
        return MemoryImage(content) if len(content) == member.size else RejectedImage(_CUT)


def _target(link: tarfile.TarInfo) -> str:
    """Return where a symbolic link leads, from the top of the archive."""
    return posixpath.join(posixpath.dirname(link.name), link.linkname)
