"""Progress bars on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedbench.utils.text import printable

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["Progress"]


@dataclass(frozen=True)
class Progress:
    """Settings of progress bars.

    Attributes:
        quiet: show nothing; otherwise bars are shown if standard error is a terminal.
    """

    quiet: bool = False

    def bar(self, what: str, total: int, unit: str) -> "tqdm[None]":
        """Return a progress bar, a context manager; with a total of 0 it shows only the time."""
        from tqdm import tqdm

        return tqdm(
            total=total,
            desc=printable(what),
            unit=f" {unit}",
            disable=self.quiet or None,
            leave=False,
            smoothing=0.1,
            bar_format=None if total else "{desc} ({elapsed})",
        )

    @contextmanager
    def loading(self, what: str) -> Iterator[Callable[[int], None]]:
        """Show the time, and the bytes downloaded once a function is called with their number."""
        with self.bar(what, 0, "B") as bar:
            bar.unit_scale = True

            def tick(count: int) -> None:
                bar.bar_format = "{desc}: {n_fmt}B downloaded ({elapsed}, {rate_fmt})"
                bar.update(count)

            yield tick

    def say(self, text: str) -> None:
        """Print a line above the bar, unless quiet."""
        if not self.quiet:
            from tqdm import tqdm

            tqdm.write(printable(text), file=sys.stderr)
