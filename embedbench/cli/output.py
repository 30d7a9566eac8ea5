"""What the command line prints: tables to standard output, words about them to standard error.

Names, labels and errors come from others: what a terminal would obey in them is written out.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from embedbench.utils.text import pluralise, printable

if TYPE_CHECKING:
    from embedbench.results.results import Results

__all__ = ["echo_err", "print_table", "print_tuned", "stdout_reserved", "summarise"]

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


def summarise(results: "Results", out: Path) -> None:
    """Print below the table what was compared, what was left out, and the verdict."""
    from embedbench.results.sentences import verdict_sentences
    from embedbench.results.views import fastest

    kinds = results.failures["what"]
    skipped, failed = int((kinds == "image").sum()), int((kinds == "encoder").sum())
    encoders = int((results.encoders["status"] == "ok").sum())
    lines = [
        "* in the encoder's own space: compares clusterings of one encoder, not encoders",
        f"{pluralise(len(results.images), 'image')}, {pluralise(encoders, 'encoder')}",
    ]
    if skipped:
        lines.append(f"{pluralise(skipped, 'image')} skipped: {out / 'failures.csv'} says why")
    if failed:
        lines.append(f"{pluralise(failed, 'encoder')} failed: {out / 'failures.csv'} says why")
    lines += [f"note: {remark}" for remark in results.run["remarks"]]
    verdict = " ".join(verdict_sentences(results.run["verdict"], fastest(results)))
    for line in [*lines, f"verdict: {verdict}", f"report: {out / 'report.html'}"]:
        echo_err(line)


def echo_err(line: str) -> None:
    """Print a line to standard error."""
    click.echo(printable(line), err=True)


def print_table(headings: list[str], rows: list[list[str]], widest: int | None = None) -> None:
    """Print a table to standard output; the last column has at most `widest` letters a line."""
    from tabulate import tabulate

    cells = [[printable(cell) for cell in row] for row in rows]
    widths = None if widest is None else [*[None] * (len(headings) - 1), widest]
    # A name may look like a number.
    click.echo(tabulate(cells, headings, disable_numparse=True, maxcolwidths=widths))


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
