"""Describe errors of third-party code in one line."""

import contextlib
import os
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from embedbench.errors import EmbedbenchError, EncoderError, ImageError, StoreError

__all__ = [
    "describe_error",
    "first_sentence",
    "one_line",
    "picklable_errors",
    "system_reason",
    "wrap_foreign_errors",
]

_LONGEST = 500
"""Characters of an error message that are kept; some messages carry megabytes."""

_NUMBER = re.compile(r"\[errno (\d+)\]", re.IGNORECASE)
"""What Arrow says of an error of the system, in words of its own."""


def one_line(text: str) -> str:
    """Return the text as one printable line of limited length."""
    shown = (letter if letter.isprintable() else " " for letter in text[: 20 * _LONGEST])
    return " ".join("".join(shown).split())[:_LONGEST]


def first_sentence(error: Exception | str) -> str:
    """Return the first sentence of an error message, on one line, without its full stop."""
    sentence = " ".join(str(error).split()).split(". ")[0].rstrip(".")[:300]
    return sentence or type(error).__name__


def describe_error(error: BaseException) -> str:
    """Return the error in one line: its class and its message; of our own errors the message."""
    try:
        message = one_line(str(error))
    except BaseException:  # a faulty __str__ may raise anything
        message = ""
    name = one_line(type(error).__name__)
    if isinstance(error, EmbedbenchError):
        return message or name
    return f"{name}: {message}" if message else name


@contextmanager
def wrap_foreign_errors() -> Iterator[None]:
    """Convert exceptions of third-party code, also `sys.exit`, to an EncoderError of one line.

    Our own errors pass unchanged.
    """
    try:
        yield
    except EmbedbenchError:
        raise
    except (Exception, SystemExit) as error:
        raise EncoderError(describe_error(error)) from error


@contextmanager
def picklable_errors() -> Iterator[None]:
    """Convert every exception in a worker to an error that can be sent to the main process.

    The original is dropped: it may not be picklable, or may end the main process as well. Its
    traceback is printed to standard error, which is the log of a worker.
    """
    converted: EmbedbenchError
    try:
        yield
        return
    except BaseException as error:
        with contextlib.suppress(Exception):  # standard error may have been closed
            traceback.print_exc()
        converted = _kind(error)(describe_error(error))
    raise converted


def _kind(error: BaseException) -> type[EmbedbenchError]:
    """Return our own class of the error.

    EncoderError instead of StoreError and ImageError, which callers handle in other ways.
    """
    for kind in type(error).__mro__:
        ours = kind.__module__ == EmbedbenchError.__module__
        if ours and kind not in (EmbedbenchError, StoreError, ImageError):
            return kind
    return EncoderError


def system_reason(error: OSError) -> str:
    """Return what the system says of an error, also where a library puts it into other words."""
    said = str(error.strerror or error)
    inside = _NUMBER.search(said)
    return os.strerror(int(inside[1])) if inside else said
