"""The engine on Ray: the same workers as on one machine, as actors of a cluster, under Ray Data.

Ray places the actors, hands them batches, starts them anew where they or their nodes die, and
gives what was lost to them again. The actors write the vectors to the store themselves; what comes
back is which images are there, and which failed.
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
import ray  # where it is missing, `embedbench.embedding.ray_cluster` has said so before
import ray.data

from embedbench.embedding.engine import Engine
from embedbench.embedding.local_workers import MOST_GUILTY
from embedbench.embedding.ray_actor import MOST_TRIES, RayActor, answered, books_of_this_node
from embedbench.embedding.ray_cluster import last_line, nodes, room_for
from embedbench.embedding.worker import Batch, Item, failed, load
from embedbench.encoder import Encoder
from embedbench.encoders.pickling import dumps
from embedbench.errors import EncoderError
from embedbench.parallel.pool import KEEPS_BLOCKS, PATIENCE, WorkerDied, no_answer, thread_limits
from embedbench.utils.progress import Progress

__all__ = ["RayEngine", "RayWorkers"]

Result = TypeVar("Result")

_MEMORY_MARGIN = 1.2
_OPTIONS = {"CPU": "num_cpus", "GPU": "num_gpus", "memory": "memory"}

_END_SECONDS = 10.0

_IN_FLIGHT = 2
"""Pieces of work that an actor has: the one it does, and the next."""


@dataclass(frozen=True)
class RayEngine(Engine):
    """Encoders run on a Ray cluster; everything else on this machine.

    Attributes:
        actors: for each encoder, at most; None for as many as there is room for.
    """

    actors: int | None = None

    def start_workers(self, encoder: Encoder) -> "RayWorkers":
        """Return actors that hold this encoder; to be used as a context."""
        folder = self.store.folder
        if len(nodes()) > 1 and isinstance(folder, Path):
            self.progress.say(
                f"note: the store '{folder}' is a folder, which all {len(nodes())} nodes of the "
                "cluster must share"
            )
        return RayWorkers(
            encoder, self.offline, self.environment, self.actors, self.progress, self.patience
        )


@dataclass
class RayWorkers:
    """Actors that hold one encoder; leaving the context ends them.

    Attributes:
        encoder: not yet loaded.
        offline: they may not use the network.
        environment: variables set in them.
        most: how many there are at most; None for as many as the cluster has CPUs or GPUs.
        progress: where it is told that nodes were lost.
        patience: seconds without an answer or a batch after which the actors are given up.
    """

    encoder: Encoder
    offline: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    most: int | None = None
    progress: Progress = field(default_factory=Progress)
    patience: float = PATIENCE
    writes: bool = True
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
    def workers(self) -> int:
        """How many there were at the last piece of work, or how many there is room for."""
        if self._started:
            return self._started
        room = room_for(self._needs)
        return max(1, min(room, self.most or room))

    def load(self) -> dict[str, Any]:
        """Load the encoder in one actor; on a GPU, if the cluster has any and the encoder uses it.

        Raises:
            EmbedbenchError: it cannot be loaded.
        """
        loaded = self.call(load)
        if loaded["facts"]["device"] == "cpu":
            if "GPU" in self._needs:
                self._end()
            memory = _MEMORY_MARGIN * 1e6 * loaded["peak_memory_mb"]
            fitting = {"CPU": 1.0, "memory": memory}
            self._needs = fitting if room_for(fitting) else {"CPU": 1.0}
        return loaded

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of one call in an actor."""
        with _errors_of_ray():
            if self._first is None:
                again = {"max_restarts": MOST_TRIES - 1, "max_task_retries": MOST_TRIES - 1}
                actor = ray.remote(RayActor).options(**self._options(), **again)
                self._first = actor.remote(dumps(self.encoder), self.offline, os.getcwd())
                self._get(self._first.__ray_ready__.remote(), max(self.patience, PATIENCE))
            answer = self._first.run.remote(cloudpickle.dumps((function, arguments)))
            return answered(self._get(answer, self.patience))  # type: ignore[no-any-return]

    def _get(self, answer: Any, patience: float) -> Any:
        """Return what an actor answers; the actor is ended where it does not for too long."""
        try:
            return ray.get(answer, timeout=patience)
        except ray.exceptions.GetTimeoutError as error:
            self._end()
            raise no_answer(patience) from error

    def map(
        self, function: Callable[[list[Item]], Batch], batches: Sequence[list[Item]]
    ) -> Iterator[Batch]:
        """Yield the function's results as they come; what a node died on is done again.

        Images on which actors die again and again are done one by one; the one on which they die
        even then is a failure.

        Raises:
            WorkerDied: actors died on several pieces of work in a row.
            NoAnswer: none answered for too long.
        """
        lost = yield from self._map(function, batches)
        alone = sorted(([item] for batch in lost for item in batch), key=lambda one: one[0][0])
        guilty = yield from self._map(function, alone)
        for [item] in guilty:
            yield failed(item, f"its process died on it {MOST_TRIES} times")

    def _map(
        self, function: Callable[[list[Item]], Batch], batches: Sequence[list[Item]]
    ) -> Generator[Batch, None, list[list[Item]]]:
        """Yield the results, and return the batches on which actors died."""
        if len(batches) == 1:  # not worth a pool of actors
            try:
                done = self.call(function, batches[0])
            except WorkerDied:
                self._end()
                return [*batches]
            yield done
            return []
        lost: list[list[Item]] = []
        in_a_row = 0
        for number, answer in self._answers(function, batches):
            try:
                yield answered(answer)
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
        """Yield the number of each batch, and the answer to it, as they come."""
        if not batches:
            return
        self._end()  # its place in the cluster is needed
        rows = [
            {"number": number, "call": cloudpickle.dumps((function, (batch,)))}
            for number, batch in enumerate(batches)
        ]
        self._started, before = 0, nodes()
        self._started = min(self.workers, len(rows))
        ray.data.DataContext.get_current().enable_progress_bars = False
        with _errors_of_ray():
            books = books_of_this_node()
            done = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
                RayActor,
                fn_constructor_args=(dumps(self.encoder), self.offline, os.getcwd(), books),
                compute=ray.data.ActorPoolStrategy(
                    size=self._started, max_tasks_in_flight_per_actor=_IN_FLIGHT
                ),
                **self._options(),
            )
            for row in self._in_time(done.iter_rows, books):
                yield row["number"], row["answer"]
        if lost := len(set(before) - set(nodes())):
            self.progress.say(f"nodes of the cluster that were lost: {lost}; others did their work")

    def _in_time(self, rows: Callable[[], Iterator[Any]], books: Any) -> Iterator[Any]:
        """Yield the rows as they come; the actors are ended if it is left before the last.

        Ray Data waits for ever, so it is asked in a thread.
        """
        found: SimpleQueue[Any] = SimpleQueue()
        over = object()

        def ask() -> None:
            try:
                for row in rows():
                    found.put(row)
                found.put(over)
            except BaseException as error:  # raised below
                found.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            while (row := self._wait(found, books)) is not over:
                if isinstance(row, BaseException):
                    raise row
                yield row
        except BaseException:  # also where nobody wants the rest
            if ray.is_initialized():
                with suppress(ray.exceptions.RayError):  # what was wrong before is to be told
                    for actor in ray.get(books.everyone.remote(), timeout=_END_SECONDS):
                        ray.kill(actor)
            raise

    def _wait(self, found: "SimpleQueue[Any]", books: Any) -> Any:
        """Return the next of what is found, if the actors give signs of life until then.

        Before they begin their first work there is time for them to start.
        """
        silent, patience = 0.0, self.patience
        while silent < patience:
            with suppress(Empty):
                return found.get(timeout=min(self.patience, patience - silent))
            silent, is_begun = ray.get(books.silent.remote())
            patience = self.patience if is_begun else max(self.patience, PATIENCE)
        raise no_answer(patience)

    def _options(self) -> dict[str, Any]:
        return {
            **{_OPTIONS[name]: amount for name, amount in self._needs.items()},
            "runtime_env": {"env_vars": thread_limits(1) | KEEPS_BLOCKS | self.environment},
        }

    def _end(self) -> None:
        if self._first is not None:
            ray.kill(self._first)
        self._first = None


@contextmanager
def _errors_of_ray() -> Iterator[None]:
    """Turn what Ray raises into an error of one line."""
    try:
        yield
    except ray.exceptions.RayActorError as error:
        raise WorkerDied(f"its process died; {last_line(error)}") from error
    except ray.exceptions.RayError as error:
        raise EncoderError(f"Ray: {last_line(error)}") from error
