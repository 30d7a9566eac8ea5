"""The report: one HTML file that a person can read anywhere, with no network."""

from pathlib import Path
from tempfile import TemporaryDirectory

from embedbench.errors import InputError
from embedbench.report.layout.sections import sections_of_tables
from embedbench.report.page import write_report
from embedbench.report.papers.files import write_papers
from embedbench.results.reading import read_partly
from embedbench.utils.messages import system_reason

__all__ = ["redraw"]


def redraw(folder: Path, pictures: bool = True) -> list[str]:
    """Write the page and the files for papers again; they are put there when they are whole.

    Return a sentence for each table that could not be read and that a section of the page alone
    needs; the page says so there.

    Args:
        folder: the run folder.
        pictures: whether the page holds thumbnails.

    Raises:
        InputError: it is no run folder, lacks a table that decides, holds a link, or cannot be
            written.
    """
    results, lacking = read_partly(folder)
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise InputError(f"'{path}' is a link; a run folder must hold its files themselves")
    try:
        with TemporaryDirectory(dir=folder, prefix=".unfinished-") as unfinished:
            page = write_report(results, Path(unfinished), pictures, lacking)
            for file in (page, *write_papers(results, Path(unfinished))):
                file.replace(folder / file.name)
    except OSError as error:
        raise InputError(f"cannot write '{folder}': {system_reason(error)}") from error
    headings = sections_of_tables(lacking)
    so = {
        table: f", so '{heading}' on the page is not whole" for table, heading in headings.items()
    }
    return [f"{reason}{so.get(table, '')}; run again for it" for table, reason in lacking.items()]
