"""Atomic files: written completely or not at all, even with several writers or a crash."""

import contextlib
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path

from embedbench.io.paths import AnyPath, RemotePath

__all__ = ["open_atomic", "remove_stale", "write_atomic"]

_FORGOTTEN_SECONDS = 86_400.0
"""Age after which an unfinished file is removed: its writer was killed."""


def write_atomic(place: AnyPath, content: bytes) -> None:
    """Write a file atomically; create its folder.

    At an address the file is one object, which the server stores atomically.

    Raises:
        OSError: the file cannot be written; no partial file is left.
    """
    if isinstance(place, RemotePath):
        place.write_bytes(content)
        return
    with open_atomic(place) as file:
        file.write(content)


@contextmanager
def open_atomic(place: Path) -> Iterator[BufferedWriter]:
    """Open a temporary file for writing, which is renamed at the end; create its folder.

    Raises:
        OSError: the file cannot be written; no partial file is left.
    """
    unfinished = place.with_name(f".{place.name}.{uuid.uuid4().hex}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # else a power failure may leave an empty file
        os.replace(unfinished, place)
    except BaseException:  # also KeyboardInterrupt
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def remove_stale(folder: AnyPath) -> None:
    """Remove unfinished files of killed processes from a folder on this machine."""
    if isinstance(folder, RemotePath):
        return
    for file in folder.glob(".*"):
        with contextlib.suppress(OSError):  # another process may have removed it
            if time.time() - file.stat().st_mtime > _FORGOTTEN_SECONDS:
                file.unlink()
