"""Write the run folder of a comparison: tables, page, files for papers."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from embedbench.results.results import Results
from embedbench.results.run_folder import OutFolder
from embedbench.utils.progress import Progress

__all__ = ["Contents", "write_run"]


@dataclass(frozen=True)
class Contents:
    """What a run folder holds beside its tables.

    Attributes:
        figures: all figures as files, which the page shows, too.
        pictures: thumbnails on the page.
        vectors: the vectors of the encoders.
    """

    figures: bool = False
    pictures: bool = True
    vectors: bool = True


def write_run(
    results: Results, place: OutFolder, progress: Progress, contents: Contents = Contents()
) -> Results:
    """Write results into a place that is taken already, and return them with their folder.

    Raises:
        NotWrittenError: they cannot be written; the error holds these results.
    """
    kept = results if contents.vectors else replace(results, encoded=None)
    kept.put(place, partial(_draw, progress, contents))
    return replace(results, folder=place.folder)


def _draw(progress: Progress, contents: Contents, results: Results, folder: Path) -> None:
    """Write the page and the files for papers into a run folder; figures if they are asked for."""
    from embedbench.report.page import write_report
    from embedbench.report.papers.files import write_papers

    if contents.figures:
        from embedbench.report.plots.drawing import draw_figures

        with progress.bar("drawing figures", 0, "figures") as bar:
            draw_figures(results, folder / "figures", tick=bar.update)
    with progress.bar("writing the report", 0, ""):
        write_report(results, folder, contents.pictures)
        write_papers(results, folder)
