"""Promises of hardware facts: the cores and the memory that this process may use."""

import os
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from embedbench.utils.hardware import available, cores, machine_name, peak_memory_mb


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs the CPU affinity of Linux")
def test_cores_are_those_that_the_process_may_use() -> None:
    allowed = os.sched_getaffinity(0)
    assert cores() == len(allowed)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert cores() == 1 and "1 cores" in machine_name()
    finally:
        os.sched_setaffinity(0, allowed)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource usage")
def test_the_peak_is_at_least_the_memory_in_use_and_does_not_fall() -> None:
    block = np.ones(100_000_000 // 8)
    used = psutil.Process().memory_info().rss / 1e6
    peak = peak_memory_mb()
    assert block.nbytes / 1e6 < 0.95 * used < peak < psutil.virtual_memory().total / 1e6
    del block
    assert peak_memory_mb() >= peak


@pytest.mark.skipif(not Path("/proc/meminfo").is_file(), reason="needs /proc")
def test_available_memory_is_that_of_the_kernel() -> None:
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    kernel = int(lines["MemAvailable"].split()[0]) * 1024
    assert available() == pytest.approx(kernel, rel=0.3)
    assert available() <= int(lines["MemTotal"].split()[0]) * 1024
