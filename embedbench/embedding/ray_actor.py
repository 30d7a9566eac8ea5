"""An actor of a Ray cluster: the encoder that it holds, and the books that are kept of its work."""

import contextlib
import os
import pickle
import socket
import time
from collections import Counter
from typing import Any

import cloudpickle
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from embedbench.embedding.ray_cluster import last_line
from embedbench.embedding.worker_state import init_worker, state
from embedbench.errors import EmbedbenchError, EncoderError
from embedbench.parallel.pool import WorkerDied

__all__ = ["MOST_TRIES", "RayActor", "answered", "books_of_this_node"]

_BEAT_SECONDS = 1.0

MOST_TRIES = 3
"""How often a piece of work is begun anew because its actor died."""


class RayActor:
    """A worker: it holds the encoder, and answers calls with a result or with an error."""

    def __init__(self, pickled: bytes, offline: bool, folder: str, books: Any = None) -> None:
        self._books = books
        self._beaten = time.monotonic()
        if books is not None:
            books.join.remote(ray.get_runtime_context().current_actor)
        self._fault: str | None = None
        with contextlib.suppress(OSError):  # where nodes share folders, they are named from here
            os.chdir(folder)
        try:
            init_worker(pickled, offline)
            if books is not None:
                state().beat = self._beat
        except Exception as error:  # the encoder's module is not there, or does not import
            self._fault = f"it cannot be loaded: {type(error).__name__}: {last_line(error)}"

    def _beat(self) -> None:
        if time.monotonic() - self._beaten > _BEAT_SECONDS:
            self._books.beat.remote()
            self._beaten = time.monotonic()

    def run(self, call: bytes) -> bytes:
        """Return the answer to a call, for `answered` to read."""
        try:
            if self._fault:
                raise EncoderError(self._fault)
            function, arguments = pickle.loads(call)
            return cloudpickle.dumps((function(*arguments), None))  # type: ignore[no-any-return]
        except EmbedbenchError as error:
            where = socket.gethostname()
            return cloudpickle.dumps((None, (type(error), f"{error} (on node '{where}')")))  # type: ignore[no-any-return]

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a row's call, as Ray Data asks for it."""
        if ray.get(self._books.begin.remote(row["number"])) > MOST_TRIES:
            words = f"its process died {MOST_TRIES} times on the same images"
            answer = cloudpickle.dumps((None, (WorkerDied, words)))
        else:
            answer = self.run(row["call"])
        return {"number": row["number"], "answer": answer}


class _Books:
    """Which actors there are, when one last gave a sign of life, how often each row was begun.

    Ray Data begins a row anew for as long as its actor dies.
    """

    def __init__(self) -> None:
        self._begun: Counter[int] = Counter()
        self._actors: list[Any] = []
        self.beat()

    def join(self, actor: Any) -> None:
        self._actors.append(actor)
        self.beat()

    def beat(self) -> None:
        self._beaten = time.monotonic()

    def silent(self) -> tuple[float, bool]:
        """Return the seconds since the last sign of life, and whether any work was begun."""
        return time.monotonic() - self._beaten, bool(self._begun)

    def everyone(self) -> list[Any]:
        return self._actors

    def begin(self, number: int) -> int:
        self.beat()
        self._begun[number] += 1
        return self._begun[number]


def books_of_this_node() -> Any:
    """Return an actor that keeps the books; it lives as long as the caller's node."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(_Books).options(num_cpus=0, scheduling_strategy=here).remote()


def answered(answer: bytes) -> Any:
    """Return the result in an answer, or raise the error in it."""
    result, error = pickle.loads(answer)
    if error is not None:
        kind, words = error
        raise kind(words)
    return result
