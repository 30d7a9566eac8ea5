"""What a notebook shows of a comparison while it runs: one table that fills, then the verdict."""

from collections.abc import Sequence
from html import escape

import pandas as pd

from embedbench.results.live.table import ENCODED, LiveTable, scored_rows
from embedbench.utils.progress import NotebookOutput, Progress
from embedbench.utils.text import printable

__all__ = ["NotebookTable", "live_table"]


def live_table(progress: Progress, encoders: Sequence[str]) -> LiveTable:
    """Return what says how a comparison goes, for a notebook or for standard error.

    Args:
        progress: how it is shown.
        encoders: the names of all encoders.
    """
    if progress.notebook is None:
        return LiveTable(progress, encoders)
    return NotebookTable(progress, encoders, progress.notebook)


class NotebookTable(LiveTable):
    """Says of each encoder what is known, in one table of a notebook.

    Args:
        progress: how it is shown.
        encoders: the names of all encoders.
        output: of the cell.
    """

    def __init__(self, progress: Progress, encoders: Sequence[str], output: NotebookOutput) -> None:
        super().__init__(progress, encoders)
        self._output = output
        self._headings = ["encoder", *ENCODED]
        self._rows: dict[str, list[str]] = {name: [] for name in encoders}
        self._refresh()

    def failed(self, name: str, reason: str) -> None:
        """Show why an encoder failed."""
        self._rows[name] = [f"failed: {reason}"]
        self._refresh()

    def scored(self, comparison: pd.DataFrame) -> None:
        """Show how the encoders compare at the shared k."""
        heading, where, cells = scored_rows(comparison)
        self._headings += [f"{heading} ({where})", "95 % interval"]
        for name, *numbers in cells:
            self._rows[name] = [*self._rows[name], *[""] * (3 - len(self._rows[name])), *numbers]
        self._refresh()

    def _show_encoded(self, name: str, dim: str, size: str, fast: str) -> None:
        self._rows[name] = [dim, size, fast]
        self._refresh()

    def _show_verdict(self, text: str) -> None:
        self._output.add(f"<p>{escape(printable(text))}</p>", "verdict")

    def _show_budget(self, text: str) -> None:
        self._output.add(f"<p>{escape(printable(text))}</p>", "budget")

    def _refresh(self) -> None:
        head = "".join(f"<th>{escape(heading)}</th>" for heading in self._headings)
        body = "".join(self._row(name, cells) for name, cells in self._rows.items())
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        self._output.add(table, "table")

    def _row(self, name: str, cells: Sequence[str]) -> str:
        shown = [escape(printable(cell)) for cell in (name, *cells)]
        if len(cells) == 1:  # why it failed
            return f"<tr><td>{shown[0]}</td><td colspan=3>{shown[1]}</td></tr>"
        missing = [""] * (len(self._headings) - len(shown))
        return "<tr>" + "".join(f"<td>{cell}</td>" for cell in [*shown, *missing]) + "</tr>"
