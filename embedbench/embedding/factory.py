"""Make an engine: processes on this machine, or actors on a Ray cluster."""

from embedbench.embedding.engine import Engine
from embedbench.embedding.local_workers import LocalEngine
from embedbench.io.paths import check_offline, parse_path
from embedbench.io.records import default_store
from embedbench.io.store import Store
from embedbench.parallel.engine_options import EngineOptions
from embedbench.parallel.pool import PATIENCE
from embedbench.utils.hardware import cores
from embedbench.utils.progress import Progress

__all__ = ["make_engine"]


def make_engine(options: EngineOptions, progress: Progress) -> Engine:
    """Return an engine.

    Raises:
        InputError: there is no such engine, or the cluster does not answer.
    """
    check_offline(options.offline, [options.store])
    options.check()
    patience, memory = options.patience or PATIENCE, options.memory_bytes
    store = Store(parse_path(options.store) if options.store else default_store())
    if note := store.other_versions_note():
        progress.say(note)
    if options.kind == "local":
        workers = options.workers or cores()
        return LocalEngine(store, workers, options.offline, progress, patience, memory)
    from embedbench.embedding.on_ray.cluster import connect
    from embedbench.embedding.on_ray.engine import RayEngine

    connect(options.address)
    return RayEngine(store, cores(), options.offline, progress, patience, memory, options.workers)
