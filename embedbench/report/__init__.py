"""The report: one HTML file that a person can read anywhere, with no network."""

from pathlib import Path

from embedbench.errors import InputError
from embedbench.plots import draw_figures
from embedbench.report.page import write_report
from embedbench.results import Results

__all__ = ["draw", "write_report"]


def draw(results: Results, folder: Path) -> None:
    """Write `folder/figures` and `folder/report.html`, both new.

    Raises:
        InputError: the folder holds a link, through which a file elsewhere would be written.
    """
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise InputError(f"'{path}' is a link; a run folder must hold its files themselves")
    draw_figures(results, folder)
    write_report(results, folder)
