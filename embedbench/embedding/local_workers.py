"""The engine on this machine: the workers of an encoder are pools of processes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

from embedbench.embedding.engine import Engine
from embedbench.embedding.worker import Batch, Item, failed, load
from embedbench.embedding.worker_state import init_worker
from embedbench.encoder import Encoder
from embedbench.encoders.pickling import dumps
from embedbench.encoders.record import LoadedEncoder
from embedbench.parallel.memory_guard import MemoryGuard
from embedbench.parallel.pool import KEEPS_BLOCKS, Pool, WorkerDied, thread_limits
from embedbench.parallel.quarantine import map_with_quarantine, signals_of
from embedbench.utils.hardware import available

__all__ = ["LocalEngine", "LocalWorkers", "MOST_GUILTY", "plan_workers"]

Result = TypeVar("Result")

_MEMORY_SHARE = 0.8
"""Share of the free memory that the number of workers is planned for."""

_MOST_MEMORY_SHARE = 0.9
"""Share of the free memory at which a process is ended."""

MOST_GUILTY = 3
"""Images in a row on which an encoder may die before it is given up itself."""


def plan_workers(
    processors: int, devices: int, on_cpu: bool, copy_mb: float, available_mb: float
) -> tuple[int, int]:
    """Return how many worker processes an encoder has, and how many math threads each.

    One per GPU. On a CPU one per core with one thread, which is the quickest; fewer with more
    threads each where the memory does not hold a copy of the model per core.

    Args:
        processors: cores that may be used.
        devices: GPUs that may be used.
        on_cpu: whether the encoder runs on the CPU.
        copy_mb: the most memory that one process has held, in MB.
        available_mb: memory for all of them, in MB.
    """
    if not on_cpu:
        return devices, 1
    fitting = int(_MEMORY_SHARE * available_mb / max(copy_mb, 1))
    workers = max(1, min(processors, fitting))
    return workers, processors // workers


@dataclass(frozen=True)
class LocalEngine(Engine):
    """Encoders run in processes on this machine."""

    def start_workers(self, encoder: Encoder) -> "LocalWorkers":
        """Return a context manager for workers that hold this encoder; leaving it ends them."""
        return LocalWorkers(self, encoder)


@dataclass
class LocalWorkers:
    """Pools of processes on this machine that hold one encoder; leaving the context ends them.

    Attributes:
        engine: the limits of the workers, and what they may use.
        encoder: not yet loaded.
    """

    engine: Engine
    encoder: Encoder
    _pools: list[Pool] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _planned: tuple[int, int] = (1, 1)
    _devices: int = 0

    def __enter__(self) -> "LocalWorkers":
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    @property
    def count(self) -> int:
        """How many there are once all are started."""
        return self._planned[0]

    @property
    def writes(self) -> bool:
        """They send vectors to the caller, who writes them."""
        return False

    def load(self, tick: Callable[[int], object]) -> LoadedEncoder:
        """Load the encoder in one worker, and plan how many workers there can be."""
        free_mb = min(available(), self.engine.memory or available()) / 1e6
        loaded = self._call(load, tick=tick)
        on_cpu = loaded.facts.device == "cpu"
        self._devices = 0 if on_cpu else loaded.facts.devices
        self._planned = plan_workers(
            self.engine.workers, self._devices, on_cpu, float(loaded.peak_memory_mb), free_mb
        )
        if self._planned[1] > 1:
            self._end()  # the one that has loaded has a single thread
        return loaded

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of one call in a worker."""
        return self._call(function, *arguments)

    def _call(
        self,
        function: Callable[..., Result],
        *arguments: Any,
        tick: Callable[[int], object] | None = None,
    ) -> Result:
        try:
            return self.start(1)[0].call(function, *arguments, tick=tick)
        except WorkerDied as error:
            self._end(error)
            raise

    def map(
        self, function: Callable[[list[Item]], Batch], batches: Sequence[list[Item]]
    ) -> Iterator[Batch]:
        """Yield the results as they come.

        An image is a failure if a worker dies on it alone; see `parallel.quarantine`. If memory
        may have been too small, half as many workers continue.

        Raises:
            WorkerDied: workers died on several images in a row.
        """
        return map_with_quarantine(self, function, batches, failed, MOST_GUILTY)

    def start(self, wanted: int) -> list[Pool]:
        """Start the missing processes; return the pools."""
        workers = min(self.count, wanted)
        running = sum(pool.workers for pool in self._pools)
        if self._devices:
            for device in range(running, workers):
                self._add(1, {"CUDA_VISIBLE_DEVICES": str(device)} if self._devices > 1 else {})
        elif running < workers:
            self._add(workers - running, {})
        return self._pools

    def end(self, error: WorkerDied) -> None:
        """End all processes after one died; halve their number if memory may have run out."""
        running = sum(pool.workers for pool in self._pools)
        self._end(error)
        if running > 1 and not {"SIGALRM", "SIGSEGV"}.intersection(signals_of(error)):
            workers = max(1, self.count // 2)
            self._planned = (workers, self._planned[1])
            self.engine.progress.say(f"a worker process ended: {error}; going on with {workers}")

    def _add(self, workers: int, environment: dict[str, str]) -> None:
        limits = thread_limits(self._planned[1])
        variables = limits | KEEPS_BLOCKS | self.engine.environment | environment
        arguments = (dumps(self.encoder), self.engine.offline)
        pool = Pool(workers, variables, init_worker, arguments, self.engine.patience)
        self._pools.append(self._stack.enter_context(pool))
        if len(self._pools) == 1:
            limit = self.engine.memory or int(_MOST_MEMORY_SHARE * available())
            self._stack.enter_context(MemoryGuard(self._pools, limit))

    def _end(self, error: WorkerDied | None = None) -> None:
        """End all processes; kill them if one has died."""
        self._stack.__exit__(type(error) if error else None, error, None)
        self._pools, self._stack = [], ExitStack()
