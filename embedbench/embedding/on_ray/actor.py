"""Actors of a Ray cluster: the worker that holds an encoder, and the monitor of all workers."""

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

from embedbench.embedding.on_ray.cluster import last_line
from embedbench.embedding.worker_state import init_worker, state
from embedbench.errors import EmbedbenchError, EncoderError
from embedbench.parallel.pool import WorkerDied

__all__ = ["MOST_TRIES", "RayActor", "result_of", "start_monitor"]

_HEARTBEAT_SECONDS = 1.0

MOST_TRIES = 3
"""How often a batch is tried before its actor's death counts as an answer."""


class RayActor:
    """A worker: hold the encoder, and answer calls with a result or with an error."""

    def __init__(self, pickled: bytes, offline: bool, folder: str, monitor: Any = None) -> None:
        self._monitor = monitor
        self._last_heartbeat = time.monotonic()
        if monitor is not None:
            monitor.join.remote(ray.get_runtime_context().current_actor)
        self._reason: str | None = None
        with contextlib.suppress(OSError):  # relative paths start here where nodes share folders
            os.chdir(folder)
        try:
            init_worker(pickled, offline)
            if monitor is not None:
                state().heartbeat = self._heartbeat
        except Exception as error:  # the encoder's module is missing, or does not import
            self._reason = f"it cannot be loaded: {type(error).__name__}: {last_line(error)}"

    def _heartbeat(self) -> None:
        if time.monotonic() - self._last_heartbeat > _HEARTBEAT_SECONDS:
            self._monitor.heartbeat.remote()
            self._last_heartbeat = time.monotonic()

    def run(self, call: bytes) -> bytes:
        """Return the answer to a call, which `result_of` reads."""
        try:
            if self._reason:
                raise EncoderError(self._reason)
            function, arguments = pickle.loads(call)
            return cloudpickle.dumps((function(*arguments), None))  # type: ignore[no-any-return]
        except EmbedbenchError as error:
            where = socket.gethostname()
            return cloudpickle.dumps((None, (type(error), f"{error} (on node '{where}')")))  # type: ignore[no-any-return]

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to the call in a row of Ray Data."""
        if ray.get(self._monitor.begin.remote(row["number"])) > MOST_TRIES:
            message = f"its process died {MOST_TRIES} times on the same images"
            answer = cloudpickle.dumps((None, (WorkerDied, message)))
        else:
            answer = self.run(row["call"])
        return {"number": row["number"], "answer": answer}


class _Monitor:
    """Know the actors, the time of their last heartbeat, and how often each row was begun.

    Ray Data repeats a row without a limit as long as its actor dies.
    """

    def __init__(self) -> None:
        self._begun: Counter[int] = Counter()
        self._actors: list[Any] = []
        self.heartbeat()

    def join(self, actor: Any) -> None:
        self._actors.append(actor)
        self.heartbeat()

    def heartbeat(self) -> None:
        self._last_heartbeat = time.monotonic()

    def silent(self) -> tuple[float, bool]:
        """Return the seconds since the last heartbeat, and whether any row was begun."""
        return time.monotonic() - self._last_heartbeat, bool(self._begun)

    def everyone(self) -> list[Any]:
        return self._actors

    def begin(self, number: int) -> int:
        self.heartbeat()
        self._begun[number] += 1
        return self._begun[number]


def start_monitor() -> Any:
    """Return an actor that monitors the workers; it lives as long as the caller's node."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(_Monitor).options(num_cpus=0, scheduling_strategy=here).remote()


def result_of(answer: bytes) -> Any:
    """Return the result in an answer, or raise the error in it."""
    result, error = pickle.loads(answer)
    if error is not None:
        kind, message = error
        raise kind(message)
    return result
