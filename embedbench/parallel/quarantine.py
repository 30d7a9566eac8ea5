"""Find the image that hangs its decoder or kills its worker, report it, continue with the rest.

Each image is opened under a timer, which kills the worker when it expires. When a worker dies,
the images that were in progress are repeated one by one: the image that kills a worker again is
guilty.
"""

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, TypeVar, runtime_checkable

from embedbench.errors import InputError
from embedbench.parallel.pool import Pool, WorkerDied, map_unordered

__all__ = [
    "Item",
    "RestartableWorkers",
    "image_seconds",
    "map_with_quarantine",
    "signals_of",
    "under_alarm",
]

Result = TypeVar("Result")
Item = tuple[str, Any]
"""The hash of an image, and its source."""

_SECONDS = "EMBEDBENCH_IMAGE_SECONDS"

_deadlines: dict[int, float] = {}
_lock = threading.Lock()


@runtime_checkable
class RestartableWorkers(Protocol):
    """Worker processes that can be restarted."""

    def start(self, wanted: int) -> Sequence[Pool]:
        """Return pools with `wanted` workers, or as many as allowed; start missing workers."""

    def end(self, error: WorkerDied) -> None:
        """End all workers after one has died."""


def image_seconds() -> float:
    """Return the time limit for opening and preparing one image, in seconds.

    Raises:
        InputError: the environment variable is not a number above 0.
    """
    text = os.environ.get(_SECONDS, "60")
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise InputError(f"{_SECONDS} must be a number of seconds above 0; not '{text}'")
    return seconds


@contextmanager
def under_alarm() -> Iterator[None]:
    """Kill this process if one image takes too long in this context; safe for several threads.

    The system's timer also interrupts a decoder that never returns to Python. Windows has no such
    timer, and no time limit.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return
    thread = threading.get_ident()
    with _lock:
        _deadlines[thread] = time.monotonic() + image_seconds()
        _set_alarm()
    try:
        yield
    finally:
        with _lock:
            del _deadlines[thread]
            _set_alarm()


def _set_alarm() -> None:
    """Arm the timer for the earliest deadline."""
    left = min(_deadlines.values()) - time.monotonic() if _deadlines else 0.0
    signal.setitimer(signal.ITIMER_REAL, max(left, 1e-3) if _deadlines else 0.0)


def map_with_quarantine(
    workers: RestartableWorkers,
    function: Callable[[list[Item]], Result],
    batches: Sequence[list[Item]],
    on_failure: Callable[[Item, str], Result],
    most_guilty: int | None = None,
) -> Iterator[Result]:
    """Yield the function's results in the order of completion.

    For a guilty image, yield the result of `on_failure`.

    Args:
        workers: the worker processes.
        function: called in a worker with a batch; with an empty batch it only initialises.
        batches: the images.
        on_failure: called with a guilty image and the reason.
        most_guilty: with this number of guilty images in a row, the images are not the cause.

    Raises:
        WorkerDied: a worker died without an image, or on `most_guilty` images in a row.
    """
    waiting = dict(enumerate(batches))
    in_a_row: list[Item] = []
    while waiting:
        taken: list[int] = []
        numbered = partial(_numbered, function)
        try:
            pools = workers.start(len(waiting))
            for number, result in map_unordered(pools, numbered, _noted(waiting, taken)):
                del waiting[number]
                in_a_row.clear()
                yield result
        except WorkerDied as error:
            workers.end(error)
            lost = [waiting.pop(number) for number in taken if number in waiting]
            # Sorted by hash, so that broken neighbours in a folder are not in a row.
            items = sorted((item for batch in lost for item in batch), key=lambda item: item[0])
            yield from _alone(workers, function, items, on_failure, most_guilty, in_a_row)


def _noted(waiting: dict[int, list[Item]], taken: list[int]) -> Iterator[tuple[int, list[Item]]]:
    for number, batch in list(waiting.items()):
        taken.append(number)
        yield number, batch


def _numbered(
    function: Callable[[list[Item]], Result], item: tuple[int, list[Item]]
) -> tuple[int, Result]:
    number, batch = item
    return number, function(batch)


def _alone(
    workers: RestartableWorkers,
    function: Callable[[list[Item]], Result],
    items: list[Item],
    on_failure: Callable[[Item, str], Result],
    most_guilty: int | None,
    in_a_row: list[Item],
) -> Iterator[Result]:
    """Process one image at a time, in a worker that has started successfully."""
    workers.start(1)[0].call(function, [])
    for item in items:
        try:
            result = workers.start(1)[0].call(function, [item])
            in_a_row.clear()
        except WorkerDied as error:
            workers.end(error)
            in_a_row.append(item)
            if len(in_a_row) == most_guilty:
                raise
            workers.start(1)[0].call(function, [])
            result = on_failure(item, _reason(error))
        yield result


def signals_of(error: WorkerDied) -> list[str]:
    """Return the names of the signals that killed the workers, such as SIGKILL."""
    return sorted(set(re.findall(r"SIG[A-Z]+", str(error.__cause__))))


def _reason(error: WorkerDied) -> str:
    signals = signals_of(error)
    if "SIGALRM" in signals:
        return f"took longer than {image_seconds():g} s"
    return "its process died on it" + (f" ({', '.join(signals)})" if signals else "")
