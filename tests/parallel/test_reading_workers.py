"""Promises of reading workers: they start once, and have a memory limit."""

import sys

import pytest

from embedbench.parallel.reading_workers import ReadingWorkers


def _limit(_: object) -> int:
    import resource

    return resource.getrlimit(resource.RLIMIT_DATA)[0]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_workers_have_a_memory_limit_and_are_started_once() -> None:
    with ReadingWorkers(1) as workers:
        [pool] = workers.start(1)
        assert workers.start(5) == [pool]
        assert 0 < pool.call(_limit, None) <= 4 * 10**9
