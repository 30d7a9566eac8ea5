"""The engine on this machine: the workers of an encoder are pools of processes."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psutil

from embedbench.embedding.engine import Engine
from embedbench.embedding.worker import Batch, Item, failed, load
from embedbench.embedding.worker_state import init_worker
from embedbench.encoder import Encoder
from embedbench.encoders.pickling import dumps
from embedbench.encoders.record import LoadedEncoder
from embedbench.parallel.memory_guard import MemoryGuard
from embedbench.parallel.pool import KEEPS_BLOCKS, Pool, WorkerDied, thread_limits
from embedbench.parallel.quarantine import map_with_quarantine, signals_of
from embedbench.utils.hardware import available, cores

__all__ = ["LocalEngine", "LocalWorkers", "MOST_GUILTY", "plan_workers"]

Result = TypeVar("Result")

_MEMORY_SHARE = 0.8
"""Share of the free memory that the number of workers is planned for."""

_MOST_MEMORY_SHARE = 0.9
"""Share of the free memory at which a process is ended."""

MOST_GUILTY = 3
"""Images in a row on which an encoder may die before it is given up itself."""

FEW = 400
"""Fewer images than this are encoded in one process, on all cores."""

_TRIED = 8
"""Images of the first batch that are encoded when an encoder is loaded."""

_MOST_AT_ONCE = 4
"""Encoders that are loaded at the same time, at most."""


def plan_workers(
    images: int,
    processors: int,
    devices: int,
    on_cpu: bool,
    copy_mb: float,
    available_mb: float,
) -> tuple[int, int]:
    """Return how many worker processes an encoder has, and how many math threads each.

    One per GPU. On a CPU one per core with one thread, which is the quickest; fewer with more
    threads each where the memory does not hold a copy of the model per core, and one where the
    images are so few that another would have imported its libraries when they are done.

    Args:
        images: how many are encoded.
        processors: cores that may be used.
        devices: GPUs that may be used.
        on_cpu: whether the encoder runs on the CPU.
        copy_mb: the most memory that one process has held, in MB.
        available_mb: memory for all of them, in MB.
    """
    if not on_cpu:
        return devices, 1
    fitting = int(_MEMORY_SHARE * available_mb / max(copy_mb, 1))
    workers = 1 if images < FEW else max(1, min(processors, fitting))
    return workers, processors // workers


@dataclass(frozen=True)
class LocalEngine(Engine):
    """Encoders run in processes on this machine."""

    @property
    def at_once(self) -> int:
        """As many as there are cores; one where the memory is limited, or less than half free."""
        is_short = available() < psutil.virtual_memory().total / 2
        return 1 if self.memory or is_short else min(cores(), _MOST_AT_ONCE)

    def start_workers(
        self, encoder: Encoder, items: Sequence[Item] | None = None
    ) -> "LocalWorkers":
        """Return a context manager for workers that hold this encoder; leaving it ends them."""
        return LocalWorkers(self, encoder, items)


@dataclass
class LocalWorkers:
    """Pools of processes on this machine that hold one encoder; leaving the context ends them.

    Attributes:
        engine: the limits of the workers, and what they may use.
        encoder: not yet loaded.
        items: the images to encode; None if they are not known.
    """

    engine: Engine
    encoder: Encoder
    items: Sequence[Item] | None = None
    _loading: "Future[tuple[LoadedEncoder, Batch]] | None" = None
    _pools: list[Pool] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _planned: tuple[int, int] = (1, 1)
    _devices: int = 0

    def __post_init__(self) -> None:
        if self._images < FEW:
            self._planned = (1, self.engine.workers)

    @property
    def _images(self) -> int:
        return FEW if self.items is None else len(self.items)

    def __enter__(self) -> "LocalWorkers":
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    @property
    def count(self) -> int:
        """How many there are once all are started."""
        return self._planned[0]

    @property
    def threads(self) -> int:
        """As many as are planned for."""
        return self._planned[1]

    @property
    def writes(self) -> bool:
        """They send vectors to the caller, who writes them."""
        return False

    def begin(self) -> "Future[tuple[LoadedEncoder, Batch]]":
        """Start to load the encoder in one worker; return what is done once it is."""
        tried = min(_TRIED, self.encoder.batch_size)
        self._loading = self.start(1)[0].begin(load, list((self.items or ())[:tried]))
        return self._loading

    def load(self, tick: Callable[[int], object]) -> tuple[LoadedEncoder, Batch]:
        """Load the encoder in one worker, and plan how many workers there can be.

        If the worker dies, it is tried without images, and without others that load.
        """
        try:
            loading = self._loading or self.begin()
            loaded, first = self._pools[0].result(loading, tick)
        except WorkerDied as error:
            self._end(error)
            loaded, first = self._call(load, [], tick=tick)
        copy_mb = float(loaded.peak_memory_mb)
        free_mb = min(available(), self.engine.memory or available()) / 1e6 + copy_mb
        on_cpu = loaded.facts.device == "cpu"
        self._devices = 0 if on_cpu else loaded.facts.devices
        before = self._planned
        self._planned = plan_workers(
            self._images, self.engine.workers, self._devices, on_cpu, copy_mb, free_mb
        )
        if on_cpu and self._planned[1] != before[1]:
            self._end()  # the one that has loaded has other threads
        return loaded, first

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
