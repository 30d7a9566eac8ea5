"""An encoder's crew: the worker processes on this machine that hold it and share its work."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

from embedbench.embedding.worker import Batch, Item, failed, load
from embedbench.embedding.worker_state import init_worker
from embedbench.encoder import Encoder
from embedbench.encoders.pickling import dumps
from embedbench.parallel.memory_guard import MemoryGuard
from embedbench.parallel.pool import KEEPS_BLOCKS, PATIENCE, Pool, WorkerDied, thread_limits
from embedbench.parallel.quarantine import map_with_quarantine, signals_of
from embedbench.utils.hardware import available, cores
from embedbench.utils.progress import Progress

__all__ = ["LocalWorkers", "MOST_GUILTY", "plan_workers"]

Result = TypeVar("Result")

_MEMORY_SHARE = 0.8
"""Of the memory that there is, so much is planned for."""

_MOST_MEMORY_SHARE = 0.9
"""At so much of it a process is ended."""

MOST_GUILTY = 3
"""An encoder that dies on so many images in a row is at fault itself."""


def plan_workers(
    processors: int, devices: int, on_cpu: bool, copy_mb: float, available_mb: float
) -> tuple[int, int]:
    """Return how many worker processes an encoder has, and how many math threads each.

    On a GPU one a device. On a CPU one a core with one thread each, which is the quickest; fewer
    with more threads each where so many copies of the model would not fit the memory.

    Args:
        processors: cores that may be used.
        devices: GPUs that may be used.
        on_cpu: whether the encoder runs on the CPU.
        copy_mb: the most memory that one process has held, in MB.
        available_mb: what all of them may have.
    """
    if not on_cpu:
        return devices, 1
    fitting = int(_MEMORY_SHARE * available_mb / max(copy_mb, 1))
    workers = max(1, min(processors, fitting))
    return workers, processors // workers


@dataclass
class LocalWorkers:
    """Worker processes on this machine; leaving the context ends them.

    Attributes:
        encoder: not yet loaded.
        offline: they may not use the network.
        environment: variables set in them.
        most: how many there are at most.
        progress: where it is told that one died.
        patience: seconds without any answer after which they are given up.
        memory: bytes that all of them may hold together; None for most of what is free.
    """

    encoder: Encoder
    offline: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    most: int = field(default_factory=cores)
    progress: Progress = field(default_factory=Progress)
    patience: float = PATIENCE
    memory: int | None = None
    writes: bool = False
    _pools: list[Pool] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _planned: tuple[int, int] = (1, 1)
    _devices: int = 0

    def __enter__(self) -> "LocalWorkers":
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    @property
    def workers(self) -> int:
        """How many there are once all are started."""
        return self._planned[0]

    def load(self) -> dict[str, Any]:
        """Load the encoder in one worker, and find out how many of it there can be."""
        free_mb = min(available(), self.memory or available()) / 1e6
        loaded = self.call(load)
        facts = loaded["facts"]
        on_cpu = facts["device"] == "cpu"
        self._devices = 0 if on_cpu else facts["devices"]
        self._planned = plan_workers(
            self.most, self._devices, on_cpu, float(loaded["peak_memory_mb"]), free_mb
        )
        if self._planned[1] > 1:
            self._end()  # the one that has loaded has a single thread
        return loaded

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of one call in a worker."""
        try:
            return self.start(1)[0].call(function, *arguments)
        except WorkerDied as error:
            self._end(error)
            raise

    def map(
        self, function: Callable[[list[Item]], Batch], batches: Sequence[list[Item]]
    ) -> Iterator[Batch]:
        """Yield the function's results as they come.

        An image on which a worker dies even if it is alone is a failure; see
        `parallel.quarantine`. If memory may have been too small, half as many workers go on.

        Raises:
            WorkerDied: on several images in a row.
        """
        return map_with_quarantine(self, function, batches, failed, MOST_GUILTY)

    def start(self, wanted: int) -> list[Pool]:
        """Start the processes that are missing: the first by itself, for it is needed first."""
        workers = min(self.workers, wanted)
        running = sum(pool.workers for pool in self._pools)
        if self._devices:
            for device in range(running, workers):
                self._add(1, {"CUDA_VISIBLE_DEVICES": str(device)} if self._devices > 1 else {})
        elif running < workers:
            self._add(workers - running, {})
        return self._pools

    def end(self, error: WorkerDied) -> None:
        """End them all, for one has died; if that was for want of memory, there will be fewer."""
        running = sum(pool.workers for pool in self._pools)
        self._end(error)
        if running > 1 and not {"SIGALRM", "SIGSEGV"}.intersection(signals_of(error)):
            workers = max(1, self.workers // 2)
            self._planned = (workers, self._planned[1])
            self.progress.say(f"a worker process ended: {error}; going on with {workers}")

    def _add(self, workers: int, environment: dict[str, str]) -> None:
        limits = thread_limits(self._planned[1])
        variables = limits | KEEPS_BLOCKS | self.environment | environment
        arguments = (dumps(self.encoder), self.offline)
        pool = Pool(workers, variables, init_worker, arguments, self.patience)
        self._pools.append(self._stack.enter_context(pool))
        if len(self._pools) == 1:
            limit = self.memory or int(_MOST_MEMORY_SHARE * available())
            self._stack.enter_context(MemoryGuard(self._pools, limit))

    def _end(self, error: WorkerDied | None = None) -> None:
        """End them: at once where one has died."""
        self._stack.__exit__(type(error) if error else None, error, None)
        self._pools, self._stack = [], ExitStack()
