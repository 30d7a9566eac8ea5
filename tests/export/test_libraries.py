"""Promises of tools' libraries: one that is missing or fails is told in one line."""

import sys
from pathlib import Path

import pytest

from embedbench.errors import InputError
from embedbench.export.libraries import errors_of, import_library


def test_a_missing_library_is_told_with_its_extra() -> None:
    with pytest.raises(InputError, match=r"pip install 'image-embedbench\[wandb\]'"):
        import_library("no_such_library", "wandb")
    assert import_library("json", "wandb").__name__ == "json"


def test_what_a_library_itself_lacks_is_its_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_a_library.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        import_library("half_a_library", "wandb")
    assert "half_a_library" not in sys.modules


def test_errors_of_a_tool_are_one_line() -> None:
    with pytest.raises(InputError) as caught, errors_of("MLflow", "start it"):
        raise RuntimeError("no\nconnection")
    assert str(caught.value) == "MLflow failed: RuntimeError: no connection; start it"
    with pytest.raises(InputError, match="^ours$"), errors_of("MLflow"):
        raise InputError("ours")


def test_a_tool_that_tells_all_its_settings_is_cut_short() -> None:
    with pytest.raises(InputError) as caught, errors_of("MLflow", "start it"):
        raise RuntimeError("refused by " + "server " * 200)
    told = str(caught.value)
    assert told.startswith("MLflow failed: RuntimeError: refused by ") and len(told) < 300
    assert told.endswith("; start it")
