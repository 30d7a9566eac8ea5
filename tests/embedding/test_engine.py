"""Promises of an engine: it knows where vectors are kept and what its workers may do."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from embedbench.embedding.engine import Engine, Workers
from embedbench.embedding.worker import Item
from embedbench.encoder import Encoder
from embedbench.io.store import Store
from embedbench.parallel.pool import PATIENCE
from embedbench.utils.hardware import cores
from embedbench.utils.progress import Progress


class Idle(Engine):
    """An engine that starts nothing."""

    def start_workers(
        self, encoder: Encoder, items: Sequence[Item] | None = None
    ) -> AbstractContextManager[Workers]:
        raise NotImplementedError


def test_an_engine_says_how_workers_start_before_it_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="start_workers"):
        Engine(Store(tmp_path))  # type: ignore[abstract]


def test_by_default_it_uses_every_core_and_most_of_the_memory(tmp_path: Path) -> None:
    engine = Idle(Store(tmp_path))
    assert (engine.workers, engine.patience) == (cores(), PATIENCE)
    assert engine.memory is None and not engine.offline


def test_offline_its_workers_ask_no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    environment = Idle(Store(tmp_path), offline=True).environment
    assert environment == {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def test_what_the_user_set_for_the_hub_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert Idle(Store(tmp_path), offline=True).environment == {}


@pytest.mark.parametrize("allow_local", [True, False])
def test_downloads_go_into_the_store_and_keep_to_the_engine(
    tmp_path: Path, allow_local: bool
) -> None:
    progress = Progress(quiet=True)
    engine = Idle(Store(tmp_path), offline=True, progress=progress)
    settings = engine.download_settings(allow_local)
    assert Path(str(settings.folder)).is_relative_to(tmp_path)
    assert (settings.offline, settings.allow_local) == (True, allow_local)
    assert settings.progress is progress
