"""Worker processes that read images of unknown origin, with a memory limit each."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from embedbench.parallel.pool import Pool, WorkerDied

__all__ = ["ReadingWorkers"]

_MOST_BYTES = 4 * 10**9


@dataclass
class ReadingWorkers:
    """Worker processes with a memory limit each, for `map_with_quarantine`.

    Attributes:
        workers: their number, at most.
    """

    workers: int
    _pool: Pool | None = None

    def __enter__(self) -> "ReadingWorkers":
        return self

    def __exit__(self, *error: Any) -> None:
        if self._pool:
            self._pool.__exit__(*error)
        self._pool = None

    def start(self, wanted: int) -> list[Pool]:
        """Return the processes; start them if there are none."""
        self._pool = self._pool or Pool(min(self.workers, wanted), prepare=_limit_memory)
        return [self._pool]

    def end(self, error: WorkerDied) -> None:
        """End all processes after one has died."""
        self.__exit__(type(error), error, None)


def _limit_memory() -> None:
    """Limit the memory of this process: a MemoryError comes before the machine has none left."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return
    with suppress(OSError, ValueError):  # there is already a lower limit
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, _MOST_BYTES))
