"""Watching over worker processes: one that takes too much memory is ended, before it is swapped."""

import contextlib
import threading
from collections.abc import Sequence
from typing import Any

import psutil

from embedbench.parallel.pool import Pool

__all__ = ["MemoryGuard", "memory_of"]

_SECONDS = 0.1
"""Between two looks: what fills memory fills a gigabyte in about half a second."""


class MemoryGuard:
    """Looks at worker processes from a thread; leaving the context ends it.

    Args:
        pools: of worker processes; others may be added.
        limit: bytes that all of them may hold together.
    """

    def __init__(self, pools: Sequence[Pool], limit: int) -> None:
        self._pools = pools
        self._limit = limit
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_again, daemon=True)

    def __enter__(self) -> "MemoryGuard":
        self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._over.set()
        self._thread.join()

    def _look_again(self) -> None:
        while not self._over.wait(_SECONDS):
            self._look()

    def _look(self) -> None:
        """End the process that holds the most, if all hold too much."""
        for pool in self._pools:
            pool.trim()
        held = {(pool, one): memory_of(one) for pool in self._pools for one in pool.processes()}
        if sum(held.values()) <= self._limit:
            return
        pool, largest = max(held, key=lambda one: held[one])
        others = f" of {sum(held.values()) / 1e9:.1f} GB" if len(held) > 1 else ""
        pool.ended = (
            f"it held {held[pool, largest] / 1e9:.1f} GB of memory{others}, and "
            f"{self._limit / 1e9:.1f} GB are allowed; `memory` allows more"
        )
        with contextlib.suppress(psutil.Error):
            psutil.Process(largest).kill()


def memory_of(process: int) -> int:
    """Return the bytes that a process holds for itself alone; 0 if it is gone."""
    try:
        found = psutil.Process(process).memory_info()
    except psutil.Error:
        return 0
    return int(found.rss - getattr(found, "shared", 0))
