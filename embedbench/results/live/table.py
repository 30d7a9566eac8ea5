"""What a comparison says while it runs: a row an encoder, its numbers, then the verdict.

On a terminal the rows stand in columns above the progress bar; nothing that is written is moved or
written over, so that whatever else writes there, or ends the program, leaves whole lines.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from embedbench.results.formats import short_interval, short_number
from embedbench.results.schema import K_CRITERIA, ONE_ENCODER
from embedbench.results.sentences import budget_sentences, verdict_sentences
from embedbench.results.views import fastest_of
from embedbench.utils.progress import Progress
from embedbench.utils.text import printable

if TYPE_CHECKING:
    from rich.panel import Panel

__all__ = ["ENCODED", "LiveTable", "scored_rows", "verdict_box"]

ENCODED, _WIDTHS = ("dim", "parameters", "images/s"), (5, 10, 8)
_SCORED = (9, 14)
"""Headings, and the letters of the columns."""

STORED = "stored"
"""In place of a speed where all vectors were there."""

_GAP, _LEAST = 2, 8
"""Letters between two columns, and of the column of names at least."""


class LiveTable:
    """Says of each encoder what is known, as soon as it is.

    Args:
        progress: how it is shown; if it is quiet, nothing is said.
        encoders: the names of all encoders.
    """

    def __init__(self, progress: Progress, encoders: Sequence[str]) -> None:
        self._progress = progress
        self._longest = max((len(printable(name)) for name in encoders), default=0)
        self._has_headings = False
        self._speeds: dict[str, float] = {}

    def encoded(
        self,
        name: str,
        dim: int | None,
        parameters: int | None,
        speed: float | None,
        is_stored: bool,
    ) -> None:
        """Say that the vectors of an encoder are there, and its images/s unless all were stored."""
        if speed is not None:
            self._speeds[name] = speed
        size = f"{parameters / 1e6:.3g} M" if parameters else ""
        fast = STORED if is_stored else "" if speed is None else f"{speed:.3g}"
        self._show_encoded(name, str(dim or ""), size, fast)

    def failed(self, name: str, reason: str) -> None:
        """Say why an encoder failed."""
        if self._progress.on_terminal:
            rest = max(self._progress.width - self._first() - _GAP, _LEAST)
            self._show([], [[name, f"failed: {reason}"]], [rest], "red")
        else:
            self._progress.say(f"encoder '{name}' failed: {reason}")

    def _show_encoded(self, name: str, dim: str, size: str, fast: str) -> None:
        """Show what is known of an encoder, each part empty where it is not."""
        if self._progress.on_terminal:
            headings = [] if self._has_headings else ["encoder", *ENCODED]
            self._show(headings, [[name, dim, size, fast]], _WIDTHS)
            self._has_headings = True
            return
        facts = [f"dim {dim}" if dim else "", f"{size} parameters" if size else ""]
        facts += [f"{fast} images/s" if fast not in ("", STORED) else fast]
        self._progress.say(f"{name}: {', '.join(filter(None, facts))}")

    def scored(self, comparison: pd.DataFrame) -> None:
        """Say how the encoders compare at the shared k, by the table `comparison`."""
        heading, where, cells = scored_rows(comparison)
        if self._progress.on_terminal:
            self._show([where, heading, "95 % interval"], cells, _SCORED)
            return
        told = (f"{name} {value}" + (f" ({ends})" if ends else "") for name, value, ends in cells)
        self._progress.say(f"{heading}, {where}: {'; '.join(told)}")

    def decided(self, verdict: Mapping[str, Any]) -> None:
        """Say the verdict, as in `run.json`; of one encoder the answer comes with all the rest."""
        if verdict["basis"] == ONE_ENCODER:
            return
        fastest = fastest_of(verdict["group"], self._speeds)
        self._show_verdict(" ".join(verdict_sentences({**verdict, "budget": None}, fastest)))

    def chosen(self, verdict: Mapping[str, Any]) -> None:
        """Say which encoder is recommended within the budget, if there is one."""
        if told := budget_sentences(verdict):
            self._show_budget(" ".join(told))

    def _show_verdict(self, text: str) -> None:
        if self._progress.on_terminal:
            self._progress.show(verdict_box(text))
        else:
            self._progress.say(f"verdict: {text}")

    def _show_budget(self, text: str) -> None:
        self._progress.say(f"budget: {text}")

    def _first(self) -> int:
        """Return the letters that the column of names has, the same in every row."""
        room = self._progress.width - sum(_WIDTHS) - _GAP * len(_WIDTHS)
        return max(_LEAST, min(self._longest, room))

    def _show(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths: Iterable[int],
        style: str = "",
    ) -> None:
        """Show rows in columns of these widths, after that of the names; they are folded."""
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, _GAP, 0, 0))
        for width in (self._first(), *widths):
            table.add_column(width=width, overflow="fold")
        if headings:
            table.add_row(*(Text(heading, "bold") for heading in headings))
        for row in rows:
            table.add_row(*(Text(printable(cell), style) for cell in row))
        self._progress.show(table)


def scored_rows(comparison: pd.DataFrame) -> tuple[str, str, list[list[str]]]:
    """Return the metric, what was clustered how, and a row an encoder: name, value, interval.

    Args:
        comparison: the table `comparison`, of which the rows at the shared k are taken.
    """
    first = comparison.iloc[0]
    rows = comparison[
        (comparison["space"] == first["space"])
        & (comparison["clusterer"] == first["clusterer"])
        & ~comparison["k_from"].isin(K_CRITERIA)
    ].drop_duplicates("encoder")
    metric, heading = ("ami", "AMI") if "ami" in rows else ("stability", "stability")
    ends = [rows.get(f"{metric}_{end}", pd.Series(index=rows.index)) for end in ("low", "high")]
    cells = [
        [str(name), short_number(value), short_interval(low, high)]
        for name, value, low, high in zip(rows["encoder"], rows[metric], *ends, strict=True)
    ]
    where = str(first["clusterer"])
    where += "" if pd.isna(first["k"]) else f", k={int(first['k'])}"  # it may find its own
    return heading, where, cells


def verdict_box(text: str, title: str = "verdict") -> "Panel":
    """Return the answer in a box, for a terminal."""
    from rich.panel import Panel
    from rich.text import Text

    return Panel(Text(printable(text)), title=title, title_align="left")
