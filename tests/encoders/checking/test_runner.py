"""Promises of checks in a process of their own: neither a crash nor a hang stops the program."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from embedbench.cli.group import cli
from tests.support.nonconforming import FAILS
from tests.support.plug_ins import plug_in


def checked(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """Return the lines that `embedbench check` prints for a plug-in, and last its exit code."""
    plug_in(folder, monkeypatch, name.lower(), f"tests.support.nonconforming:{name}")
    done = CliRunner().invoke(cli, ["check", name.lower(), *words], standalone_mode=False)
    return [*done.stdout.splitlines(), str(done.return_value)]


def test_a_crash_is_a_line_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    *lines, code = checked("Crashing", tmp_path, monkeypatch)
    assert code == "3" and len(lines) == 2 + len(FAILS)
    assert lines[-1].startswith("texts_share_the_space") and "its process died" in lines[-1]
    assert all(line.endswith(" ok") for line in lines[2:-1])


def test_a_hang_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    *lines, code = checked("Hanging", tmp_path, monkeypatch, "--patience", "10")
    assert code == "3"
    assert lines[-1].endswith("no answer from its process for 10 seconds")
