"""Promises of the list of encoders: a row for each, whatever its import does."""

from pathlib import Path

import pytest

from embedbench.encoders.listing import list_encoders
from tests.support.plug_ins import plug_in


def test_a_plug_in_that_ends_its_process_is_a_row_beside_the_built_in_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deadly_plug_in.py").write_text("import os; os._exit(3)")
    plug_in(tmp_path, monkeypatch, "deadly", "deadly_plug_in:Deadly")
    rows = {name: rest for name, *rest in list_encoders()}
    assert rows["pixels"][:2] == ["pixels", "ready"]
    label, status, words = rows["deadly"]
    assert label == words == "" and status.startswith("broken: its process died")
