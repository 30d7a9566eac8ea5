"""Remote file systems through pyarrow or fsspec; a server that stays silent is given up."""

import contextlib
import importlib
import threading
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, TypeVar

__all__ = ["BY_ARROW", "FileSystem", "file_system"]

Result = TypeVar("Result")

BY_ARROW = ("s3", "gs", "gcs", "hdfs", "viewfs", "abfs", "abfss")
"""Schemes that pyarrow supports; fsspec supports most others."""

_OBJECTS = ("s3", "gcs", "abfs")
"""pyarrow's names of object stores, which have no folders."""

_DEAD_AFTER = 8
"""Unanswered requests in a row after which this process gives a server up."""


class FileSystem:
    """The connection of this process to one remote file system."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._unanswered = 0
        self._lock = threading.Lock()

    def answer(self, question: "Callable[[FileSystem], Result]") -> Result:
        """Run a request on the file system; fail at once if the server has been given up.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: the server does not answer, or refuses.
        """
        if self._unanswered >= _DEAD_AFTER:
            raise OSError("its server does not answer")
        silent = False
        try:
            return question(self)
        except FileNotFoundError:
            raise
        except Exception as error:  # fsspec passes on the exceptions of its libraries
            silent = "NETWORK_CONNECTION" in str(error) or isinstance(error, ConnectionError)
            raise OSError(_in_words(error)) from error
        finally:
            self._unanswered = self._unanswered + 1 if silent else 0

    @property
    def arrow(self) -> Any:
        """The `pyarrow.fs.FileSystem`."""
        return self._connection[0]

    @property
    def keeps_objects(self) -> bool:
        """Whether it is an object store, without folders."""
        return self.arrow.type_name in _OBJECTS

    def full(self, path: str) -> str:
        """Return the full path in the file system of the path of an address."""
        base = self._connection[1].rstrip("/")
        return f"{base}/{path}".rstrip("/") if base else path

    @property
    def _connection(self) -> tuple[Any, str]:
        """The file system and the base path of the address; connected at first use."""
        with self._lock:
            return self._connected

    @cached_property
    def _connected(self) -> tuple[Any, str]:
        from pyarrow import fs

        if self._address.startswith(tuple(f"{scheme}://" for scheme in BY_ARROW)):
            with contextlib.suppress(NotImplementedError):  # a pyarrow built without this scheme
                return tuple(fs.FileSystem.from_uri(self._address))
        try:
            core = importlib.import_module("fsspec.core")
        except ModuleNotFoundError as error:
            raise ImportError(
                "it needs the library 'fsspec', which is not installed: pip install fsspec"
            ) from error
        system, base = core.url_to_fs(self._address)
        return fs.PyFileSystem(fs.FSSpecHandler(system)), base


@lru_cache(maxsize=64)
def file_system(address: str) -> FileSystem:
    """Return the file system of an address; one instance per address."""
    return FileSystem(address)


_WORDS = {
    "NO_SUCH_BUCKET": "there is no such bucket",
    "ACCESS_DENIED": "permission denied",
    "INVALID_ACCESS_KEY_ID": "the access key is not known",
    "SIGNATURE_DOES_NOT_MATCH": "the secret key is wrong",
    "NETWORK_CONNECTION": "its server does not answer",
    "OAuth2 access token": "there are no credentials, or their server does not answer",
}


def _in_words(error: Exception) -> str:
    """Return the reason of an error in one short line."""
    text = str(error)
    for sign, reason_text in _WORDS.items():
        if sign in text:
            return reason_text
    reason = error.strerror if isinstance(error, OSError) else None
    lines = (reason or text).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
