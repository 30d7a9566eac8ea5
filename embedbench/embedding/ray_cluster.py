"""Joining a Ray cluster, or starting Ray on this machine; what it has room for."""

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
        raise InputError(f"cannot use {where}: {last_line(error)}") from error
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # errors are raised as well
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


def nodes() -> dict[str, Mapping[str, float]]:
    """Return the nodes that live, by their names to Ray, and what each has in all."""
    return {node["NodeID"]: node["Resources"] for node in ray.nodes() if node["Alive"]}


def room_for(needs: Mapping[str, float]) -> int:
    """Return for how many actors that need so much of each resource the cluster has room."""
    return sum(
        int(min(has.get(name, 0) // amount for name, amount in needs.items()))
        for has in nodes().values()
    )


def last_line(error: BaseException) -> str:
    """Return what an error of Ray's says at its end, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:300]
