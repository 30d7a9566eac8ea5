"""Promises of `embedbench fetch`: each encoder is loaded once, or says why it cannot be."""

import json
from pathlib import Path

import pytest

from embedbench.cli.fetch import fetch
from embedbench.errors import InputError
from embedbench.parallel.engine_options import EngineOptions


def test_what_there_is_is_a_row_and_what_fails_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = tmp_path / "mine.parquet"
    code = fetch(
        ["pixels", f"vectors:{vectors}"], EngineOptions(store=tmp_path / "store"), quiet=True
    )
    printed = capsys.readouterr()
    assert code == 3
    assert printed.out.splitlines()[2].split() == ["pixels", "0", "0.0"]
    assert "vectors:mine.parquet failed: its vectors were made elsewhere" in printed.err.replace(
        str(tmp_path) + "/", ""
    )


def test_as_json_both_are_there_alone_on_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = EngineOptions(store=tmp_path / "store")
    mine = f"vectors:{tmp_path / 'mine.parquet'}"
    assert fetch(["pixels", mine], options, quiet=True, as_json=True) == 3
    found = json.loads(capsys.readouterr().out)
    assert found["encoders"] == [
        {"encoder": "pixels", "weights": None, "revision": None, "files": []}
    ]
    (failure,) = found["failures"]
    assert failure["error"].startswith("its vectors were made elsewhere")


def test_offline_is_refused() -> None:
    with pytest.raises(InputError, match="`fetch` downloads; leave --offline out"):
        fetch(["pixels"], EngineOptions(offline=True), quiet=True)
