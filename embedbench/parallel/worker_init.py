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
    """Initialise a worker: redirect its output to the log, then run the caller's preparation.

    Args:
        parent: process ID of the parent.
        log: path of the log.
        offline: block the network, as in the parent.
        prepare: function to call first; None for none.
        arguments: arguments of `prepare`.
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
    with suppress(OSError):  # if memory runs out, Linux kills this process, not its parent
        Path("/proc/self/oom_score_adj").write_text("500")
    if prepare:
        prepare(*arguments)


class _Log(io.FileIO):
    """A file that ignores write errors, so that printing does not fail when the disk is full."""

    def write(self, content: Any) -> int:
        try:
            return super().write(content)
        except OSError:
            return len(memoryview(content).cast("B"))
