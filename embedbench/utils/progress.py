"""Progress bars on standard error, or none."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedbench.utils.text import printable

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["Progress"]


@dataclass(frozen=True)
class Progress:
    """How long work is shown.

    Attributes:
        quiet: show nothing; otherwise bars appear where standard error is a terminal.
    """

    quiet: bool = False

    def bar(self, what: str, total: int, unit: str) -> "tqdm[None]":
        """Return a progress bar, to be used as a context; of no total, only the time is shown."""
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
        """Print a line, above any bar."""
        if not self.quiet:
            from tqdm import tqdm

            tqdm.write(printable(text), file=sys.stderr)
