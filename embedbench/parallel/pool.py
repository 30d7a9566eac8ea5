"""Worker processes: fresh, with one math thread each, and never the parent's standard output.

The processes are loky's: they need no `if __name__ == "__main__"` in the caller's script, take
classes that were written in a notebook, and one that dies raises instead of hanging. Ctrl-C is
the parent's to hear, and none of them outlives it.
"""

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from loky.process_executor import BrokenProcessPool, ProcessPoolExecutor, TerminatedWorkerError

from embedbench.errors import EncoderError
from embedbench.parallel.lifetime import DeadWorkerMonitor, sigint_blocked
from embedbench.parallel.worker_init import start
from embedbench.utils.messages import one_line
from embedbench.utils.offline import is_forbidden

__all__ = [
    "Item",
    "KEEPS_BLOCKS",
    "NoAnswer",
    "PATIENCE",
    "Pool",
    "WorkerDied",
    "map_unordered",
    "no_answer",
    "thread_limits",
]

Item = TypeVar("Item")
Result = TypeVar("Result")

_THREADS = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMEXPR")
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TOKENIZERS_PARALLELISM": "false"}

_LASTING = {"LOKY_MAX_MEMORY_LEAK_SIZE": "1e18"}
"""loky takes 300 MB more than after the first call for a leak, and starts the process anew, without
the model that was loaded. A batch of large images takes as much."""

KEEPS_BLOCKS = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1)}
"""Left alone, glibc gives large blocks back as soon as they are free, and fetches them anew for the
next batch, page by page: a fifth of the time of small convolutional networks."""

PATIENCE = 900.0
"""Seconds: loading a model may fetch it first, and compiling one takes minutes."""

_MOST_DEATHS = 3

_GRACE = 5.0
"""Seconds for a process to end when it is told to."""

_LONGEST_LOG = 50_000_000
"""Bytes; of what workers print, no more is kept."""


class NoAnswer(EncoderError):
    """A worker process lives, and says nothing for too long."""


class WorkerDied(EncoderError):
    """A worker process ended without an answer: killed, out of memory, a crash in a library."""


def no_answer(patience: float | None) -> NoAnswer:
    """Return the error that says that there was no answer for so many seconds."""
    return NoAnswer(f"no answer from its process for {patience:g} seconds")


def thread_limits(threads: int) -> dict[str, str]:
    """Return variables that keep the math libraries of a process to so many threads."""
    names = [f"{name}_NUM_THREADS" for name in _THREADS]
    names += ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"]
    return dict.fromkeys(names, str(threads))


class Pool:
    """Worker processes; leaving the context ends them.

    Args:
        workers: how many.
        environment: variables set in the workers before anything is imported.
        prepare: called once in each worker with `arguments`, before its first task.
        patience: seconds without any result after which the workers are given up; None to wait
            for as long as they live. The start of a process takes what it takes.

    Attributes:
        ended: why one of the processes was ended; empty if none was.
    """

    def __init__(
        self,
        workers: int,
        environment: dict[str, str] | None = None,
        prepare: Callable[..., None] | None = None,
        arguments: tuple[Any, ...] = (),
        patience: float | None = PATIENCE,
    ) -> None:
        self.workers = workers
        self.patience = patience
        self.ended = ""
        self._log = tempfile.NamedTemporaryFile(prefix="embedbench-", suffix=".log")  # noqa: SIM115
        self._environment = thread_limits(1) | _QUIET | _LASTING | (environment or {})
        self._prepare = (prepare, arguments)
        self._open()

    def _open(self) -> None:
        self._executor = ProcessPoolExecutor(
            max_workers=self.workers,
            initializer=start,
            initargs=(os.getpid(), self._log.name, is_forbidden(), *self._prepare),
            env=self._environment,
        )
        self._watch = DeadWorkerMonitor(self._executor)
        self._is_started = False

    def _close(self, kill: bool) -> None:
        _end(self._executor, kill)
        self._watch.over.set()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *error: Any) -> None:
        self._close(kill=error[0] is not None)
        self._log.close()

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of one call in a worker, which has started before it is waited for."""
        if not self._is_started:
            self._wait_for(self.submit(os.getpid), self.patience and max(self.patience, PATIENCE))
            self._is_started = True
        return self.result(self.submit(function, *arguments))

    def submit(self, function: Callable[..., Result], *arguments: Any) -> "Future[Result]":
        """Start one call in a worker.

        Raises:
            WorkerDied: one did, of an earlier call.
        """
        try:
            with sigint_blocked():
                future: Future[Result] = self._executor.submit(function, *arguments)
        except TerminatedWorkerError as error:
            raise self._died(error) from error
        return future

    def gather(self, calls: Sequence[tuple[Any, ...]], tick: Callable[[int], object]) -> list[Any]:
        """Return the results of calls, (function, argument ...), in their order.

        Where a worker dies, half as many make the calls again that have no answer.

        Args:
            calls: what to call.
            tick: called with 1 whenever a result is there.

        Raises:
            WorkerDied: workers died again and again.
        """
        results: dict[int, Any] = {}
        for deaths in range(_MOST_DEATHS + 1):
            waiting = [number for number in range(len(calls)) if number not in results]
            try:
                self._gather(calls, waiting, results, tick)
                break
            except WorkerDied as error:
                if deaths == _MOST_DEATHS:
                    raise WorkerDied(
                        f"worker processes died {deaths + 1} times, the last: {error}; was there "
                        "too little memory? `--memory` sets how much they take"
                    ) from error
                self._close(kill=True)
                self.workers = max(1, self.workers // 2)
                self._open()
        return [results[number] for number in range(len(calls))]

    def _gather(
        self,
        calls: Sequence[tuple[Any, ...]],
        numbers: Sequence[int],
        results: dict[int, Any],
        tick: Callable[[int], object],
    ) -> None:
        """Make these calls, and fill in their results, also of those done before a worker died."""
        futures = {number: self.submit(*calls[number]) for number in numbers}
        for future in futures.values():
            future.add_done_callback(lambda done: tick(1) if _has_result(done) else None)
        try:
            for number, future in futures.items():
                results[number] = self.result(future)
        except WorkerDied:
            done = {number: future for number, future in futures.items() if _has_result(future)}
            results.update({number: future.result() for number, future in done.items()})
            raise

    def result(self, future: "Future[Result]") -> Result:
        """Return the result of a call, or raise what it raised.

        Raises:
            WorkerDied: the worker did.
            NoAnswer: it did not answer for too long.
        """
        return self._wait_for(future, self.patience)

    def _wait_for(self, future: "Future[Result]", patience: float | None) -> Result:
        try:
            return future.result(patience)
        except TimeoutError as error:
            raise no_answer(patience) from error
        except BrokenProcessPool as error:
            if self._watch.ended or isinstance(error, TerminatedWorkerError):
                raise self._died(error) from error
            raise

    def _died(self, error: BrokenProcessPool) -> WorkerDied:
        if self.ended:
            return WorkerDied(f"its process was ended: {self.ended}")
        return WorkerDied(f"its process died{self._last_words(str(error))}")

    def processes(self) -> list[int]:
        """Return the numbers of the processes that run."""
        return list(self._executor._processes or ())

    def trim(self) -> None:
        """Empty the log of what is printed where it grows large."""
        if Path(self._log.name).stat().st_size > _LONGEST_LOG:
            os.truncate(self._log.name, 0)

    def _last_words(self, told: str) -> str:
        """Return what killed a process, if a signal did, or else what it printed last.

        After a signal that is but a traceback of the interpreter's.
        """
        if signal := re.search(r"\bSIG[A-Z]+", told):
            return f" of {signal[0]}"
        with open(self._log.name, "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 10_000))
            lines = log.read().decode(errors="replace").strip().splitlines()
        return f"; its last line was: {one_line(lines[-1])[:200]}" if lines else ", without a word"


def _end(executor: ProcessPoolExecutor, kill: bool) -> None:
    """End the processes; one that does not end when told to, for threads run on, is killed."""
    processes = list(executor._processes or ())
    ending = executor._executor_manager_thread
    executor.shutdown(wait=kill, kill_workers=kill)
    if ending is None or kill:
        return
    ending.join(_GRACE)
    if ending.is_alive():
        import psutil  # the command line has no need of it

        for one in processes:
            with suppress(psutil.Error):
                psutil.Process(one).kill()
        ending.join()


def map_unordered(
    pools: Sequence[Pool], function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Yield the function's results as they come, from whichever pool is free.

    Raises:
        WorkerDied: a worker did; what was running is lost.
        NoAnswer: none answered for too long.
    """
    waiting = iter(items)
    running: dict[Future[Result], Pool] = {}
    while True:
        for pool in pools:
            room = 2 * pool.workers - sum(owner is pool for owner in running.values())
            for item in islice(waiting, room):
                running[pool.submit(function, item)] = pool
        if not running:
            return
        done, _ = wait(running, pools[0].patience, FIRST_COMPLETED)
        if not done:
            raise no_answer(pools[0].patience)
        for future in done:
            yield running.pop(future).result(future)


def _has_result(future: "Future[Any]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
