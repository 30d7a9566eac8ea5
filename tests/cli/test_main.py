"""Promises of the program: as a module too; errors of the disk are a line, other ones are not."""

import errno
import subprocess
import sys
import tomllib

import pytest

from embedbench.cli import group, main
from tests.support.paths import ROOT


def test_it_runs_as_a_module_too_and_says_its_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    command = [sys.executable, "-m", "embedbench"]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"embedbench, version {project['version']}\n"
    wrong = subprocess.run([*command, "no-such-command"], capture_output=True, text=True)
    assert wrong.returncode == 2 and wrong.stderr.startswith("error: No such command")


def test_a_full_disk_is_one_line_that_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(group.cli, "main", full)
    with pytest.raises(SystemExit) as stop:
        main(["encoders"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.strip().endswith("kept: run again once there is room")


def test_another_error_of_the_system_is_a_bug_and_stays_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(*arguments: object, **options: object) -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(group.cli, "main", wrong)
    with pytest.raises(OSError, match="Bad file descriptor"):
        main(["encoders"])
