"""The engine on Ray: the same workers as on one machine, as actors of a cluster, under Ray Data.

Ray places the actors, hands them batches, starts them anew where they or their nodes die, and
gives what was lost to them again. The actors write the vectors to the store themselves; what comes
back is which images are there, and which failed.
"""

import logging
import os
import pickle
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import cloudpickle

from embedbench.embed import Engine
from embedbench.encoder import Encoder
from embedbench.encoding import dumps, hold, load
from embedbench.errors import EmbedbenchError, EncoderError, InputError, MissingLibraryError
from embedbench.progress import Progress
from embedbench.workers import WorkerDied, thread_limits

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is uploaded
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
try:
    import ray
    import ray.data
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ModuleNotFoundError as missing:
    raise MissingLibraryError(
        f"the engine 'ray' needs the library '{missing.name}', which is not installed; "
        'in your checkout run: pip install -e ".[ray]"'
    ) from missing

__all__ = ["RayCrew", "RayEngine", "connect"]

Result = TypeVar("Result")

_ANSWER_SECONDS = 12.0
_PATIENCE = 900.0
_MOST_TRIES = 3

_IN_FLIGHT = 2
"""Pieces of work that an actor has: the one it does, and the next."""


def connect(address: str | None, patience: float = _ANSWER_SECONDS) -> None:
    """Join a running cluster, or start Ray on this machine; nothing where Ray is in use already.

    Args:
        address: HOST:PORT, `auto` for one that this machine is a node of, or None for a new one.
        patience: seconds for an answer.

    Raises:
        InputError: the cluster does not answer, or is of another version.
    """
    if ray.is_initialized():
        return
    options: dict[str, Any] = {"address": address} if address else {"include_dashboard": False}
    if address and address != "auto":
        _require_answer(address, patience)
    try:
        with _standard_error_to(os.devnull):  # it says which log level the environment asks for
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **options)
    except (OSError, RuntimeError, ValueError) as error:
        where = f"the Ray cluster at '{address}'" if address else "Ray"
        raise InputError(f"cannot use {where}: {_line(error)}") from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    # What Ray says of nodes and actors would go to standard output, where the table belongs.
    ray._private.worker._worker_logs_enabled = False


@contextmanager
def _standard_error_to(file: str) -> Iterator[None]:
    """Send what this process and those that it starts write to standard error to a file."""
    kept, other = os.dup(2), os.open(file, os.O_WRONLY)
    os.dup2(other, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(other)


def _require_answer(address: str, patience: float) -> None:
    """Ask for an answer before `ray.init`, which would wait for minutes."""
    host, _, port = address.rpartition(":")
    if "://" in address or not host or not port.isdecimal():
        raise InputError(
            f"`address` must be HOST:PORT of a Ray cluster that this machine is a node of, or "
            f"auto; not '{address}'; from elsewhere: ray job submit -- embedbench run ..."
        )
    command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        socket.create_connection((host, int(port)), patience).close()
        subprocess.run(command, capture_output=True, timeout=patience, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise InputError(
            f"no Ray cluster answers at '{address}'; on its head: ray start --head, and "
            "ray status tells the address"
        ) from error


@dataclass(frozen=True)
class RayEngine(Engine):
    """Encoders run on a Ray cluster; everything else on this machine.

    Attributes:
        actors: for each encoder, at most; None for as many as there is room for.
    """

    actors: int | None = None

    def crew(self, encoder: Encoder) -> "RayCrew":
        """Return actors that hold this encoder; to be used as a context."""
        folder = self.store.folder
        if len(_nodes()) > 1 and isinstance(folder, Path):
            self.progress.say(
                f"note: the store '{folder}' is a folder, which all {len(_nodes())} nodes of the "
                "cluster must share"
            )
        return RayCrew(encoder, self.offline, self.environment, self.actors, self.progress)


def _nodes() -> set[str]:
    return {node["NodeID"] for node in ray.nodes() if node["Alive"]}


@dataclass
class RayCrew:
    """Actors that hold one encoder; leaving the context ends them.

    Attributes:
        encoder: not yet loaded.
        offline: they may not use the network.
        environment: variables set in them.
        most: how many there are at most; None for as many as the cluster has CPUs or GPUs.
        progress: where it is told that nodes were lost.
    """

    encoder: Encoder
    offline: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    most: int | None = None
    progress: Progress = field(default_factory=Progress)
    writes: bool = True
    _first: Any = None
    _needs: dict[str, Any] = field(default_factory=dict)
    _started: int = 0

    def __enter__(self) -> "RayCrew":
        gpus = ray.cluster_resources().get("GPU", 0) >= 1
        self._needs = {"num_gpus": 1} if gpus else {"num_cpus": 1}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    @property
    def workers(self) -> int:
        """How many there were at the last piece of work, or how many there is room for."""
        if self._started:
            return self._started
        resource = "GPU" if "num_gpus" in self._needs else "CPU"
        room = int(ray.cluster_resources().get(resource, 0))
        return max(1, min(room, self.most or room))

    def load(self) -> dict[str, Any]:
        """Load the encoder in one actor; on a GPU, if the cluster has any and the encoder uses it.

        Raises:
            EmbedbenchError: it cannot be loaded.
        """
        loaded = self.call(load)
        if loaded["facts"]["device"] == "cpu" and "num_gpus" in self._needs:
            self._end()
            self._needs = {"num_cpus": 1}
        return loaded

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of one call in an actor."""
        with _errors_of_ray():
            if self._first is None:
                again = {"max_restarts": _MOST_TRIES - 1, "max_task_retries": _MOST_TRIES - 1}
                actor = ray.remote(_Actor).options(**self._options(), **again)
                self._first = actor.remote(dumps(self.encoder), self.offline)
            answer = self._first.run.remote(cloudpickle.dumps((function, arguments)))
            return _read(ray.get(answer, timeout=_PATIENCE))  # type: ignore[no-any-return]

    def map(self, function: Callable[[Any], Result], batches: Sequence[Any]) -> Iterator[Result]:
        """Yield the function's results as they come; what a node died on is done again.

        Raises:
            WorkerDied: an actor died again and again.
        """
        if len(batches) <= 1:
            yield from (self.call(function, batch) for batch in batches)
            return
        self._end()  # its place in the cluster is needed
        rows = [
            {"number": number, "call": cloudpickle.dumps((function, (batch,)))}
            for number, batch in enumerate(batches)
        ]
        self._started, nodes = 0, _nodes()
        self._started = min(self.workers, len(rows))
        ray.data.DataContext.get_current().enable_progress_bars = False
        with _errors_of_ray():
            tries = _tries_of_this_node()
            done = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
                _Actor,
                fn_constructor_args=(dumps(self.encoder), self.offline, tries),
                compute=ray.data.ActorPoolStrategy(
                    size=self._started, max_tasks_in_flight_per_actor=_IN_FLIGHT
                ),
                **self._options(),
            )
            for row in done.iter_rows():
                yield _read(row["answer"])
        if lost := len(nodes - _nodes()):
            self.progress.say(f"nodes of the cluster that were lost: {lost}; others did their work")

    def _options(self) -> dict[str, Any]:
        return {
            **self._needs,
            "runtime_env": {"env_vars": thread_limits(1) | self.environment},
        }

    def _end(self) -> None:
        if self._first is not None:
            ray.kill(self._first)
        self._first = None


class _Actor:
    """A worker: it holds the encoder, and answers calls with a result or with an error."""

    def __init__(self, pickled: bytes, offline: bool, tries: Any = None) -> None:
        self._tries = tries
        self._fault: str | None = None
        try:
            hold(pickled, offline)
        except Exception as error:  # the encoder's module is not there, or does not import
            self._fault = f"it cannot be loaded: {type(error).__name__}: {_line(error)}"

    def run(self, call: bytes) -> bytes:
        try:
            if self._fault:
                raise EncoderError(self._fault)
            function, arguments = pickle.loads(call)
            return cloudpickle.dumps((function(*arguments), None))  # type: ignore[no-any-return]
        except EmbedbenchError as error:
            where = socket.gethostname()
            return cloudpickle.dumps((None, (type(error), f"{error} (on node '{where}')")))  # type: ignore[no-any-return]

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        if ray.get(self._tries.begin.remote(row["number"])) > _MOST_TRIES:
            words = f"its process died {_MOST_TRIES} times on the same images"
            return {"answer": cloudpickle.dumps((None, (WorkerDied, words)))}
        return {"answer": self.run(row["call"])}


class _Tries:
    """How often each row was begun: Ray Data begins a row anew for as long as its actor dies."""

    def __init__(self) -> None:
        self._begun: Counter[int] = Counter()

    def begin(self, number: int) -> int:
        self._begun[number] += 1
        return self._begun[number]


def _tries_of_this_node() -> Any:
    """Return a counter that lives as long as the caller's node."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(_Tries).options(num_cpus=0, scheduling_strategy=here).remote()


def _read(answer: bytes) -> Any:
    result, error = pickle.loads(answer)
    if error is not None:
        kind, words = error
        raise kind(words)
    return result


@contextmanager
def _errors_of_ray() -> Iterator[None]:
    """Turn what Ray raises into an error of one line."""
    try:
        yield
    except ray.exceptions.GetTimeoutError as error:
        raise EncoderError(f"no answer from its actor for {_PATIENCE:.0f} seconds") from error
    except ray.exceptions.RayActorError as error:
        raise WorkerDied(f"its process died; {_line(error)}") from error
    except ray.exceptions.RayError as error:
        raise EncoderError(f"Ray: {_line(error)}") from error


def _line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:300]
