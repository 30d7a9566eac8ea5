"""Promises of the memory guard: the process that holds the most is ended, and it says why."""

import os
import subprocess
import sys
import time

import pytest

from embedbench.parallel.memory_guard import MemoryGuard, memory_of
from embedbench.parallel.pool import Pool, WorkerDied

MEGABYTE = 1_000_000


def hold(megabytes: int) -> int:
    """Fill memory, and keep it for a while."""
    held = bytearray(b"x") * (megabytes * MEGABYTE)
    time.sleep(20)
    return len(held)


def test_a_worker_that_takes_too_much_memory_is_ended_with_the_reason() -> None:
    words = r"its process was ended: it held [01]\.\d GB of memory, and 0\.3 GB are allowed"
    with (
        pytest.raises(WorkerDied, match=words),
        Pool(1) as pool,
        MemoryGuard([pool], 300 * MEGABYTE),
    ):
        pool.call(hold, 500)


def test_a_worker_below_the_limit_goes_on() -> None:
    with Pool(1) as pool, MemoryGuard([pool], 10_000 * MEGABYTE):
        assert pool.call(abs, -1) == 1
        time.sleep(0.3)  # the guard has looked by now
        assert pool.call(abs, -2) == 2 and pool.ended == ""


def test_memory_is_that_of_the_process_and_0_if_it_is_gone() -> None:
    before = memory_of(os.getpid())
    held = bytearray(b"x") * (200 * MEGABYTE)
    assert 150 * MEGABYTE < memory_of(os.getpid()) - before < 300 * MEGABYTE
    assert len(held) == 200 * MEGABYTE
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert memory_of(gone.pid) == 0


def test_a_pool_that_is_closed_while_it_is_watched_does_not_end_the_guard() -> None:
    closed = Pool(1)
    with closed:
        pass
    with pytest.raises(WorkerDied, match="GB of memory"), Pool(1) as pool:
        with MemoryGuard([closed, pool], 300 * MEGABYTE):
            pool.call(hold, 500)
