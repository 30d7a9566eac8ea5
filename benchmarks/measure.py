"""What all benchmarks share: ways timed in turn, their ratios, and rows with their targets.

Times on a shared machine drift, so ways are never timed apart: each repetition runs all of them,
and what is told is the median of the ratios, with the lowest and the highest.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from embedbench.utils.hardware import machine_name

__all__ = [
    "Row",
    "Spread",
    "at_least",
    "at_most",
    "interleaved",
    "machine",
    "ratio",
    "run",
    "spread",
    "table",
    "told",
]

Spread = tuple[float, float, float]
"""Median, lowest, highest."""

_LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "pillow",
    "torch",
    "torchvision",
    "timm",
    "transformers",
    "keras",
    "tensorflow",
)


@dataclass(frozen=True)
class Row:
    """One measured figure beside what it should be.

    Attributes:
        what: what was measured, against what.
        target: what it should be, in words; "" where it is only told.
        reached: the median.
        low: the lowest of the repetitions.
        high: the highest of them.
        met: whether the median holds the target; true where there is none.
        unit: of all four figures.
        note: what a reader must know to read the figure.
    """

    what: str
    target: str
    reached: float
    low: float
    high: float
    met: bool
    unit: str = "times"
    note: str = ""


def at_least(what: str, goal: float, measured: Spread, unit: str = "times", note: str = "") -> Row:
    """Return the row of a figure that should be `goal` or more."""
    return Row(what, f"{goal:g} or more", *measured, measured[0] >= goal, unit, note)


def at_most(what: str, goal: float, measured: Spread, unit: str = "times", note: str = "") -> Row:
    """Return the row of a figure that should be `goal` or less."""
    return Row(what, f"{goal:g} or less", *measured, measured[0] <= goal, unit, note)


def told(what: str, measured: Spread, unit: str = "times", note: str = "") -> Row:
    """Return the row of a figure without a target."""
    return Row(what, "", *measured, True, unit, note)


def interleaved(
    ways: Mapping[str, Callable[[], object]], repetitions: int
) -> dict[str, list[float]]:
    """Return the seconds of each way, a number a repetition.

    Each repetition runs every way once, every other one in the opposite order, so that no way
    always comes after the same one. Nothing is warmed up: a way that needs it was called before.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for repetition in range(repetitions):
        for name in list(ways)[:: -1 if repetition % 2 else 1]:
            start = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def ratio(slow: Sequence[float], quick: Sequence[float]) -> Spread:
    """Return how many times as long `slow` took as `quick`, repetition by repetition."""
    return spread([a / b for a, b in zip(slow, quick, strict=True)])


def spread(figures: Sequence[float]) -> Spread:
    """Return the median, the lowest and the highest."""
    return median(figures), min(figures), max(figures)


def machine() -> str:
    """Return the processors, memory and library versions in one line; no host's name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [f"Python {platform.python_version()}"]
    for library in _LIBRARIES:
        try:
            versions.append(f"{library} {importlib.metadata.version(library)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return f"{machine_name()}, {memory:.0f} GiB; {', '.join(versions)}"


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| what | target | reached | lowest to highest | met |", "|---|---|---|---|---|"]
    for row in rows:
        what = f"{row.what} ({row.note})" if row.note else row.what
        met = ("yes" if row.met else "**no**") if row.target else ""
        reached = f"{_figure(row.reached)} {row.unit}".strip()
        between = f"{_figure(row.low)} to {_figure(row.high)}"
        lines.append(f"| {what} | {row.target} | {reached} | {between} | {met} |")
    return "\n".join(lines)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def run(rows: Callable[[bool], list[Row]]) -> None:
    """Measure and print, as the command line asks: `--long`, `--json FILE`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true", help="more images, more repetitions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here as well")
    asked = parser.parse_args()
    found = rows(not asked.long)
    if asked.json:
        asked.json.write_text(json.dumps([asdict(row) for row in found]))
    print(machine(), table(found), sep="\n\n")
