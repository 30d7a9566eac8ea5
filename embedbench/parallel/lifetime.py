"""How processes end: the program on a signal, in words; workers with their parent."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any

__all__ = ["DeadWorkerMonitor", "exit_with_parent", "sigint_blocked"]

_UNNOTICED_SECONDS = 2.0

_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in Linux's prctl.h


@contextmanager
def sigint_blocked() -> Iterator[None]:
    """Processes that are started meanwhile do not hear of Ctrl-C, even before they can say so."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def exit_with_parent(parent: int) -> None:
    """In a worker: leave Ctrl-C to the parent, and end when it does, even if it was killed.

    On Linux the kernel sees to it, also where a library holds the interpreter; elsewhere a thread
    looks every second.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    elif sys.platform != "win32":
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if sys.platform != "win32" and os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


class DeadWorkerMonitor:
    """Sees to it that a worker that dies in the middle of an answer is noticed.

    loky then waits for the rest of the answer for ever. The others are ended too, and the pipe
    with them, so that it finds it cut off.

    Args:
        executor: loky's.

    Attributes:
        over: set when there is nothing to watch any more.
        ended: whether workers were ended here.
    """

    def __init__(self, executor: Any) -> None:
        self.over = threading.Event()
        self.ended = False
        self._executor = executor
        self._answers = executor._result_queue
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        import psutil  # the command line has no need of it

        dead: set[int] = set()
        while not self.over.wait(_UNNOTICED_SECONDS):
            processes = dict(self._executor._processes or {})
            still = {pid for pid, process in processes.items() if wait([process.sentinel], 0)}
            if dead & still and self._executor._flags.broken is None:
                self.ended = True
                for pid in processes:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        psutil.Process(pid).kill()
                self._answers._writer.close()
                return
            dead = still
