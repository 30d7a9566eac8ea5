"""Promises of a whole run on terminals of all kinds, and on none: plain text, whole lines."""

import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.conftest import write_photographs
from tests.support import slow_encoder
from tests.support.example_results import example_results

pytestmark = pytest.mark.usefixtures("one_core")

COMMAND = [sys.executable, "-m", "embedbench"]
QUICK = ["--k", "3", "--seeds", "1", "--clusterer", "kmeans", "--projection", "pca"]
QUICK += ["--copies", "0"]


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, arguments: list[str], columns: int, **variables: str) -> None:
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            own = {"TERM": "xterm"} | variables
            outer = {key: os.environ[key] for key in os.environ if key not in ("COLUMNS", "LINES")}
            os.execve(COMMAND[0], [*COMMAND, *arguments], outer | own)
        termios.tcsetwinsize(self.handle, (24, columns))
        self.shown = b""

    def read(self, until: bytes = b"") -> str:
        """Read until something is shown, by default all."""
        while not until or until not in self.shown:
            try:
                part = os.read(self.handle, 65536)
            except OSError:  # the program has ended
                break
            if not part:
                break
            self.shown += part
        return self.shown.decode()

    def close(self) -> int:
        os.close(self.handle)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def screen(shown: str) -> list[str]:
    """Return the lines that stay on a terminal: what a return carries back to is written over."""
    lines = []
    for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r\n", "\n").split("\n"):
        letters: list[str] = []
        for part in line.split("\r"):
            part, cleared = part.replace("\x1b[K", ""), "\x1b[K" in part
            letters = list(part) if cleared else [*part, *letters[len(part) :]]
        lines.append("".join(letters).rstrip())
    return lines


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photographs(tmp_path_factory.mktemp("pictures") / "photos")


def test_a_narrow_terminal_without_colours_shows_rows_and_the_verdict(
    pictures: Path, tmp_path: Path
) -> None:
    arguments = ["run", str(pictures), "-e", "pixels", *QUICK, "--out", str(tmp_path / "run")]
    program = Terminal(arguments, 40, NO_COLOR="1")
    shown = program.read()
    assert program.close() == 0
    lines = screen(shown)
    first = next(row for row, line in enumerate(lines) if line.startswith("encoder"))
    assert lines[first].split() == ["encoder", "dim", "parameters", "images/s"]
    assert lines[first + 1].split()[:2] == ["pixels", "1860"]
    boxes = [line for line in lines if line.startswith("\u256d")]
    assert len(boxes) == 1 and max(map(len, boxes)) <= 40
    assert re.findall(r"\x1b\[[0-9;]*[34][0-9]m", shown) == []
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")


def test_ctrl_c_leaves_the_terminal_clean(pictures: Path, tmp_path: Path) -> None:
    plugin = slow_encoder.lay(tmp_path / "plugin")
    variables = slow_encoder.environment(plugin, tmp_path / "notes")
    arguments = ["run", str(pictures), "-e", "pixels", "-e", "slow", *QUICK]
    program = Terminal([*arguments, "--out", str(tmp_path / "run")], 80, **variables)
    program.read(until=b"slow: ")  # the bar of the second encoder
    time.sleep(1.5)  # it ticks meanwhile
    os.kill(program.pid, signal.SIGINT)
    shown = program.read()
    assert program.close() == 130
    *lines, told, end = screen(shown)
    assert told.startswith("stopped; what was encoded is kept") and end == ""
    assert any(line.startswith("pixels ") for line in lines)
    assert [line for line in lines if "slow: " in line or "it/s" in line] == []
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")


ASCII = {
    "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
}  # fmt: skip


def test_where_the_encoding_lacks_letters_they_are_written_as_escapes(
    pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text(
        "from embedbench import Encoder\n\nclass Own(Encoder):\n"
        "    def encode_batch(self, images):\n        raise ValueError('no B\u00e4ume')\n",
        encoding="utf-8",
    )
    encoders = ["-e", "pixels", "-e", f"{tmp_path / 'own.py'}:Own"]
    done = subprocess.run(
        [*COMMAND, "run", pictures, *encoders, *QUICK, "--out", tmp_path / "run"],
        capture_output=True,
        env=os.environ | ASCII,
    )
    out, err = done.stdout.decode("ascii"), done.stderr.decode("ascii")
    assert done.returncode == 3, err
    assert "Traceback" not in err and out.splitlines()[2].startswith("pixels")
    assert r"encoder 'Own' failed: ValueError: no B\xe4ume" in err.splitlines()


def test_a_pipe_that_is_closed_ends_the_program_without_a_word(tmp_path: Path) -> None:
    example_results().write(tmp_path / "run")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "show", tmp_path / "run"], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
