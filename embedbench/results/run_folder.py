"""Where a run folder goes: taken by one run at a time, filled aside, then put there whole."""

import contextlib
import os
import shutil
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path

from embedbench.errors import InputError
from embedbench.utils.fingerprint import hash_file
from embedbench.utils.messages import system_reason

__all__ = ["OutFolder", "SUMS", "check_writable", "is_intact"]

SUMS = "SHA256SUMS"
"""The SHA-256 of each file of a run folder, as `sha256sum` writes and checks them."""


class OutFolder:
    """The place of a run folder, taken until the context is left.

    Beside it lies `.NAME.unfinished` meanwhile, with what is not yet whole. What a run that was
    killed left there is cleared away by the next one to the same place.

    Args:
        folder: an earlier run folder there will be replaced.

    Raises:
        InputError: on entering: it holds something else, cannot be written, or another run has it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        target = Path(os.path.abspath(folder))
        self._place = target
        self._aside = target.with_name(f".{target.name}.unfinished")
        self._new, self._old = self._aside / "new", self._aside / "old"
        self._lock: TextIOWrapper | None = None
        self._made: list[Path] = []

    def __enter__(self) -> "OutFolder":
        check_writable(self.folder)
        try:
            while self._lock is None:
                self._lock = self._take()
            self._put_back()
            shutil.rmtree(self._new, ignore_errors=True)
            shutil.rmtree(self._old, ignore_errors=True)
        except OSError as error:
            raise self._refusal(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        assert self._lock is not None
        shutil.rmtree(self._aside, ignore_errors=True)
        self._lock.close()
        # A run that failed leaves no empty folders.
        with contextlib.suppress(OSError):
            for folder in self._made:
                folder.rmdir()

    def fill(self, write: Callable[[Path], None]) -> None:
        """Put what `write` makes in a new folder in place of the earlier one: all, or nothing.

        Raises:
            InputError: it cannot be written; the earlier one is still there.
        """
        try:
            self._new.mkdir()
            write(self._new)
            _write_sums(self._new)
            if self._place.exists():
                self._place.rename(self._old)
            self._new.rename(self._place)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._put_back()
            raise self._refusal(error) from error

    def _take(self) -> TextIOWrapper | None:
        """Return the lock, which the system lets go of with the process; None to try again."""
        missing = [path for path in self._aside.parents if not path.exists()]
        self._made = self._made or missing
        self._aside.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack, contextlib.suppress(FileNotFoundError):
            lock = stack.enter_context((self._aside / "lock").open("a"))
            if not _lock(lock):
                raise InputError(
                    f"another run is writing to '{self.folder}': wait for it, or name another "
                    "folder"
                )
            if os.path.samestat(os.fstat(lock.fileno()), (self._aside / "lock").stat()):
                stack.pop_all()
                return lock
        return None  # the run that had it has just ended

    def _put_back(self) -> None:
        """For whoever was killed between taking the earlier folder away and putting the new one."""
        if self._old.exists() and not self._place.exists():
            self._old.rename(self._place)

    def _refusal(self, error: OSError) -> InputError:
        return InputError(f"cannot write '{self.folder}': {system_reason(error)}")


def is_intact(folder: Path) -> bool:
    """Return whether every file that was written into a run folder is there as it was written."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
        sums = [line.split("  ", 1) for line in lines]
        return bool(sums) and all(hash_file(folder / name) == digest for digest, name in sums)
    except (OSError, ValueError):
        return False


def _write_sums(folder: Path) -> None:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    lines = [f"{hash_file(file)}  {file.relative_to(folder).as_posix()}\n" for file in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def check_writable(folder: Path) -> None:
    """Raise InputError unless a run folder can be written there."""
    if "\0" in str(folder):
        raise InputError(f"no folder can be called {str(folder)!r}")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"cannot write '{folder}': it is a file")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "run.json").is_file():
        raise InputError(f"cannot write '{folder}': it holds something that is not a run")
    if folder.is_mount() or folder.absolute() == Path.cwd():
        raise InputError(
            f"cannot write '{folder}': it is in use and cannot be replaced; name a folder in it, "
            f"such as '{folder / 'run'}'"
        )
    parent = next(path for path in folder.absolute().parents if path.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise InputError(f"cannot write '{folder}': '{parent}' cannot be written to")


def _lock(file: TextIOWrapper) -> bool:
    """Lock a file, where the file system can; return False if another has done so."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks, as on some network shares: the last run to end stays
        return True
    return True
