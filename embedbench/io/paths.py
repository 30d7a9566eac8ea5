"""Paths of local and remote files; remote ones are accessed through pyarrow or fsspec.

`RemotePath` has the methods of `pathlib.Path` that embedbench needs, so that the store and the
images may be local or remote.
"""

import contextlib
import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from embedbench.errors import InputError
from embedbench.io.filesystems import BY_ARROW, FileSystem, file_system

__all__ = [
    "AnyPath",
    "HUB",
    "RemotePath",
    "check_offline",
    "files_below",
    "files_in",
    "folders_in",
    "is_remote_path",
    "open_file",
    "parse_path",
    "size_of",
]

Result = TypeVar("Result")

HUB = "hf:"
"""Start of the name of a dataset on the hub of Hugging Face."""

_PATIENCE = {"gs": "retry_limit_seconds=10", "gcs": "retry_limit_seconds=10"}
"""Default query of an address, which limits retries; S3 gives up after 6 seconds by itself."""

_BUFFER = 1 << 20
_SECRET = re.compile(r"secret|token|password|signature", re.IGNORECASE)


@dataclass(frozen=True)
class RemotePath:
    """A remote file or folder; its server is contacted only when it is read or written.

    Every method raises OSError with a short reason if the server does not answer or refuses, and
    FileNotFoundError if there is no such file.

    Attributes:
        system: address of the file system, such as `s3://bucket?region=eu-west-1`.
        path: path in the file system.
    """

    system: str
    path: str = ""

    def __truediv__(self, name: str) -> "RemotePath":
        return replace(self, path=f"{self.path}/{name}" if self.path else name)

    def __str__(self) -> str:
        return f"{self.system.partition('?')[0]}/{self.path}".rstrip("/")

    def as_posix(self) -> str:
        """Return the address as text, without its query."""
        return str(self)

    @property
    def parent(self) -> "RemotePath":
        """The parent folder."""
        return replace(self, path=self.path.rpartition("/")[0])

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The file extension, including the dot."""
        return PurePosixPath(self.path).suffix

    def read_bytes(self, most: int | None = None) -> bytes:
        """Return the content of the file; at most the first `most` bytes if given."""

        def read(system: FileSystem) -> bytes:
            with system.arrow.open_input_stream(system.full(self.path), compression=None) as file:
                return bytes(file.read(most))

        return self._ask(read)

    def write_bytes(self, content: bytes) -> None:
        """Write the file; atomically in an object store."""

        def write(system: FileSystem) -> None:
            path = system.full(self.path)
            if not system.keeps_objects:
                system.arrow.create_dir(path.rpartition("/")[0], recursive=True)
            with system.arrow.open_output_stream(path, compression=None) as file:
                file.write(content)

        self._ask(write)

    def open(self) -> BufferedReader:
        """Open the file for reading."""

        def opened(system: FileSystem) -> BufferedReader:
            return BufferedReader(system.arrow.open_input_file(system.full(self.path)), _BUFFER)

        return self._ask(opened)

    def files(self, deep: bool = False) -> dict[str, int]:
        """Return the files in the folder, or also in its sub-folders: sizes in bytes by name."""

        def files(system: FileSystem) -> dict[str, int]:
            from pyarrow.fs import FileSelector, FileType

            path = system.full(self.path)
            entries = system.arrow.get_file_info(FileSelector(path, recursive=deep))
            return {
                entry.path[len(path) :].lstrip("/"): entry.size or 0
                for entry in entries
                if entry.type == FileType.File
            }

        return self._ask(files)

    def folders(self) -> list[str]:
        """Return the names of the sub-folders."""

        def folders(system: FileSystem) -> list[str]:
            from pyarrow.fs import FileSelector, FileType

            entries = system.arrow.get_file_info(FileSelector(system.full(self.path)))
            return [entry.base_name for entry in entries if entry.type == FileType.Directory]

        return self._ask(folders)

    def size(self) -> int:
        """Return the size of the file, in bytes."""

        def size(system: FileSystem) -> int:
            [entry] = system.arrow.get_file_info([system.full(self.path)])
            if entry.size is None:
                raise FileNotFoundError(self.path)
            return int(entry.size)

        return self._ask(size)

    def unlink(self) -> None:
        """Remove the file."""
        self._ask(lambda system: system.arrow.delete_file(system.full(self.path)))

    def _ask(self, question: "Callable[[FileSystem], Result]") -> Result:
        return file_system(self.system).answer(question)


AnyPath = Path | RemotePath
"""A local or remote path."""


def is_remote_path(text: str) -> bool:
    """Return whether a text starts with a scheme, such as `s3://`."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None


def parse_path(text: str | AnyPath) -> AnyPath:
    """Parse a path or an address; without a scheme, or with the scheme `file`, it is local.

    A `~` at the start of a path is the home folder, as in a shell.

    Raises:
        InputError: the address contains a secret or is invalid, or the path has a null character.
    """
    if not isinstance(text, str):
        return text
    if "\0" in text:
        raise InputError(f"no file or folder can be called {text!r}")
    if not is_remote_path(text):
        return Path(os.path.expanduser(text) if text == "~" or text.startswith("~/") else text)
    scheme, _, rest = text.partition("://")
    if scheme in ("file", "local"):
        try:
            return Path(unquote(urlsplit(text).path))
        except ValueError as error:
            raise InputError(f"not a valid address: '{text}'") from error
    query = ""
    if scheme in BY_ARROW:
        rest, _, query = rest.partition("?")
    host, _, path = rest.partition("/")
    if ":" in host.rpartition("@")[0] or _SECRET.search(query):
        raise InputError(
            f"an address must not hold a secret, as it is written into the report: take it out "
            f"of '{scheme}://...' and put it into the environment or your cloud's settings"
        )
    query = query or _PATIENCE.get(scheme, "")
    return RemotePath(f"{scheme}://{host}" + (f"?{query}" if query else ""), path.rstrip("/"))


def check_offline(offline: bool, named: Iterable[object]) -> None:
    """Raise InputError if offline and one of the named sources is remote."""
    for name in named if offline else ():
        if isinstance(name, str) and name.startswith(HUB):
            raise InputError(f"'{name}' is on the hub of Hugging Face, and offline")
        if isinstance(name, str) and isinstance(parse_path(name), RemotePath):
            raise InputError(f"'{parse_path(name)}' is not on this machine, and offline")


def files_below(folder: AnyPath) -> Iterator[str]:
    """Yield the relative paths of all files below a folder, with forward slashes."""
    if isinstance(folder, RemotePath):
        yield from folder.files(deep=True)
        return
    for root, _, files in os.walk(folder):
        for file in files:
            yield (Path(root) / file).relative_to(folder).as_posix()


def files_in(folder: AnyPath) -> dict[str, int]:
    """Return the files in a folder: sizes in bytes by name."""
    if isinstance(folder, RemotePath):
        return folder.files()
    sizes = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                sizes[entry.name] = entry.stat().st_size
    return sizes


def folders_in(folder: AnyPath) -> list[str]:
    """Return the names of the sub-folders of a folder."""
    if isinstance(folder, RemotePath):
        return folder.folders()
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir()]


def size_of(file: AnyPath) -> int:
    """Return the size of a file, in bytes."""
    return file.size() if isinstance(file, RemotePath) else file.stat().st_size


def open_file(place: AnyPath) -> BufferedReader:
    """Open a regular file for reading.

    Raises:
        OSError: the file cannot be opened, or is a pipe or a device, which is never opened.
    """
    return (
        place.open() if isinstance(place, RemotePath) else open(place, "rb", opener=_open_regular)
    )


def _open_regular(name: str, flags: int) -> int:
    _check_regular(os.stat(name))
    descriptor = os.open(name, flags | getattr(os, "O_NONBLOCK", 0))
    try:
        _check_regular(os.fstat(descriptor))  # it may have been replaced since
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, a socket or a device"
        raise OSError(errno.EINVAL, f"it is {kind}, not a file")
