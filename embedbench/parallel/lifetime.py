"""Lifetime of worker processes: they exit with their parent, and dead workers are detected."""

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

__all__ = ["DeadWorkerMonitor", "end_executor", "exit_with_parent", "sigint_blocked"]

_UNNOTICED_SECONDS = 2.0

_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in Linux's prctl.h


@contextmanager
def sigint_blocked() -> Iterator[None]:
    """Start processes inside this context that do not receive Ctrl-C, not even at their start."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def exit_with_parent(parent: int) -> None:
    """In a worker: ignore Ctrl-C, and exit when the parent exits, even if the parent is killed.

    On Linux the kernel does this, even while a library holds the interpreter lock. On other
    systems a thread checks every second.
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
    """Detects a worker that dies while it sends its result.

    loky would wait for the rest of the result forever. The monitor kills the other workers and
    closes the pipe, so that loky sees that the result is incomplete.

    Args:
        executor: loky's executor.

    Attributes:
        over: set to stop the monitor.
        ended: whether the monitor killed workers.
    """

    def __init__(self, executor: Any) -> None:
        self.over = threading.Event()
        self.ended = False
        self._executor = executor
        self._answers = executor._result_queue
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        import psutil  # not needed by the command line

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


def end_executor(executor: Any, kill: bool, grace: float) -> None:
    """Shut down the processes; kill those that do not exit within `grace` seconds."""
    processes = list(executor._processes or ())
    ending = executor._executor_manager_thread
    executor.shutdown(wait=kill, kill_workers=kill)
    if ending is None or kill:
        return
    ending.join(grace)
    if ending.is_alive():
        import psutil  # not needed by the command line

        for pid in processes:
            with contextlib.suppress(psutil.Error):
                psutil.Process(pid).kill()
        ending.join()
