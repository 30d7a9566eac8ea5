"""Promises of calls in this process: what workers give, with one math thread and in silence."""

import warnings

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from embedbench.parallel.pool import Pool
from embedbench.parallel.serial import Serial


def threads() -> list[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return [library["num_threads"] for library in threadpool_info()]


def warned(value: float) -> float:
    warnings.warn("of no interest", RuntimeWarning, stacklevel=1)
    return value


def test_results_are_those_of_workers_in_the_same_order() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 30))
    calls = [(np.linalg.svd, rows[:size], False, False) for size in (40, 10, 25)]
    ticks: list[int] = []
    with Serial() as here:
        ours = here.gather(calls, ticks.append)
    assert ticks == [1, 1, 1]
    with Pool(1) as pool:
        theirs = pool.gather(calls, lambda _: None)
    for one, other in zip(ours, theirs, strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_call_has_one_thread_and_what_it_warns_of_is_not_heard() -> None:
    before = threads()
    with Serial() as here:
        inside, value = here.gather([(threads,), (warned, 2.0)], lambda _: None)
    assert set(inside) == {1} and value == 2.0
    assert threads() == before
    with pytest.warns(RuntimeWarning, match="of no interest"):
        warned(1.0)


def test_an_error_is_the_callers_and_leaves_no_limit_behind() -> None:
    before = threads()
    with pytest.raises(ZeroDivisionError), Serial() as here:
        here.gather([(divmod, 1, 0)], lambda _: None)
    assert threads() == before
