"""Pools of worker processes, with one math thread each and without the parent's standard output.

The processes are loky's: the caller's script needs no `if __name__ == "__main__"`, classes may be
defined in a notebook, and a worker that dies raises an error instead of hanging. Workers ignore
Ctrl-C and exit with their parent.
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
from embedbench.parallel.activity import result_while_active
from embedbench.parallel.lifetime import DeadWorkerMonitor, end_executor, sigint_blocked
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
"""Disables loky's leak detection: it restarts a process, and loses the loaded model, that uses
300 MB more than after its first call. A batch of large images needs as much."""

KEEPS_BLOCKS = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1)}
"""Makes glibc keep large free blocks. By default it returns them to the system and maps them again
for the next batch, page by page, which is a fifth of the time of small convolutional networks."""

PATIENCE = 900.0
"""Default time limit for a result, in seconds; downloading or compiling a model takes minutes."""

_MOST_DEATHS = 3

_GRACE = 0.1
"""Seconds that an idle process has to exit before it is killed: its libraries take longer."""

_LONGEST_LOG = 50_000_000  # bytes


class NoAnswer(EncoderError):
    """A worker process is alive but returns no result in time."""


class WorkerDied(EncoderError):
    """A worker process ended without a result: killed, out of memory, or a crash in a library."""


def no_answer(patience: float | None) -> NoAnswer:
    """Return the error of a worker that gave no result for `patience` seconds."""
    return NoAnswer(f"no answer from its process for {patience:g} seconds")


def thread_limits(threads: int) -> dict[str, str]:
    """Return environment variables that limit the threads of a process's math libraries."""
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
        self._starting: Future[int] | None = None

    def _close(self, kill: bool) -> None:
        end_executor(self._executor, kill, _GRACE)
        self._watch.over.set()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *error: Any) -> None:
        self._close(kill=error[0] is not None)
        self._log.close()

    def call(
        self,
        function: Callable[..., Result],
        *arguments: Any,
        tick: Callable[[int], object] | None = None,
    ) -> Result:
        """Return the result of one call in a worker; the time limit starts when the worker runs.

        Args:
            function: the call.
            arguments: of the call.
            tick: called with the number of bytes that the worker wrote since the last time; then
                the time limit starts anew.
        """
        return self.result(self.begin(function, *arguments), tick)

    def begin(self, function: Callable[..., Result], *arguments: Any) -> "Future[Result]":
        """Start one call in a worker that may still have to start, which takes what it takes."""
        self._starting = self._starting or self.submit(os.getpid)
        return self.submit(function, *arguments)

    def submit(self, function: Callable[..., Result], *arguments: Any) -> "Future[Result]":
        """Start one call in a worker.

        Raises:
            WorkerDied: a worker died during an earlier call.
        """
        try:
            with sigint_blocked():
                future: Future[Result] = self._executor.submit(function, *arguments)
        except TerminatedWorkerError as error:
            raise self._died(error) from error
        return future

    def gather(self, calls: Sequence[tuple[Any, ...]], tick: Callable[[int], object]) -> list[Any]:
        """Return the results of calls, in their order.

        If a worker dies, half the number of workers repeat the calls that have no result.

        Args:
            calls: tuples (function, argument ...).
            tick: called with 1 after each result.

        Raises:
            WorkerDied: workers died repeatedly.
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
                        f"worker processes died {deaths + 1} times, the last: {error}; is there "
                        "too little memory? `--memory` sets how much they use"
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
        """Make these calls and store their results, also those completed before a worker died."""
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

    def result(
        self, future: "Future[Result]", tick: Callable[[int], object] | None = None
    ) -> Result:
        """Return the result of a call, or raise its exception, or WorkerDied, or NoAnswer."""
        if self._starting is not None:
            self._wait_for(self._starting, self.patience and max(self.patience, PATIENCE))
        return self._wait_for(future, self.patience, tick)

    def _wait_for(
        self,
        future: "Future[Result]",
        patience: float | None,
        tick: Callable[[int], object] | None = None,
    ) -> Result:
        try:
            if tick is not None:
                return result_while_active(future, self.processes, patience, tick)
            return future.result(patience)
        except TimeoutError as error:
            if future.done():  # the call's own, or the result came at the last moment
                return future.result()
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
        """Return the process IDs of the workers."""
        return list(self._executor._processes or ())

    def trim(self) -> None:
        """Empty the log if it is too large; a closed pool has none."""
        with suppress(FileNotFoundError):
            if Path(self._log.name).stat().st_size > _LONGEST_LOG:
                os.truncate(self._log.name, 0)

    def _last_words(self, message: str) -> str:
        """Return the signal that killed a process, or else the last line that it printed.

        After a signal the last line is only part of the interpreter's traceback.
        """
        if signal := re.search(r"\bSIG[A-Z]+", message):
            return f" of {signal[0]}"
        with open(self._log.name, "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 10_000))
            lines = log.read().decode(errors="replace").strip().splitlines()
        return f"; its last line was: {one_line(lines[-1])[:200]}" if lines else ", without output"


def map_unordered(
    pools: Sequence[Pool], function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Yield the function's results in the order of completion, from several pools.

    Raises:
        WorkerDied: a worker died; the results of running calls are lost.
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
