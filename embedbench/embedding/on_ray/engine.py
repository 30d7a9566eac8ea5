"""The engine on a Ray cluster: the workers of an encoder are actors, run by Ray Data.

Ray places the actors, gives them batches, restarts them where they or their nodes die, and repeats
the lost batches. The actors write the vectors to the store themselves; they return which images
were encoded, and which failed.
"""

import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import cloudpickle
import ray  # `embedbench.embedding.on_ray.cluster` reports it where it is missing
import ray.data

from embedbench.embedding.engine import Engine
from embedbench.embedding.local_workers import MOST_GUILTY
from embedbench.embedding.on_ray.actor import MOST_TRIES, RayActor, result_of, start_monitor
from embedbench.embedding.on_ray.cluster import last_line, nodes, room_for
from embedbench.embedding.worker import Batch, Item, failed, load
from embedbench.encoder import Encoder
from embedbench.encoders.pickling import dumps
from embedbench.encoders.record import LoadedEncoder
from embedbench.errors import EncoderError
from embedbench.parallel.pool import KEEPS_BLOCKS, PATIENCE, WorkerDied, no_answer, thread_limits

__all__ = ["RayEngine", "RayWorkers"]

Result = TypeVar("Result")

_MEMORY_MARGIN = 1.2
_OPTIONS = {"CPU": "num_cpus", "GPU": "num_gpus", "memory": "memory"}

_END_SECONDS = 10.0

_IN_FLIGHT = 2
"""Batches that an actor has: the one it encodes, and the next."""


@dataclass(frozen=True)
class RayEngine(Engine):
    """Encoders run on a Ray cluster; everything else runs on this machine.

    Attributes:
        actors: for each encoder, at most; None for as many as the cluster has room for.
    """

    actors: int | None = None

    def start_workers(self, encoder: Encoder, items: Sequence[Item] | None = None) -> "RayWorkers":
        """Return a context manager for actors that hold this encoder; leaving it ends them."""
        folder = self.store.folder
        if len(nodes()) > 1 and isinstance(folder, Path):
            self.progress.say(
                f"note: the store '{folder}' is a folder, which all {len(nodes())} nodes of the "
                "cluster must share"
            )
        return RayWorkers(self, encoder)


@dataclass
class RayWorkers:
    """Actors that hold one encoder; leaving the context ends them.

    Attributes:
        engine: the limits of the actors, and what they may use.
        encoder: not yet loaded.
    """

    engine: RayEngine
    encoder: Encoder
    _first: Any = None
    _needs: dict[str, float] = field(default_factory=dict)
    _started: int = 0

    def __enter__(self) -> "RayWorkers":
        on_gpu = {"GPU": 1.0, "CPU": 1.0}
        self._needs = on_gpu if room_for(on_gpu) else {"CPU": 1.0}
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    @property
    def count(self) -> int:
        """How many there were for the last batches, or how many there is room for."""
        if self._started:
            return self._started
        room = room_for(self._needs)
        return max(1, min(room, self.engine.actors or room))

    @property
    def threads(self) -> int:
        """One, for there is an actor for each processor."""
        return 1

    @property
    def writes(self) -> bool:
        """They write vectors to the store themselves."""
        return True

    def begin(self) -> None:
        """Do nothing: the first actor's place may still be taken."""

    def load(self, tick: Callable[[int], object]) -> tuple[LoadedEncoder, Batch]:
        """Load the encoder in one actor, on a GPU if the cluster has one and the encoder uses it.

        Nothing is known of what an actor downloads, so `tick` is not called; no image is encoded,
        for actors write what they encode to the store themselves.

        Raises:
            EmbedbenchError: it cannot be loaded.
        """
        loaded, nothing = self.call(load, [])
        if loaded.facts.device == "cpu":
            if "GPU" in self._needs:
                self._end()
            memory = _MEMORY_MARGIN * 1e6 * loaded.peak_memory_mb
            fitting = {"CPU": 1.0, "memory": memory}
            self._needs = fitting if room_for(fitting) else {"CPU": 1.0}
        return loaded, nothing

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of one call in an actor."""
        with _errors_of_ray():
            if self._first is None:
                retries = {"max_restarts": MOST_TRIES - 1, "max_task_retries": MOST_TRIES - 1}
                actor = ray.remote(RayActor).options(**self._options(), **retries)
                self._first = actor.remote(dumps(self.encoder), self.engine.offline, os.getcwd())
                self._get(self._first.__ray_ready__.remote(), max(self.engine.patience, PATIENCE))
            answer = self._first.run.remote(cloudpickle.dumps((function, arguments)))
            return result_of(self._get(answer, self.engine.patience))  # type: ignore[no-any-return]

    def _get(self, answer: Any, patience: float) -> Any:
        """Return what an actor answers; end the actor if it does not answer in time."""
        try:
            return ray.get(answer, timeout=patience)
        except ray.exceptions.GetTimeoutError as error:
            self._end()
            raise no_answer(patience) from error

    def map(
        self, function: Callable[[list[Item]], Batch], batches: Sequence[list[Item]]
    ) -> Iterator[Batch]:
        """Yield the results as they come; repeat what a node died on.

        Batches on which actors die repeatedly are encoded image by image; an image on which they
        die even then is a failure.

        Raises:
            WorkerDied: actors died on several batches in a row.
            NoAnswer: no actor answered in time.
        """
        lost = yield from self._map(function, batches)
        alone = sorted(([item] for batch in lost for item in batch), key=lambda batch: batch[0][0])
        guilty = yield from self._map(function, alone)
        for [item] in guilty:
            yield failed(item, f"its process died on it {MOST_TRIES} times")

    def _map(
        self, function: Callable[[list[Item]], Batch], batches: Sequence[list[Item]]
    ) -> Generator[Batch, None, list[list[Item]]]:
        """Yield the results; return the batches on which actors died."""
        if len(batches) == 1:  # not worth a pool of actors
            try:
                result = self.call(function, batches[0])
            except WorkerDied:
                self._end()
                return [*batches]
            yield result
            return []
        lost: list[list[Item]] = []
        in_a_row = 0
        for number, answer in self._answers(function, batches):
            try:
                yield result_of(answer)
                in_a_row = 0
            except WorkerDied:
                lost.append(batches[number])
                in_a_row += 1
                if in_a_row == MOST_GUILTY:
                    raise
        return lost

    def _answers(
        self, function: Callable[[list[Item]], Batch], batches: Sequence[list[Item]]
    ) -> Iterator[tuple[int, bytes]]:
        """Yield the number of each batch with the answer to it, as they come."""
        if not batches:
            return
        self._end()  # the first actor's place in the cluster is needed
        rows = [
            {"number": number, "call": cloudpickle.dumps((function, (batch,)))}
            for number, batch in enumerate(batches)
        ]
        self._started, before = 0, nodes()
        self._started = min(self.count, len(rows))
        ray.data.DataContext.get_current().enable_progress_bars = False
        with _errors_of_ray():
            monitor = start_monitor()
            answers = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
                RayActor,
                fn_constructor_args=(
                    dumps(self.encoder),
                    self.engine.offline,
                    os.getcwd(),
                    monitor,
                ),
                compute=ray.data.ActorPoolStrategy(
                    size=self._started, max_tasks_in_flight_per_actor=_IN_FLIGHT
                ),
                **self._options(),
            )
            for row in self._in_time(answers.iter_rows, monitor):
                yield row["number"], row["answer"]
        if lost := len(set(before) - set(nodes())):
            self.engine.progress.say(
                f"nodes of the cluster that were lost: {lost}; others did their work"
            )

    def _in_time(self, rows: Callable[[], Iterator[Any]], monitor: Any) -> Iterator[Any]:
        """Yield the rows as they come; end the actors if the caller leaves before the last.

        Ray Data waits without a limit, so a thread asks it.
        """
        queue: SimpleQueue[Any] = SimpleQueue()
        last = object()

        def ask() -> None:
            try:
                for row in rows():
                    queue.put(row)
                queue.put(last)
            except BaseException as error:  # raised below
                queue.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            while (row := self._wait(queue, monitor)) is not last:
                if isinstance(row, BaseException):
                    raise row
                yield row
        except BaseException:  # also GeneratorExit: the caller has left
            if ray.is_initialized():
                with suppress(ray.exceptions.RayError):  # the first error is the one to report
                    for actor in ray.get(monitor.everyone.remote(), timeout=_END_SECONDS):
                        ray.kill(actor)
            raise

    def _wait(self, queue: "SimpleQueue[Any]", monitor: Any) -> Any:
        """Return the next row, if actors send heartbeats until it comes.

        Before the first batch they have more time: they start.
        """
        silent, patience = 0.0, self.engine.patience
        while silent < patience:
            with suppress(Empty):
                return queue.get(timeout=min(self.engine.patience, patience - silent))
            silent, is_begun = ray.get(monitor.silent.remote())
            patience = self.engine.patience if is_begun else max(self.engine.patience, PATIENCE)
        raise no_answer(patience)

    def _options(self) -> dict[str, Any]:
        return {
            **{_OPTIONS[name]: amount for name, amount in self._needs.items()},
            "runtime_env": {"env_vars": thread_limits(1) | KEEPS_BLOCKS | self.engine.environment},
        }

    def _end(self) -> None:
        if self._first is not None:
            ray.kill(self._first)
        self._first = None


@contextmanager
def _errors_of_ray() -> Iterator[None]:
    """Turn an error of Ray into one of ours, of one line."""
    try:
        yield
    except ray.exceptions.RayActorError as error:
        raise WorkerDied(f"its process died; {last_line(error)}") from error
    except ray.exceptions.RayError as error:
        raise EncoderError(f"Ray: {last_line(error)}") from error
