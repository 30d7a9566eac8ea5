"""The report: one HTML file that a person can read anywhere, with no network."""

from pathlib import Path

from embedbench.plots import draw_figures
from embedbench.report.page import write_report
from embedbench.results import Results

__all__ = ["draw", "write_report"]


def draw(results: Results, folder: Path) -> None:
    """Write `folder/figures` and `folder/report.html`, both new."""
    draw_figures(results, folder)
    write_report(results, folder)
