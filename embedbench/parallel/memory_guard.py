"""Memory guard: kill a worker process that uses too much memory, before the machine swaps."""

import contextlib
import threading
from collections.abc import Sequence
from typing import Any

import psutil

from embedbench.parallel.pool import Pool

__all__ = ["MemoryGuard", "memory_of"]

_SECONDS = 0.1
"""Interval between two checks: a process can allocate a gigabyte in half a second."""


class MemoryGuard:
    """Checks the memory of worker processes in a thread, which stops when the context is left.

    Args:
        pools: pools of workers; the caller may add more.
        limit: memory limit of all workers together, in bytes.
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
        """Kill the largest process if all processes together exceed the limit."""
        for pool in self._pools:
            pool.trim()
        used = {(pool, pid): memory_of(pid) for pool in self._pools for pid in pool.processes()}
        if sum(used.values()) <= self._limit:
            return
        pool, largest = max(used, key=lambda key: used[key])
        total = f" of {sum(used.values()) / 1e9:.1f} GB" if len(used) > 1 else ""
        pool.ended = (
            f"it held {used[pool, largest] / 1e9:.1f} GB of memory{total}, and "
            f"{self._limit / 1e9:.1f} GB are allowed; `memory` allows more"
        )
        with contextlib.suppress(psutil.Error):
            psutil.Process(largest).kill()


def memory_of(process: int) -> int:
    """Return the memory of a process that is not shared, in bytes; 0 if it has ended."""
    try:
        memory = psutil.Process(process).memory_info()
    except psutil.Error:
        return 0
    return int(memory.rss - getattr(memory, "shared", 0))
