"""Libraries of other tools: imported when they are needed, their errors in one line."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from embedbench.errors import EmbedbenchError, InputError
from embedbench.utils.messages import describe_error
from embedbench.utils.text import shorten

__all__ = ["errors_of", "import_library"]

_MOST_LETTERS = 240
"""Of what a tool says; some list every server and setting."""


def import_library(name: str, extra: str) -> ModuleType:
    """Return a module of a tool's library.

    Raises:
        InputError: the library is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != name.partition(".")[0]:
            raise  # the library itself lacks something
        raise InputError(
            f"to export to {extra}, install its library: pip install 'image-embedbench[{extra}]'"
        ) from error


@contextmanager
def errors_of(tool: str, step: str = "") -> Iterator[None]:
    """Convert the errors of a tool's library to an InputError of one line.

    Args:
        tool: its name.
        step: what to do about it, if that is known.
    """
    try:
        yield
    except EmbedbenchError:
        raise
    except Exception as error:
        told = f"; {step}" if step else ""
        reason = shorten(describe_error(error), _MOST_LETTERS)
        raise InputError(f"{tool} failed: {reason}{told}") from error
