"""Signs of life of worker processes: what they write, such as a model that they download."""

import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

__all__ = ["bytes_written", "result_while_active"]

Result = TypeVar("Result")

_SECONDS = 0.5
"""Interval between two looks."""

_LEAST = 1_000_000
"""Bytes that count as a sign of life; a log grows by less."""


def bytes_written(processes: Sequence[int]) -> int:
    """Return how many bytes processes have written to files; 0 where the system does not say."""
    import psutil  # not needed by the command line

    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error, AttributeError):
            counters = psutil.Process(process).io_counters()
            total += getattr(counters, "write_chars", counters.write_bytes)
    return total


def result_while_active(
    future: "Future[Result]",
    processes: Callable[[], Sequence[int]],
    patience: float | None,
    tick: Callable[[int], object],
) -> Result:
    """Return the result of a call; each megabyte that its process writes restarts the time limit.

    Args:
        future: the call.
        processes: returns the process IDs that may run it.
        patience: seconds without a sign of life; None for no limit.
        tick: called with the number of bytes since the last look, if they are a megabyte or more.

    Raises:
        TimeoutError: there was neither a result nor a sign of life in time.
    """
    before, since = bytes_written(processes()), time.monotonic()
    while True:
        with contextlib.suppress(TimeoutError):
            return future.result(_SECONDS if patience is None else min(_SECONDS, patience))
        if future.done():  # it may have come meanwhile; a call may also raise a TimeoutError
            return future.result()
        written = bytes_written(processes())
        if written - before >= _LEAST:
            tick(written - before)
            before, since = written, time.monotonic()
        elif patience is not None and time.monotonic() - since >= patience:
            raise TimeoutError
