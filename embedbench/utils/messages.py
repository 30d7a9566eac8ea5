"""What other people's code raises, in one line of words."""

import contextlib
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from embedbench.errors import EmbedbenchError, EncoderError, ImageError, StoreError

__all__ = [
    "describe_error",
    "first_sentence",
    "one_line",
    "picklable_errors",
    "wrap_foreign_errors",
]

_LONGEST = 500
"""Characters of what an error says; there are some that carry megabytes."""


def one_line(text: str) -> str:
    """Return a text as one line that can be printed, cut off where it is long."""
    shown = (letter if letter.isprintable() else " " for letter in text[: 20 * _LONGEST])
    return " ".join("".join(shown).split())[:_LONGEST]


def first_sentence(error: Exception | str) -> str:
    """Return the first sentence of what a library says, on one line, without its full stop."""
    said = " ".join(str(error).split()).split(". ")[0].rstrip(".")[:300]
    return said or type(error).__name__


def describe_error(error: BaseException) -> str:
    """Return what went wrong in one line: the error's name, and what it says."""
    try:
        said = one_line(str(error))
    except BaseException:  # it is not even able to say what it is
        said = ""
    name = one_line(type(error).__name__)
    if isinstance(error, EmbedbenchError):
        return said or name
    return f"{name}: {said}" if said else name


@contextmanager
def wrap_foreign_errors() -> Iterator[None]:
    """Turn whatever other people's code raises, `sys.exit` too, into an EncoderError of one line.

    Errors of ours pass.
    """
    try:
        yield
    except EmbedbenchError:
        raise
    except (Exception, SystemExit) as error:
        raise EncoderError(describe_error(error)) from error


@contextmanager
def picklable_errors() -> Iterator[None]:
    """Turn whatever is raised in a worker into an error that can be sent to the first process.

    Nothing is left of what was raised: it may be such as cannot be pickled, or end the first
    process as well. Its traceback is printed to standard error, which in a worker is its log.
    """
    told: EmbedbenchError
    try:
        yield
        return
    except BaseException as error:
        with contextlib.suppress(Exception):  # standard error may have been closed
            traceback.print_exc()
        told = _kind(error)(describe_error(error))
    raise told


def _kind(error: BaseException) -> type[EmbedbenchError]:
    """Return our own class of the error; what is wrong with an encoder is no fault of the store."""
    for kind in type(error).__mro__:
        ours = kind.__module__ == EmbedbenchError.__module__
        if ours and kind not in (EmbedbenchError, StoreError, ImageError):
            return kind
    return EncoderError
