"""The report: one HTML file that a person can read anywhere, with no network."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from embedbench.errors import InputError
from embedbench.report.page import write_report
from embedbench.report.plots.figures import draw_figures
from embedbench.results.results import Results

__all__ = ["draw", "redraw", "write_report"]


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


def redraw(folder: Path) -> None:
    """Draw the figures and the report of a run folder again; each is put there when it is whole.

    Raises:
        InputError: it is no run folder, or cannot be written.
    """
    results = Results.read(folder)
    try:
        with TemporaryDirectory(dir=folder, prefix=".unfinished-") as unfinished:
            new = Path(unfinished)
            draw(results, new)
            shutil.rmtree(folder / "figures", ignore_errors=True)
            (new / "figures").rename(folder / "figures")
            (new / "report.html").replace(folder / "report.html")
    except OSError as error:
        raise InputError(f"cannot write '{folder}': {error.strerror or error}") from error
