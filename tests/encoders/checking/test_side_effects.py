"""Promises of side effects: changes of global state and printed text are found."""

import os
import random
import signal
import sys
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from embedbench import conformance
from embedbench.encoders.checking.side_effects import changes_of_state, printed
from embedbench.errors import EncoderError
from tests.support.nonconforming import CHANGING, Changing


@pytest.fixture
def restored() -> Iterator[None]:
    """The global state of the process is restored."""
    python, numpy, errors = random.getstate(), np.random.get_state(), np.geterr()
    handler, folder = signal.getsignal(signal.SIGUSR2), os.getcwd()
    with warnings.catch_warnings():
        yield
    random.setstate(python)
    np.random.set_state(numpy)
    np.seterr(**errors)
    signal.signal(signal.SIGUSR2, handler)
    os.chdir(folder)


@pytest.mark.parametrize("what", CHANGING)
def test_each_change_of_global_state_is_found(what: str, restored: None) -> None:
    check = next(one for one in conformance.CHECKS if "global_state" in one.__name__)
    with pytest.raises(EncoderError, match=f"global state of the process: {what}$"):
        check(Changing(what=what))


def test_a_call_that_changes_nothing_is_free_to_draw_random_numbers() -> None:
    assert changes_of_state(random.random, np.random.random) == []


def test_the_environment_is_put_back() -> None:
    before = dict(os.environ)
    changed = changes_of_state(lambda: None, lambda: os.environ.update(EMBEDBENCH_TRIAL="1"))
    assert changed == ["the environment"] and dict(os.environ) == before


def test_what_is_printed_is_found_below_python_too() -> None:
    def call() -> None:
        print("from Python")
        os.write(1, b"from below\n")
        print("not this", file=sys.stderr)

    assert printed(call) == "from Python from below"
    assert printed(lambda: None) == ""
