"""Images in zip archives, which are read where they are."""

import posixpath
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase

from embedbench.data.containers.members import ArchiveFiles, ArchiveMember, Entry, files_of
from embedbench.data.folders.walk import File
from embedbench.data.images.sources import RejectedImage
from embedbench.errors import ImageError, InputError
from embedbench.io.paths import AnyPath, open_file, size_of
from embedbench.utils.formats import has_image_suffix
from embedbench.utils.messages import system_reason

__all__ = ["ZipMember", "files_in_zip"]

_HEADER = struct.Struct("<4s22xHH")
_START = b"PK\3\4"
_METHODS = {
    zipfile.ZIP_STORED: "stored",
    zipfile.ZIP_DEFLATED: "Deflate",
    zipfile.ZIP_BZIP2: "bzip2",
    zipfile.ZIP_LZMA: "LZMA",
}
_OTHERS = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 98: "PPMd", 99: "AES"}
_LARGE, _MOST_TIMES = 10**8, 100
"""A larger image that is as many times its packed size is not read."""

_LONGEST_LINK = 4096


@dataclass(frozen=True)
class ZipMember(ArchiveMember):
    """An image in a zip archive; `offset` is where its header starts.

    Attributes:
        packed: its size in the archive, in bytes.
        crc: its CRC-32.
        method: how it is packed, by the number of the zip format.
    """

    packed: int
    crc: int
    method: int

    def read(self, most: int) -> bytes:
        """Return its bytes, as in `PackedImage`."""
        info = zipfile.ZipInfo()
        info.compress_size, info.file_size = self.packed, self.size
        info.CRC, info.compress_type = self.crc, self.method
        with open_file(self.archive) as file:
            file.seek(self.offset)
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size or not header.startswith(_START):
                raise ImageError("its archive is broken here, or has changed")
            _, name, extra = _HEADER.unpack(header)
            file.seek(self.offset + _HEADER.size + name + extra)
            try:
                with zipfile.ZipExtFile(file, "r", info) as member:
                    return _read(member, most)
            except Exception as error:  # each way of packing has errors of its own
                raise ImageError(f"broken in its archive: {str(error) or 'cut off'}") from error


def _read(member: BufferedIOBase, most: int) -> bytes:
    parts, left = [], most
    while left > 0 and (part := member.read(min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def files_in_zip(archive: AnyPath) -> ArchiveFiles:
    """Return the files in a zip archive; nothing is unpacked.

    Raises:
        InputError: the archive cannot be read, is cut off, has a password, or its entries overlap.
    """
    try:
        with open_file(archive) as file, zipfile.ZipFile(file) as opened:
            infos = opened.infolist()
        size = size_of(archive)
    except zipfile.BadZipFile as error:
        raise InputError(
            f"cannot read '{archive}': it is cut off, or no zip archive, as the list of files at "
            f"its end is missing or broken ({error})"
        ) from error
    except FileNotFoundError as error:
        raise InputError(f"there is no file '{archive}'") from error
    except OSError as error:
        raise InputError(f"cannot read '{archive}': {system_reason(error)}") from error
    except Exception as error:  # a broken list of files raises nearly anything
        raise InputError(f"cannot read '{archive}': its list of files is broken") from error
    if sum(info.compress_size for info in infos) > size:
        raise InputError(f"'{archive}' is not read: its files overlap, as in a zip bomb")
    images = [info for info in infos if has_image_suffix(info.filename)]
    if images and all(info.flag_bits & 1 for info in images):
        raise InputError(f"'{archive}' has a password: unpack it, or pack it without one")
    return ArchiveFiles(files_of(_entries(archive, infos)))


def _entries(archive: AnyPath, infos: list[zipfile.ZipInfo]) -> Iterator[Entry]:
    for info in infos:
        name = _name_of(info)
        if name.endswith("/"):
            continue
        file = _file_of(archive, info)
        if stat.S_ISLNK(info.external_attr >> 16) and isinstance(file, ZipMember):
            try:
                link = file.read(_LONGEST_LINK).decode("utf-8", "surrogateescape")
            except ImageError:  # the same error is told when the image is read
                yield Entry(name, file)
            else:
                yield Entry(name, None, posixpath.join(posixpath.dirname(name), link))
        else:
            yield Entry(name, file)


def _name_of(info: zipfile.ZipInfo) -> str:
    """Return the name of an entry: of Windows with backslashes, of macOS without its flag."""
    name = info.filename
    if not info.flag_bits & 0x800 and not name.isascii():
        try:
            name = name.encode("cp437").decode("utf-8")
        except ValueError:
            pass
    return name.replace("\\", "/") if info.create_system == 0 else name


def _file_of(archive: AnyPath, info: zipfile.ZipInfo) -> File:
    if info.flag_bits & 1:
        return RejectedImage("has a password in its archive")
    method = info.compress_type
    if method not in _METHODS:
        how = _OTHERS.get(method, f"method {method}")
        return RejectedImage(f"packed by {how}, which is not read: pack it again by Deflate")
    if info.file_size > _LARGE and info.file_size > _MOST_TIMES * max(1, info.compress_size):
        return RejectedImage(
            f"unpacks to {info.file_size // 10**6:,} MB, more than {_MOST_TIMES} times its size "
            "in the archive, as a zip bomb does"
        )
    return ZipMember(
        archive, info.header_offset, info.file_size, info.compress_size, info.CRC, method
    )
