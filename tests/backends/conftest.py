"""What the tests of the built-in encoders share."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

# One math thread, as in the workers: where cores are busy, several wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture
def conformance() -> Callable[[str], None]:
    """Run `embedbench check` on an encoder, in a process without other libraries; it must pass."""

    def check(spec: str) -> None:
        program = "from embedbench.cli import main; main()"
        command = [sys.executable, "-c", program, "check", spec]
        run = subprocess.run(command, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr

    return check
