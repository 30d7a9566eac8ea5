"""What a worker process does before its first task."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from embedbench.parallel.lifetime import exit_with_parent
from embedbench.utils.offline import forbid_network

__all__ = ["start"]


def start(
    parent: int,
    log: str,
    offline: bool,
    prepare: Callable[..., None] | None,
    arguments: tuple[Any, ...],
) -> None:
    """In the worker: whatever is printed goes to the log, then the caller's own preparation.

    Where the process that started it has no network, it has none either.
    """
    exit_with_parent(parent)
    if offline:
        forbid_network()
    sys.stdout.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(descriptor, number)
        to_log = _Log(number, "a", closefd=False)
        setattr(sys, name, io.TextIOWrapper(to_log, "utf-8", "replace", write_through=True))
    with suppress(OSError):  # where memory runs out, Linux is to end this process, not its parent
        Path("/proc/self/oom_score_adj").write_text("500")
    if prepare:
        prepare(*arguments)


class _Log(io.FileIO):
    """A file that takes what it can: a full disk stops nobody who prints."""

    def write(self, content: Any) -> int:
        try:
            return super().write(content)
        except OSError:
            return len(memoryview(content).cast("B"))
