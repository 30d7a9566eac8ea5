"""Join a Ray cluster or start Ray on this machine; count the actors that it has room for."""

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from embedbench.errors import InputError, MissingLibraryError

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is uploaded
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
try:
    import ray
    import ray.data
except ModuleNotFoundError as missing:
    raise MissingLibraryError(
        f"the engine 'ray' needs the library '{missing.name}', which is not installed; "
        'in your checkout run: pip install -e ".[ray]"'
    ) from missing

__all__ = ["connect", "last_line", "nodes", "room_for"]

_ANSWER_SECONDS = 12.0


def connect(address: str | None, patience: float = _ANSWER_SECONDS) -> None:
    """Join a running cluster, or start Ray on this machine, unless Ray is in use already.

    Args:
        address: HOST:PORT, `auto` for one that this machine is a node of, or None for a new one.
        patience: seconds for an answer.

    Raises:
        InputError: the cluster does not answer, or has another version of Ray.
    """
    if ray.is_initialized():
        return
    options: dict[str, Any] = {"address": address} if address else {"include_dashboard": False}
    if address and address != "auto":
        _require_answer(address, patience)
    try:
        with _standard_error_to(os.devnull):  # it prints the log level of the environment
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **options)
    except (OSError, RuntimeError, ValueError) as error:
        where = f"the Ray cluster at '{address}'" if address else "Ray"
        raise InputError(f"cannot use {where}: {last_line(error)}") from error
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # errors are raised as well
    # Ray would print about nodes and actors to standard output, where the table belongs.
    ray._private.worker._worker_logs_enabled = False


@contextmanager
def _standard_error_to(file: str) -> Iterator[None]:
    """Redirect the standard error of this process, and of those that it starts, to a file."""
    stderr_copy, target = os.dup(2), os.open(file, os.O_WRONLY)
    os.dup2(target, 2)
    try:
        yield
    finally:
        os.dup2(stderr_copy, 2)
        os.close(stderr_copy)
        os.close(target)


def _require_answer(address: str, patience: float) -> None:
    """Raise InputError unless the cluster answers: `ray.init` would wait for minutes."""
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


def nodes() -> dict[str, Mapping[str, float]]:
    """Return the resources of each live node, by Ray's name of the node."""
    return {node["NodeID"]: node["Resources"] for node in ray.nodes() if node["Alive"]}


def room_for(needs: Mapping[str, float]) -> int:
    """Return how many actors the cluster has room for, each with these needs."""
    return sum(
        int(min(has.get(name, 0) // amount for name, amount in needs.items()))
        for has in nodes().values()
    )


def last_line(error: BaseException) -> str:
    """Return the last line of an error of Ray."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:300]
