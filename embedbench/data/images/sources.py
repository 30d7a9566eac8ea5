"""Sources: where one image is, and its bytes from there."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from embedbench.data.images.decoding import ORIENTATIONS, with_orientation
from embedbench.errors import ImageError, InputError
from embedbench.io.paths import AnyPath, RemotePath, open_file

__all__ = [
    "MOST_BYTES",
    "RejectedImage",
    "RemoteImage",
    "RotatedImage",
    "Source",
    "content_hash",
    "is_elsewhere",
    "read_source",
    "read_verified",
    "remote_of",
    "source_hash",
]

MOST_BYTES = 10**9
"""A larger file is not read."""

_PART_BYTES = 1 << 20

Found = TypeVar("Found", str, bytes)


@dataclass(frozen=True)
class RemoteImage:
    """An image at an http(s) address; `embedbench.data.download.download_missing` brings it.

    Attributes:
        url: where it is; what is no http(s) address is listed as a failure when it is fetched.
        file: where it is to be kept; None for a place among the downloads.
        md5: the MD5 of the file, in hex, where it is known.
    """

    url: str
    file: AnyPath | None = None
    md5: str | None = None


@dataclass(frozen=True)
class RejectedImage:
    """An image that is listed as a failure, and never read.

    Attributes:
        reason: why.
    """

    reason: str


@dataclass(frozen=True)
class RotatedImage:
    """An image that lies on its side or on its head, and whose file does not say so.

    Attributes:
        source: where it is.
        degrees: by how many it must be turned counter-clockwise to stand upright: 90, 180 or 270.
    """

    source: AnyPath | RemoteImage | RejectedImage
    degrees: int

    def __post_init__(self) -> None:
        if self.degrees not in ORIENTATIONS:
            raise InputError(f"`degrees` must be 90, 180 or 270; not {self.degrees}")


Source = Path | RemotePath | bytes | RemoteImage | RejectedImage | RotatedImage
"""Where an image is: a file here or elsewhere, its bytes, or what is to be turned upright."""


def read_source(source: Source) -> bytes:
    """Return the bytes of an image's file; of one that is turned, with its EXIF orientation put in.

    Raises:
        ImageError: the file cannot be read or is too large, or is not on this machine.
    """
    if isinstance(source, bytes):
        return source
    if isinstance(source, RotatedImage):
        return with_orientation(read_source(source.source), source.degrees)
    if isinstance(source, RemoteImage):
        raise ImageError("not downloaded")
    if isinstance(source, RejectedImage):
        raise ImageError(source.reason)
    with _errors_in_words():
        if isinstance(source, RemotePath):
            content = source.read_bytes(MOST_BYTES + 1)
        else:
            with open_file(source) as file:
                size = os.fstat(file.fileno()).st_size
                content = file.read(min(size, MOST_BYTES) + 1)
    return _not_too_large(content, len(content))


def read_verified(source: Source, key: str) -> bytes:
    """Return what `read_source` returns, if it still is what it was when its hash was taken.

    Raises:
        ImageError: it is not, or as `read_source` does.
    """
    content = read_source(source)
    if content_hash(content) != key:
        raise ImageError("was changed while the run went on; the next run takes it as it is")
    return content


def source_hash(source: Source) -> str:
    """Return the `content_hash` of what `read_source` returns; a file here is never held whole.

    Raises:
        ImageError: as `read_source` does.
    """
    if not isinstance(source, Path):
        return content_hash(read_source(source))
    with _errors_in_words(), open_file(source) as file:
        found = hashlib.sha256()
        while (part := file.read(_PART_BYTES)) and file.tell() <= MOST_BYTES:
            found.update(part)
        return _not_too_large(found.hexdigest(), file.tell())


@contextmanager
def _errors_in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror or error}") from error
    except ImageError:
        raise
    except ValueError as error:  # a path that no file can have
        raise ImageError(f"cannot be read: {error}") from error


def _not_too_large(found: Found, size: int) -> Found:
    if size > MOST_BYTES:
        raise ImageError(f"larger than {MOST_BYTES // 10**6:,} MB")
    return found


def content_hash(content: bytes) -> str:
    """Return the SHA-256 of an image file's bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def remote_of(source: Source) -> RemoteImage | None:
    """Return what must be fetched for a source, if anything."""
    inner = source.source if isinstance(source, RotatedImage) else source
    return inner if isinstance(inner, RemoteImage) else None


def is_elsewhere(source: Source) -> bool:
    """Return whether a source is at an address."""
    return isinstance(source.source if isinstance(source, RotatedImage) else source, RemotePath)
