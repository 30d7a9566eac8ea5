"""Promises of a worker's first steps: its output is in the log, and offline it is offline."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CALL = """
import os, sys
from embedbench.parallel.worker_init import start

def prepare(*words):
    print("prepared", *words)
    {then}

start(int(sys.argv[1]), sys.argv[2], {offline}, prepare, ("{{0}}", "%s"))
"""


def started(
    log: Path, then: str = "pass", offline: bool = False
) -> subprocess.CompletedProcess[str]:
    program = CALL.format(then=then, offline=offline)
    return subprocess.run(
        [sys.executable, "-c", program, str(os.getpid()), str(log)], capture_output=True, text=True
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log"
    file.write_text("before\n")
    return file


def test_all_that_a_worker_prints_is_in_the_log_and_nowhere_else(log: Path) -> None:
    then = "print('error', file=sys.stderr); os.write(1, b'below'); os.write(2, b' Python')"
    done = started(log, then)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert log.read_text() == "before\nprepared {0} %s\nerror\nbelow Python"


def test_a_text_that_no_file_can_hold_is_no_error(log: Path) -> None:
    done = started(log, r"print('\udcff', flush=True)")
    assert done.returncode == 0
    assert log.read_text().splitlines()[-1] == "?"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_where_the_disk_is_full_printing_is_no_error() -> None:
    done = started(Path("/dev/full"), "print('x' * 100_000, flush=True)")
    assert (done.returncode, done.stderr) == (0, "")


def test_offline_a_worker_reaches_no_other_machine(log: Path) -> None:
    then = "import socket; socket.create_connection(('192.0.2.1', 80), 0.01)"
    assert started(log, then, offline=True).returncode == 1
    assert "offline" in log.read_text().splitlines()[-1]


def test_an_error_of_the_preparation_is_an_error_of_the_worker(log: Path) -> None:
    assert started(log, "raise ValueError('no luck')").returncode == 1
    assert log.read_text().endswith("ValueError: no luck\n")
