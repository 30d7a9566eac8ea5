"""Places that exports are written to: new ones, whole or not there at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path

from embedbench.errors import InputError
from embedbench.io.atomic import open_atomic
from embedbench.utils.messages import system_reason

__all__ = ["new_file", "new_folder"]


@contextmanager
def new_folder(out: str | None) -> Iterator[Path]:
    """Give a folder to fill, which is put to its place at the end; if that fails, there is none.

    Args:
        out: the place; it must be empty, or not there yet.

    Raises:
        InputError: it was not named, holds something, or cannot be written.
    """
    place = _place(out, "folder")
    try:
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
        if os.path.lexists(place):
            raise InputError(f"cannot write '{out}': it is there already; name a new folder")
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        try:
            unfinished.chmod(0o777 & ~_umask())
            yield unfinished
            unfinished.rename(place)
        except BaseException:  # also KeyboardInterrupt
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    except OSError as error:
        raise InputError(f"cannot write '{out}': {system_reason(error)}") from error


@contextmanager
def new_file(out: str | None, suffix: str) -> Iterator[BufferedWriter]:
    """Give a file to write, which is put to its place at the end; if that fails, there is none.

    Args:
        out: the place, which must not be there yet.
        suffix: its ending, such as `.parquet`.

    Raises:
        InputError: it was not named, has another ending, is there, or cannot be written.
    """
    place = _place(out, "file")
    if place.suffix.lower() != suffix:
        raise InputError(f"`out` must be a {suffix} file; not '{out}'")
    if os.path.lexists(place):
        raise InputError(f"cannot write '{out}': it is there already; name a new file")
    try:
        with open_atomic(place) as file:
            yield file
    except OSError as error:
        raise InputError(f"cannot write '{out}': {system_reason(error)}") from error


def _place(out: str | None, kind: str) -> Path:
    if not out or "\0" in out:
        raise InputError(f"the {kind} to write is missing: --out {kind.upper()}")
    return Path(os.path.abspath(out))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
