"""Side effects of a call: changes of global state, and output to standard output."""

import io
import os
import random
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from embedbench.utils.messages import one_line

__all__ = ["changes_of_state", "printed"]


def changes_of_state(first: Callable[[], object], again: Callable[[], object]) -> list[str]:
    """Return which global state the calls change, in words; nearly all of it is restored.

    Args:
        first: call that imports libraries; changes that imports make to the environment, warnings
            and NumPy do not count.
        again: the same call with nothing left to import.
    """
    folder, handlers, environment = os.getcwd(), _handlers(), dict(os.environ)
    first()
    kind = _default_type()
    imported = dict(os.environ)
    _set_environment(environment)
    drawn = random.getstate(), np.random.get_state()
    with warnings.catch_warnings(), np.errstate(all="print"):
        warnings.resetwarnings()
        errors = np.geterr()
        first_draws, second_draws = (_drawn_after(again, seed) for seed in (1, 2))
        changed = {
            "the working folder": os.getcwd() != folder,
            "the environment": dict(os.environ) != environment,
            "the handlers of signals": _handlers() != handlers,
            "the filters of warnings": bool(warnings.filters),
            "how NumPy takes errors": np.geterr() != errors,
            "PyTorch's default type": _default_type() != kind,
            **{name: first_draws[name] == second_draws[name] for name in first_draws},
        }
    random.setstate(drawn[0])
    np.random.set_state(drawn[1])
    os.chdir(folder)
    _set_environment(imported)
    return [name for name, is_changed in changed.items() if is_changed]


def printed(call: Callable[[], object]) -> str:
    """Return in one line what a call prints to standard output, also from native code."""
    sys.stdout.flush()
    stdout_copy = os.dup(1)
    with tempfile.TemporaryFile() as file, redirect_stdout(io.StringIO()) as text:
        os.dup2(file.fileno(), 1)
        try:
            call()
        finally:
            os.dup2(stdout_copy, 1)
            os.close(stdout_copy)
        file.seek(0)
        return one_line(text.getvalue() + file.read(10_000).decode(errors="replace"))


def _set_environment(variables: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _default_type() -> str:
    torch = sys.modules.get("torch")
    return "" if torch is None else str(torch.get_default_dtype())


def _drawn_after(call: Callable[[], object], seed: int) -> dict[str, float]:
    """Return a draw from each random generator after a call, with the generators seeded before it.

    The call may draw from them; but if the draw does not depend on the seed, the call set another.
    """
    torch = sys.modules.get("torch")
    random.seed(seed)
    np.random.seed(seed)
    if torch is not None:
        torch.manual_seed(seed)
    call()
    draws = {
        "the seed of Python's random numbers": random.random(),
        "the seed of NumPy's random numbers": float(np.random.random()),
    }
    if torch is not None:
        draws["the seed of PyTorch's random numbers"] = float(torch.rand(1))
    return draws
