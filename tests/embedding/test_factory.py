"""Promises of making an engine: it is what the options say, and wrong ones start nothing."""

from pathlib import Path

import pytest

from embedbench.embedding.factory import make_engine
from embedbench.errors import InputError
from embedbench.parallel.engine_options import EngineOptions
from embedbench.parallel.pool import PATIENCE
from embedbench.utils.hardware import cores
from embedbench.utils.progress import Progress

QUIET = Progress(quiet=True)


def test_a_local_engine_is_what_the_options_say(tmp_path: Path) -> None:
    options = EngineOptions(
        workers=3, patience=5.0, memory="2GB", offline=True, store=tmp_path / "kept"
    )
    engine = make_engine(options, QUIET)
    assert (engine.workers, engine.patience, engine.memory) == (3, 5.0, 2 * 10**9)
    assert engine.offline and engine.progress is QUIET
    assert str(engine.store.folder).startswith(str(tmp_path / "kept"))


def test_what_is_not_said_is_the_machine_s() -> None:
    engine = make_engine(EngineOptions(), QUIET)
    assert (engine.workers, engine.patience, engine.memory) == (cores(), PATIENCE, None)
    assert not engine.offline


def test_a_store_at_an_address_is_refused_offline() -> None:
    with pytest.raises(InputError, match="'s3://bucket/store' is not on this machine, and offline"):
        make_engine(EngineOptions(store="s3://bucket/store", offline=True), QUIET)


def test_wrong_options_are_named() -> None:
    with pytest.raises(InputError, match="must be one of local, ray; not 'dask'"):
        make_engine(EngineOptions("dask"), QUIET)
