"""Promises of the end of processes: a death is noticed, no worker outlives its parent."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from embedbench.parallel.lifetime import sigint_blocked
from embedbench.parallel.pool import Pool, WorkerDied, map_unordered
from tests.support.deaths import half_an_answer

PARENT = """
import os, subprocess, sys, time
child = "import sys, time; from embedbench.parallel.lifetime import exit_with_parent; "
child += "exit_with_parent(int(sys.argv[1])); print('ready', flush=True); time.sleep(600)"
started = subprocess.Popen(
    [sys.executable, "-c", child, str(os.getpid())], stdout=subprocess.PIPE, text=True
)
started.stdout.readline()
print(started.pid, flush=True)
time.sleep(600)
"""


def test_a_worker_that_dies_in_the_middle_of_an_answer_is_noticed() -> None:
    with Pool(2, patience=60.0) as pool, pytest.raises(WorkerDied):
        list(map_unordered([pool], half_an_answer, [True, False, False]))


def test_ctrl_c_is_blocked_while_processes_start_and_not_afterwards() -> None:
    with sigint_blocked():
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_a_worker_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent:
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()
    assert psutil.wait_procs([child], timeout=30)[1] == []


def test_a_worker_whose_parent_is_gone_already_ends_at_once() -> None:
    code = "from embedbench.parallel.lifetime import exit_with_parent; exit_with_parent(1)"
    assert os.getpid() != 1
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 1
