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
from types import FrameType
from typing import Any

__all__ = ["DeathWatch", "Ending", "end_with_parent", "shielded"]

_GRACE_SECONDS = 3.0
"""After a signal, what does not end by itself for so long is left: a download that hangs, say."""

_UNNOTICED_SECONDS = 2.0

_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in Linux's prctl.h


class Ending:
    """Ctrl-C, and a `kill`, stop the program in seconds; to be used as a context.

    Attributes:
        words: told on standard error when it was stopped.
        code: what the process then ends with: 130 after Ctrl-C, 143 after a `kill`.
    """

    def __init__(self, words: str) -> None:
        self.words = words
        self.code = 128 + signal.SIGINT
        self._told = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Ending":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                    self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            # Who presses again while the interpreter cleans up is not shown where it was.
            signal.signal(number, signal.SIG_DFL if self._told else handler)

    def tell(self) -> None:
        """Say that the program was stopped, once."""
        if not self._told:
            self._told = True
            print(self.words, file=sys.stderr, flush=True)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.code = 128 + number
        threading.Thread(target=self._leave, daemon=True).start()
        raise KeyboardInterrupt

    def _leave(self) -> None:
        time.sleep(_GRACE_SECONDS)
        self.tell()
        os._exit(self.code)


@contextmanager
def shielded() -> Iterator[None]:
    """Processes that are started meanwhile do not hear of Ctrl-C, even before they can say so."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent(parent: int) -> None:
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


class DeathWatch:
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
