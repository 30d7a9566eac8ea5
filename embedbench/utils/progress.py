"""Progress: bars on a terminal, one output in a notebook, else a line now and then.

On a terminal and without one it goes to standard error.
"""

import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from embedbench.utils.text import printable

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["NotebookOutput", "Progress", "in_notebook"]

_LINE_SECONDS = 30.0
"""Where there is no terminal, a long task says where it is this often."""

_NOTEBOOK_LETTERS = 80
"""In a bar that a notebook shows."""

_TICK_SECONDS = 1.0
"""A bar shows the time this often, also where its task stands still."""


@dataclass(frozen=True)
class Progress:
    """Settings of progress bars.

    Attributes:
        quiet: show nothing; otherwise bars are shown if standard error is a terminal or the code
            runs in a notebook, else a line every half minute. None to show progress in notebooks
            alone.
    """

    quiet: bool | None = False

    @cached_property
    def is_quiet(self) -> bool:
        """Whether nothing is shown."""
        return not in_notebook() if self.quiet is None else self.quiet

    @cached_property
    def notebook(self) -> "NotebookOutput | None":
        """Where a notebook shows progress; None outside of one, or if nothing is shown."""
        return NotebookOutput() if in_notebook() and not self.is_quiet else None

    def bar(self, what: str, total: int, unit: str) -> "tqdm[None]":
        """Return a progress bar, a context manager; with a total of 0 it shows only the time."""
        bar: tqdm[None] = _bar_class()(
            total=total,
            desc=printable(what),
            unit=f" {unit}",
            disable=self.is_quiet or (None if self.notebook is None else False),
            file=self.notebook,
            ncols=_NOTEBOOK_LETTERS if self.notebook else None,
            leave=False,
            smoothing=0.1,
            bar_format=None if total else "{desc} ({elapsed})",
            silent=self.is_quiet,
        )
        return bar

    @contextmanager
    def loading(self, what: str) -> Iterator[Callable[[int], None]]:
        """Show the time, and the bytes downloaded once a function is called with their number."""
        with self.bar(what, 0, "B") as bar:
            bar.unit_scale = True

            def tick(count: int) -> None:
                bar.bar_format = "{desc}: {n_fmt}B downloaded ({elapsed}, {rate_fmt})"
                bar.update(count)

            yield tick

    @property
    def on_terminal(self) -> bool:
        """Whether what is shown goes to a terminal."""
        return not self.is_quiet and sys.stderr.isatty()

    @property
    def width(self) -> int:
        """Letters in a line of the terminal."""
        from rich.console import Console

        return Console(stderr=True).width

    def say(self, text: str) -> None:
        """Print a line above the bar, unless quiet."""
        if self.notebook is not None:
            self.notebook.add(f"<div>{escape(printable(text))}</div>")
        elif not self.is_quiet:
            from tqdm import tqdm

            tqdm.write(printable(text), file=sys.stderr)

    def show(self, renderable: Any) -> None:
        """Print what rich can show above the bar, on a terminal and unless quiet."""
        if self.on_terminal:
            from rich.console import Console
            from tqdm import tqdm

            with tqdm.external_write_mode(file=sys.stderr):
                Console(stderr=True).print(renderable)


class NotebookOutput:
    """The output of a notebook cell: parts one below the other, and what is being done now.

    A bar writes to it as to a file; its last line is shown at the end, and gone with the bar.
    """

    encoding = "utf-8"

    def __init__(self) -> None:
        self._parts: dict[str, str] = {}
        self._line = ""
        self._output: Any = None

    def add(self, part: str, name: str | None = None) -> None:
        """Show a part, HTML that is escaped already, in place of an earlier one of this name."""
        self._parts[name or f"part {len(self._parts)}"] = part
        self._show()

    def write(self, text: str) -> None:
        """Show the last line of a bar."""
        self._line = text.rpartition("\r")[2].rstrip()
        self._show()

    def flush(self) -> None:
        """Do nothing; everything is shown at once."""

    def _show(self) -> None:
        notebook: Any = importlib.import_module("IPython.display")
        line = f"<pre>{escape(self._line)}</pre>" if self._line else ""
        shown = notebook.HTML("".join(self._parts.values()) + line)
        if self._output is None:
            self._output = notebook.display(shown, display_id=True)
        else:
            self._output.update(shown)


def in_notebook() -> bool:
    """Whether this code runs in a notebook: in IPython with a kernel, not in one of its clients."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


@cache
def _bar_class() -> Any:
    """Return the bar of tqdm that ticks by itself, and writes lines where it cannot be shown."""
    from tqdm import tqdm

    class TickingBar(tqdm):  # type: ignore[misc]
        """A bar with a thread that shows it again and again."""

        def __init__(self, *arguments: Any, silent: bool, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._ended = threading.Event()
            self._began, self._counted = time.monotonic(), 0
            self._told = (options["desc"], options["total"], options["unit"].strip())
            if not silent:
                threading.Thread(target=self._tick, daemon=True).start()

        def update(self, n: float | int | None = 1) -> bool | None:
            """Count n more."""
            self._counted += int(n or 0)
            shown: bool | None = super().update(n)
            return shown

        def close(self) -> None:
            """End the bar and its thread."""
            if hasattr(self, "_ended"):
                self._ended.set()
            super().close()

        def _tick(self) -> None:
            while not self._ended.wait(_LINE_SECONDS if self.disable else _TICK_SECONDS):
                if self.disable:
                    print(self._line(), file=sys.stderr, flush=True)
                    continue
                with self.get_lock():  # so that nothing is shown after the bar has ended
                    if not self._ended.is_set():
                        self.refresh()

        def _line(self) -> str:
            what, total, unit = self._told
            minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
            counted = ""
            if total:
                counted = f": {self._counted} of {total} {unit}"
            elif self._counted and unit == "B":
                counted = f": {self._counted / 10**6:.0f} MB"
            return f"{what}{counted} ({minutes}:{seconds:02d})"

    return TickingBar
