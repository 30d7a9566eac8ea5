"""Files of remote images: where a download is kept, and whether it is already there."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from embedbench.data.dataset import Dataset
from embedbench.data.downloads.checks import md5_of
from embedbench.data.images.sources import RemoteImage, RotatedImage, Source, remote_of
from embedbench.errors import InputError
from embedbench.io.atomic import write_atomic
from embedbench.io.paths import AnyPath, size_of
from embedbench.utils.formats import has_image_suffix
from embedbench.utils.messages import system_reason

__all__ = ["image_with_md5", "in_place", "is_here", "keep", "remotes_of"]


def remotes_of(dataset: Dataset, folder: AnyPath) -> dict[str, RemoteImage]:
    """Return the remote images of a dataset by URL, each with its file.

    Images with the same URL share the first file and MD5 that one of them has; the default file
    is in the folder.
    """
    remotes: dict[str, RemoteImage] = {}
    for remote in filter(None, map(remote_of, dataset.sources)):
        first = remotes.setdefault(remote.url, remote)
        remotes[remote.url] = replace(
            first,
            file=first.file or folder / _name_of_file(remote.url),
            md5=first.md5 or remote.md5,
        )
    return remotes


def in_place(source: Source, remotes: Mapping[str, RemoteImage]) -> Source:
    """Return a source with the downloaded file instead of its remote image; keeps a rotation."""
    remote = remote_of(source)
    file = None if remote is None else remotes[remote.url].file
    if file is None:
        return source
    return replace(source, source=file) if isinstance(source, RotatedImage) else file


def is_here(remote: RemoteImage) -> bool:
    """Return whether the file of a remote image exists, with the right MD5 if known."""
    assert remote.file is not None
    try:
        if remote.md5 is None:
            return size_of(remote.file) > 0
        content = remote.file.read_bytes()
    except OSError:
        return False
    return md5_of(content) == remote.md5.lower()


def keep(remote: RemoteImage, content: bytes) -> None:
    """Write the file of a remote image atomically.

    Raises:
        InputError: the file cannot be written.
    """
    assert remote.file is not None
    try:
        write_atomic(remote.file, content)
    except OSError as error:
        raise InputError(f"cannot write '{remote.file}': {system_reason(error)}") from error


def _name_of_file(url: str) -> str:
    suffix = PurePosixPath(url.partition("?")[0].partition("#")[0]).suffix.lower()
    name = hashlib.sha256(url.encode()).hexdigest()
    file = f"{name}{suffix}"
    return file if has_image_suffix(file) else f"{name}.img"


def image_with_md5(url: str | None, md5: str | None, file: Path) -> RemoteImage:
    """Return the image at an address, with its MD5 to verify where a table has a valid one.

    Args:
        url: the address; None or empty if the table has none.
        md5: the MD5 of the file's bytes in Base64, as Open Images gives it.
        file: where the download is kept.
    """
    try:
        digest = base64.b64decode(md5 or "", validate=True).hex()
    except ValueError:
        digest = ""
    return RemoteImage((url or "").strip(), file, digest if len(digest) == 32 else None)
