"""Progress bars on standard error."""

import sys
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

    def say(self, text: str) -> None:
        """Print a line above the bar, unless quiet."""
        if not self.quiet:
            from tqdm import tqdm

            tqdm.write(printable(text), file=sys.stderr)
