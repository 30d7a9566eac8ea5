"""Files that are written whole or not at all, whoever else writes or dies meanwhile."""

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
"""Nobody takes so long to write a file: whoever began it was killed."""


def write_atomic(place: AnyPath, content: bytes) -> None:
    """Write a file whole or not at all; its folder is made.

    At an address it is one object, which its server keeps whole or not at all.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    if isinstance(place, RemotePath):
        place.write_bytes(content)
        return
    with open_atomic(place) as file:
        file.write(content)


@contextmanager
def open_atomic(place: Path) -> Iterator[BufferedWriter]:
    """Give a file to write to, under another name, which then is renamed; its folder is made.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    unfinished = place.with_name(f".{place.name}.{uuid.uuid4().hex}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # or a machine that loses its power may keep the name alone
        os.replace(unfinished, place)
    except BaseException:  # also where it is stopped
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def remove_stale(folder: AnyPath) -> None:
    """Remove unfinished files that processes left in a folder on this machine when killed."""
    if isinstance(folder, RemotePath):
        return
    for place in folder.glob(".*"):
        with contextlib.suppress(OSError):  # somebody else was quicker
            if time.time() - place.stat().st_mtime > _FORGOTTEN_SECONDS:
                place.unlink()
