"""What worker processes do in tests of how they end; light, for each of them imports it."""

import os
import signal
import sys
import threading
import time
from pathlib import Path


def half_an_answer(dies: bool) -> bytes:
    """Its process is killed while the answer is being sent."""
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
