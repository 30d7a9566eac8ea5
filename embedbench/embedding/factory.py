"""Make an engine: processes on this machine, or actors on a Ray cluster."""

from pathlib import Path

from embedbench.embedding.engine import Engine
from embedbench.embedding.local_workers import LocalEngine
from embedbench.errors import InputError
from embedbench.io.paths import check_offline, parse_path
from embedbench.io.records import default_store
from embedbench.io.store import Store
from embedbench.parallel.pool import PATIENCE
from embedbench.utils.hardware import cores
from embedbench.utils.progress import Progress

__all__ = ["ENGINES", "make_engine"]

ENGINES = ("local", "ray")
"""Where encoders can run."""


def make_engine(
    store: str | Path | None,
    offline: bool,
    progress: Progress,
    kind: str = "local",
    address: str | None = None,
    workers: int | None = None,
    patience: float | None = None,
    memory: int | None = None,
) -> Engine:
    """Return an engine.

    Args:
        store: a folder, an address, or None for the user's cache.
        offline: nothing may be asked of the network.
        progress: how it is shown.
        kind: `local` or `ray`.
        address: of a running Ray cluster; None to start Ray on this machine.
        workers: for each encoder, at most; None for as many as there is room for.
        patience: seconds without any answer after which an encoder is given up; None for a
            quarter of an hour.
        memory: bytes that an encoder's processes may hold together; None for most of what is free.

    Raises:
        InputError: there is no such engine, or the cluster does not answer.
    """
    check_offline(offline, [store])
    if kind not in ENGINES:
        raise InputError(f"`engine` must be one of {', '.join(ENGINES)}; not '{kind}'")
    if address and kind != "ray":
        raise InputError(f"`address` is for the engine 'ray'; not for '{kind}'")
    if workers is not None and workers < 1:
        raise InputError(f"`workers` must be at least 1; not {workers}")
    if patience is not None and not patience > 0:
        raise InputError(f"`patience` must be more than 0 seconds; not {patience:g}")
    patience = patience or PATIENCE
    kept = Store(parse_path(store) if store else default_store())
    if told := kept.other_versions_note():
        progress.say(told)
    if kind == "local":
        return LocalEngine(kept, workers or cores(), offline, progress, patience, memory)
    from embedbench.embedding.ray_cluster import connect
    from embedbench.embedding.ray_engine import RayEngine

    connect(address)
    return RayEngine(kept, cores(), offline, progress, patience, memory, workers)
