"""What the command line prints: tables to standard output, words about them to standard error.

Names, labels and errors come from others: what a terminal would obey in them is written out.
"""

import ctypes
import json
import math
import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from embedbench.utils.text import pluralise, printable

if TYPE_CHECKING:
    from embedbench.results.results import Results

__all__ = [
    "NOTHING_DONE",
    "OK",
    "PARTLY_DONE",
    "echo",
    "echo_err",
    "print_json",
    "print_results",
    "print_table",
    "print_tuned",
    "stdout_reserved",
]

OK, NOTHING_DONE, PARTLY_DONE = 0, 2, 3
"""What the process ends with."""

_TUNED = {
    "encoder": "encoder",
    "precision": "precision",
    "batch_size": "batch",
    "compiled": "compiled",
    "precision_cosine": "cosine",
    "precision_neighbours": "neighbours",
    "images_per_second": "images / s",
    "machine": "machine",
}
"""Columns that say how an encoder runs, with their headings; the speed is that of one worker."""


_LEAST_NAME = 12
"""Letters that the first column keeps on a narrow terminal; longer names are folded."""


@contextmanager
def stdout_reserved() -> Iterator[None]:
    """Send what libraries print, C code too, to standard error; the tables alone go to stdout."""
    sys.stdout.flush()
    stdout_copy = os.dup(1)
    try:
        os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        with suppress(Exception):  # what a library in C has not yet printed; not on Windows
            ctypes.CDLL(None).fflush(None)
        os.dup2(stdout_copy, 1)
        os.close(stdout_copy)


def print_results(
    results: "Results", out: Path | None, as_json: bool = False, is_said: bool = False
) -> None:
    """Print what a person wants to know first: the table, what was left out, and the verdict.

    Args:
        results: of the run.
        out: its folder; None if it could not be written.
        as_json: print encoders, comparison and verdict as one JSON object instead.
        is_said: whether the verdict, the notes and why encoders failed were said during the run.
    """
    from embedbench.results.purposes import budget_sentence, purpose_sentence
    from embedbench.results.schema import ONE_ENCODER
    from embedbench.results.sentences import answer_sentences, budget_sentences
    from embedbench.results.short_table import short_table
    from embedbench.results.views import headline_rows, with_timings

    sentences, of_budget = answer_sentences(results), budget_sentences(results.run["verdict"])
    if as_json:
        print_json(
            {
                "encoders": with_timings(results).to_dict("records"),
                "comparison": headline_rows(results).to_dict("records"),
                "verdict": results.run["verdict"] | {"sentences": sentences + of_budget},
                "purposes": results.purposes.to_dict("records"),
                "verdicts": results.run["verdicts"],
                "remarks": results.run["remarks"],
                "failures": results.failures.to_dict("records"),
                "out": out and str(out),
            }
        )
        return
    table = short_table(results)
    print_table(list(table.columns), table.to_numpy().tolist(), results.run["verdict"]["group"])
    for line in _left_out(results, out):
        echo_err(line)
    if not is_said:
        for line in _notes(results):
            echo_err(line)
    if results.run["verdict"]["basis"] == ONE_ENCODER:
        _print_answer("groups", " ".join(sentences))
    elif not is_said:
        _print_answer("verdict", " ".join(sentences))
    if of_budget and not is_said:
        echo_err(f"budget: {' '.join(of_budget)}")
    if by_purpose := purpose_sentence(results):
        echo_err(f"by purpose: {by_purpose}")
    if recommended := budget_sentence(results):
        echo_err(f"recommended within the budget: {recommended}.")
    if out is not None:
        echo_err(f"report: {out / 'report.html'}")
        echo_err(f"next: {_next_step(results, out)}")


def _left_out(results: "Results", out: Path | None) -> list[str]:
    kinds = results.failures["what"]
    skipped, failed = int((kinds == "image").sum()), int((kinds == "encoder").sum())
    encoders = int((results.encoders["status"] == "ok").sum())
    lines = [f"{pluralise(len(results.images), 'image')}, {pluralise(encoders, 'encoder')}"]
    where = f": {out / 'failures.csv'} says why" if out else ""
    if skipped:
        lines.append(f"{pluralise(skipped, 'image')} skipped{where}")
    if failed:
        lines.append(f"{pluralise(failed, 'encoder')} failed{where}")
    return lines


def _notes(results: "Results") -> list[str]:
    """Return why encoders failed, and what a reader should know."""
    failed = results.failures[results.failures["what"] == "encoder"]
    reasons = zip(failed["name"], failed["error"], strict=True)
    return [
        *(f"encoder '{name}' failed: {reason}" for name, reason in reasons),
        *(f"note: {remark}" for remark in results.run["remarks"]),
    ]


def _next_step(results: "Results", out: Path) -> str:
    """Return what a person would do now."""
    from embedbench.results.schema import ONE_ENCODER

    if results.run["verdict"]["basis"] == ONE_ENCODER:
        return f"its groups in pictures: embedbench open {quote(str(out))}"
    if not results.has_truth and len(results.encoders) > 1:
        return f"labels of some images make it surer: embedbench ask {quote(str(out))}"
    return f"every clusterer and number: embedbench show {quote(str(out))} --full"


def _print_answer(kind: str, text: str) -> None:
    """Print the answer: in a box on a terminal, else in one line."""
    if not sys.stderr.isatty():
        echo_err(f"{kind}: {text}")
        return
    from rich.console import Console

    from embedbench.results.live.table import verdict_box

    Console(stderr=True).print(verdict_box(text, kind))


def print_json(value: Any) -> None:
    """Print a value as JSON to standard output; what is not a number is null."""
    import numpy as np
    import pandas as pd

    def finite(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): finite(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [finite(part) for part in value]
        if isinstance(value, np.generic):
            return finite(value.item())
        if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
            return None
        return value

    echo(json.dumps(finite(value), indent=1, default=str))


def echo(text: str) -> None:
    """Print text to standard output, in its own encoding, whatever click thinks of it."""
    print(text, flush=True)


def echo_err(line: str) -> None:
    """Print a line to standard error."""
    print(printable(line), file=sys.stderr, flush=True)


def print_table(
    headings: list[str],
    rows: list[list[str]],
    marked: Collection[str] | None = None,
    widest: int | None = None,
) -> None:
    """Print a table to standard output: fitted to a terminal, elsewhere as plain text.

    Args:
        headings: of the columns.
        rows: their cells.
        marked: first cells of rows that stand out on a terminal, where the last columns may be left
            out if it is narrow; None for a table that is folded instead.
        widest: most letters a line of the last column, elsewhere.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        from rich.console import Console

        console = Console()
        shown = len(headings) if marked is None else _fitting(headings, cells, console.width)
        rich = _rich_table(headings[:shown], [row[:shown] for row in cells], marked or ())
        console.print(rich)
        if shown < len(headings):
            left_out = ", ".join(heading.strip() for heading in headings[shown:])
            echo_err(f"left out here, for the terminal is narrow: {left_out}")
        return
    from tabulate import tabulate

    widths = None if widest is None else [*[None] * (len(headings) - 1), widest]
    # A name may look like a number.
    echo(tabulate(cells, headings, disable_numparse=True, maxcolwidths=widths))


def _fitting(headings: list[str], rows: list[list[str]], width: int) -> int:
    """Return how many of the columns fit a terminal, the first in at least 12 letters."""
    room = width - _LEAST_NAME - 2
    for number, cells in enumerate(zip(*rows, strict=True) if rows else []):
        if number:
            room -= 3 + max(len(headings[number].strip()), *map(len, cells))
        if room < 0:
            return max(number, 1)
    return len(headings)


def _rich_table(headings: list[str], rows: list[list[str]], marked: Collection[str]) -> Any:
    """Return a table that folds long cells instead of cutting them off."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    marked = {printable(name) for name in marked}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(Text(heading.strip()), overflow="fold")
    for row in rows:
        style = "bold" if row and row[0] in marked else ""
        table.add_row(*(Text(cell, style) for cell in row))
    return table


def print_tuned(records: list[dict[str, Any]]) -> None:
    """Print how encoders ran at the last measuring, as `embedbench.embedding.autotune` keeps it."""
    print_table(list(_TUNED.values()), [_tuned(record) for record in records])


def _tuned(record: dict[str, Any]) -> list[str]:
    choice = record["choices"][0]
    values = record | choice | choice["told"]
    return [_written(values[name]) for name in _TUNED]


def _written(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
