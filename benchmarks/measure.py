"""Shared by all benchmarks: interleaved timing, ratios, and rows with targets.

Times on a shared machine drift, so alternatives are timed in turn: each repetition runs all of
them. The result is the median of the ratios, with the lowest and the highest.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    """One measured figure with its target.

    Attributes:
        what: what was measured, and compared with what.
        target: target in words; "" if there is none.
        reached: median of the repetitions.
        low: lowest of the repetitions.
        high: highest of the repetitions.
        met: whether the median meets the target; true if there is none.
        unit: unit of all figures.
        note: conditions of the measurement.
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
    """Return the seconds of each alternative, one number per repetition.

    Each repetition runs every alternative once; every second repetition reverses the order, so
    that none always follows the same one. There is no warm-up: call alternatives before if needed.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for repetition in range(repetitions):
        for name in list(ways)[:: -1 if repetition % 2 else 1]:
            start = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def ratio(slow: Sequence[float], quick: Sequence[float]) -> Spread:
    """Return the spread of the ratios of `slow` to `quick`, by repetition."""
    return spread([a / b for a, b in zip(slow, quick, strict=True)])


def spread(figures: Sequence[float]) -> Spread:
    """Return the median, the lowest and the highest."""
    return median(figures), min(figures), max(figures)


def machine() -> str:
    """Return processors, memory and library versions in one line, without the host name."""
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


def run(rows: Callable[[bool], Iterable[Row]]) -> None:
    """Measure and print; options of the command line: `--long`, `--json FILE`.

    The file is written after each row, so that a script that is ended leaves those that it has.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true", help="more images, more repetitions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here as well")
    options = parser.parse_args()
    measured = []
    for row in rows(not options.long):
        measured.append(row)
        if options.json:
            options.json.write_text(json.dumps([asdict(one) for one in measured]))
    print(machine(), table(measured), sep="\n\n")
