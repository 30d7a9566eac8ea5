"""Sources of images: files, addresses, bytes or parts of files; reading and hashing one image."""

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from embedbench.data.images.deep.raster import Rendering
from embedbench.data.images.deep.reading import plain_content
from embedbench.data.images.orientation import ORIENTATIONS, with_orientation
from embedbench.errors import ImageError, InputError
from embedbench.io.paths import AnyPath, RemotePath, open_file
from embedbench.utils.messages import system_reason

__all__ = [
    "MOST_BYTES",
    "PackedImage",
    "RejectedImage",
    "RemoteImage",
    "RenderedImage",
    "RotatedImage",
    "Source",
    "content_hash",
    "first_bytes",
    "is_elsewhere",
    "place_of",
    "read_source",
    "read_verified",
    "remote_of",
    "source_hash",
]

MOST_BYTES = 10**9
"""Maximum size of an image file, in bytes."""

_PART_BYTES = 1 << 20

_RENDERING_VERSION = 1
"""Increase it when images are drawn with other pixels: the store must not mix the two."""

Result = TypeVar("Result", str, bytes)


@dataclass(frozen=True)
class RemoteImage:
    """An image at an http(s) address, for `embedbench.data.downloads.download.download_missing`.

    Attributes:
        url: address of the image; a URL that is not http(s) becomes a failure of the download.
        file: file of the download; None for one in the folder of downloads.
        md5: MD5 of the file, in hex; None if unknown.
    """

    url: str
    file: AnyPath | None = None
    md5: str | None = None


@dataclass(frozen=True)
class RejectedImage:
    """An image that is never read, and listed as a failure.

    Attributes:
        reason: reason of the failure.
    """

    reason: str


@dataclass(frozen=True)
class RotatedImage:
    """An image that is not upright, and whose file has no orientation.

    Attributes:
        source: source of the image.
        degrees: counter-clockwise rotation that turns it upright: 90, 180 or 270.
    """

    source: AnyPath | RemoteImage | RejectedImage
    degrees: int

    def __post_init__(self) -> None:
        if self.degrees not in ORIENTATIONS:
            raise InputError(f"`degrees` must be 90, 180 or 270; not {self.degrees}")


class PackedImage(ABC):
    """An image that is a part of another file or an object of Python, and reads itself.

    It travels to workers, so that it names its file rather than holding it.
    """

    @abstractmethod
    def read(self, most: int) -> bytes:
        """Return the bytes of the image file; the first `most` bytes if it is larger.

        Raises:
            ImageError: they cannot be read.
            OSError: the file that holds them cannot be read.
        """

    @property
    def is_elsewhere(self) -> bool:
        """Whether its bytes are at an address."""
        return False

    @property
    def known_size(self) -> int | None:
        """The size of its file in bytes, where that is known without reading it."""
        return None


@dataclass(frozen=True)
class RenderedImage:
    """An image that is drawn in 8 bits, as its data set asks for.

    Attributes:
        source: source of the image.
        rendering: how it is drawn.
    """

    source: AnyPath | bytes | PackedImage
    rendering: Rendering

    def key_of(self, key: str) -> str:
        """Return the hash of the drawn image, from that of its file."""
        text = f"rendered\0{_RENDERING_VERSION}\0{self.rendering!r}\0{key}"
        return hashlib.sha256(text.encode()).hexdigest()


Source = (
    Path
    | RemotePath
    | bytes
    | RemoteImage
    | RejectedImage
    | RotatedImage
    | PackedImage
    | RenderedImage
)
"""A local or remote file, bytes, an image to download, to turn upright or to draw in 8 bits, a
rejected image, or an image that reads itself."""


def read_source(source: Source) -> bytes:
    """Return the bytes of an image file.

    A RotatedImage gets an EXIF orientation, a RenderedImage becomes a file of 8 bits.

    Raises:
        ImageError: the file cannot be read, is too large, or has not been downloaded.
    """
    if isinstance(source, bytes):
        return source
    if isinstance(source, RenderedImage):
        return plain_content(read_source(source.source), source.rendering)
    if isinstance(source, RotatedImage):
        return with_orientation(read_source(source.source), source.degrees)
    if isinstance(source, RemoteImage):
        raise ImageError("not downloaded")
    if isinstance(source, RejectedImage):
        raise ImageError(source.reason)
    with _errors_in_words():
        if isinstance(source, RemotePath):
            content = source.read_bytes(MOST_BYTES + 1)
        elif isinstance(source, PackedImage):
            content = source.read(MOST_BYTES + 1)
        else:
            with open_file(source) as file:
                size = os.fstat(file.fileno()).st_size
                content = file.read(min(size, MOST_BYTES) + 1)
    return _not_too_large(content, len(content))


def first_bytes(source: Source, count: int) -> bytes:
    """Return the first bytes of a source; nothing if it cannot be read, or is not a file as it is.

    Args:
        source: the source; of one that is turned, drawn or to download there are none.
        count: number of bytes; a shorter file gives all that it has.
    """
    try:
        if isinstance(source, bytes):
            return source[:count]
        if isinstance(source, RemotePath):
            return source.read_bytes(count)
        if isinstance(source, PackedImage):
            return source.read(count)
        if isinstance(source, Path):
            with open_file(source) as file:
                return file.read(count)
    except (OSError, ValueError):  # an ImageError is a ValueError; the scan lists it
        return b""
    return b""


def read_verified(source: Source, key: str) -> bytes:
    """Return the bytes of an image file, which must still have the hash `key`.

    Raises:
        ImageError: the file has changed, or as in `read_source`.
    """
    if isinstance(source, RenderedImage):
        content = read_source(source.source)
        found = source.key_of(content_hash(content))
    else:
        content = read_source(source)
        found = content_hash(content)
    if found != key:
        raise ImageError("was changed during the run; the next run uses the new file")
    if isinstance(source, RenderedImage):
        return plain_content(content, source.rendering)
    return content


def source_hash(source: Source) -> str:
    """Return the `content_hash` of a source; a local file is read in parts.

    That of a RenderedImage is made of its file's and of how it is drawn, without drawing it.

    Raises:
        ImageError: as in `read_source`.
    """
    if isinstance(source, RenderedImage):
        return source.key_of(source_hash(source.source))
    if not isinstance(source, Path):
        return content_hash(read_source(source))
    with _errors_in_words(), open_file(source) as file:
        digest = hashlib.sha256()
        while (part := file.read(_PART_BYTES)) and file.tell() <= MOST_BYTES:
            digest.update(part)
        return _not_too_large(digest.hexdigest(), file.tell())


@contextmanager
def _errors_in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ImageError(f"cannot be read: {system_reason(error)}") from error
    except ImageError:
        raise
    except ValueError as error:  # an invalid path
        raise ImageError(f"cannot be read: {error}") from error


def _not_too_large(result: Result, size: int) -> Result:
    if size > MOST_BYTES:
        raise ImageError(f"larger than {MOST_BYTES // 10**6:,} MB")
    return result


def content_hash(content: bytes) -> str:
    """Return the SHA-256 of an image file's bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def place_of(source: Source) -> Source:
    """Return the source of an image that is turned or drawn; else the source itself."""
    return source.source if isinstance(source, RotatedImage | RenderedImage) else source


def remote_of(source: Source) -> RemoteImage | None:
    """Return the image to download for a source; None if there is none."""
    inner = place_of(source)
    return inner if isinstance(inner, RemoteImage) else None


def is_elsewhere(source: Source) -> bool:
    """Return whether a source is at a remote path, such as in a bucket."""
    inner = place_of(source)
    return inner.is_elsewhere if isinstance(inner, PackedImage) else isinstance(inner, RemotePath)
