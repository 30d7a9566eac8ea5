"""`embedbench fetch`: download the weights of encoders ahead of time."""

from collections.abc import Sequence
from typing import Any

from embedbench.cli.output import (
    NOTHING_DONE,
    OK,
    PARTLY_DONE,
    echo_err,
    print_json,
    print_table,
    stdout_reserved,
)
from embedbench.embedding.engine import Engine
from embedbench.embedding.factory import make_engine
from embedbench.embedding.worker import encode_texts
from embedbench.embedding.worker_state import Placement
from embedbench.encoder import Encoder, LookupEncoder, TextEncoder
from embedbench.encoders.record import LoadedEncoder
from embedbench.encoders.registry import create_encoders
from embedbench.errors import EmbedbenchError, InputError
from embedbench.parallel.engine_options import EngineOptions
from embedbench.utils.messages import describe_error
from embedbench.utils.progress import Progress

__all__ = ["fetch"]


def fetch(
    encoders: Sequence[str], options: EngineOptions, quiet: bool, as_json: bool = False
) -> int:
    """Load each encoder once, so that its weights are in the caches; print what is there.

    Returns:
        The exit status: 0 all are there, 3 some, 2 none.

    Raises:
        EmbedbenchError: an encoder is unknown, or its library is missing.
    """
    if options.offline:
        raise InputError("`fetch` downloads; leave --offline out")
    there: dict[str, LoadedEncoder] = {}
    failed: dict[str, str] = {}
    with stdout_reserved():
        engine = make_engine(options, Progress(quiet))
        for name, encoder in create_encoders(encoders).items():
            try:
                there[name] = _load(name, encoder, engine)
            except EmbedbenchError as error:
                failed[name] = describe_error(error)
                echo_err(f"{name} failed: {failed[name]}")
    if as_json:
        print_json(
            {
                "encoders": [_record(name, loaded) for name, loaded in there.items()],
                "failures": [{"encoder": name, "error": why} for name, why in failed.items()],
            }
        )
    elif there:
        rows = [_row(name, loaded) for name, loaded in there.items()]
        print_table(["encoder", "weights", "revision", "files", "MB"], rows)
    return (PARTLY_DONE if there else NOTHING_DONE) if failed else OK


def _load(name: str, encoder: Encoder, engine: Engine) -> LoadedEncoder:
    """Load an encoder in a worker, with its part for texts if it has one."""
    if isinstance(encoder, LookupEncoder):
        raise InputError("its vectors were made elsewhere; there is nothing to fetch")
    with engine.start_workers(encoder) as workers:
        with engine.progress.loading(f"{name}: fetching") as tick:
            loaded, _ = workers.load(tick)
        if isinstance(encoder, TextEncoder) and encoder.reads_texts:
            workers.call(encode_texts, ["a photo"], Placement())
    return loaded


def _row(name: str, loaded: LoadedEncoder) -> list[str]:
    megabytes = sum(file.size for file in loaded.weights) / 1e6
    facts = loaded.facts
    files = str(len(loaded.weights))
    return [name, facts.weights or "", facts.revision or "", files, f"{megabytes:,.1f}"]


def _record(name: str, loaded: LoadedEncoder) -> dict[str, Any]:
    facts = loaded.facts
    files = [{"path": file.path, "bytes": file.size} for file in loaded.weights]
    return {
        "encoder": name, "weights": facts.weights, "revision": facts.revision, "files": files
    }  # fmt: skip
