"""Signals: end the command in order, with one line and the right exit status."""

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

__all__ = ["SignalHandler"]

_GRACE_SECONDS = 3.0
"""Seconds after a signal until the process exits without waiting, say for a hanging download."""


class SignalHandler:
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

    def __enter__(self) -> "SignalHandler":
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
            # On a terminal a progress bar may stand in this line.
            clear = "\r\x1b[K" if sys.stderr.isatty() else ""
            print(f"{clear}{self.words}", file=sys.stderr, flush=True)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.code = 128 + number
        threading.Thread(target=self._leave, daemon=True).start()
        raise KeyboardInterrupt

    def _leave(self) -> None:
        time.sleep(_GRACE_SECONDS)
        self.tell()
        os._exit(self.code)
