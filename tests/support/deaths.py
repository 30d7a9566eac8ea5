"""Functions for worker processes in tests of their end; few imports, as each worker needs them."""

import os
import signal
import sys
import threading
import time
from pathlib import Path


def half_an_answer(dies: bool) -> bytes:
    """Return a large result; if `dies`, the process is killed while it sends the result."""
    if dies:
        sends = threading.main_thread().ident

        def kill() -> None:
            while sys._current_frames()[sends or 0].f_code.co_name != "_send":
                time.sleep(0.0005)
            os.kill(os.getpid(), signal.SIGKILL)

        threading.Thread(target=kill, daemon=True).start()
    return bytes(100_000_000)


def dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def trapped(number: int, trap: Path) -> int:
    if number == 3 and trap.exists():
        trap.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def prints(characters: int) -> int:
    print("x" * characters, flush=True)
    return characters
