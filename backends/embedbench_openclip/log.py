"""The log of open_clip, which nobody hears unless the program has set one up."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["silent_log"]


@contextmanager
def silent_log() -> Iterator[None]:
    """Let nobody hear what open_clip logs, unless the program has set up a log."""
    root, nobody = logging.getLogger(), logging.NullHandler()
    root.addHandler(nobody)
    try:
        yield
    finally:
        root.removeHandler(nobody)
