"""Draw the figures of a comparison into files, in parallel processes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from embedbench.errors import InputError
from embedbench.parallel.pool import Pool
from embedbench.report.plots.figure_spec import FigureSpec
from embedbench.report.plots.figures import figure_specs
from embedbench.report.plots.style import save
from embedbench.results.results import Results
from embedbench.utils.hardware import cores
from embedbench.utils.messages import system_reason

__all__ = ["FORMATS", "draw_figures"]

FORMATS = ("png", "svg", "pdf")
"""Formats of charts; pictures among the PNG files are JPEG."""


def draw_figures(
    results: Results,
    folder: Path,
    only: Sequence[str] = (),
    format: str = FORMATS[0],
    tick: Callable[[int], object] = lambda _: None,
) -> list[Path]:
    """Draw figures into a folder, with a folder in it for each encoder; return their files.

    Silhouettes, and clusters against classes, are drawn for each clusterer; maps and contact
    sheets for the first clusterer only. Text in SVG and PDF files stays text.

    Args:
        results: of the comparison.
        folder: where the files go; files of the same names are replaced.
        only: names of figures without ending, such as `ranks` or `timm/elbow`, names of encoders'
            folders, or patterns such as `*/map_*`; empty for all.
        format: `png`, `svg` or `pdf`.
        tick: called with 1 after each figure.

    Raises:
        InputError: there is no such figure or format, or the folder cannot be written.
    """
    if format not in FORMATS:
        raise InputError(f"a figure's format must be {', '.join(FORMATS)}; not '{format}'")
    results = replace(results, encoded=None)  # figures need no vectors, which are large
    chosen = _chosen(figure_specs(results), only)
    files = [folder / _file(spec, format) for spec in chosen]
    for path in [folder, *{file.parent for file in files}, *files]:
        if path.is_symlink():
            raise InputError(f"'{path}' is a link; a run folder must hold its files themselves")
    calls = [(_draw, spec, file) for spec, file in zip(chosen, files, strict=True)]
    try:
        if len(calls) < 2:
            for _, spec, file in calls:
                _draw(spec, file)
                tick(1)
        else:
            with Pool(min(cores(), len(calls)), patience=None) as pool:
                pool.gather(calls, tick)
    except OSError as error:
        raise InputError(f"cannot write '{folder}': {system_reason(error)}") from error
    return files


def _draw(spec: FigureSpec, file: Path) -> None:
    save(spec.draw(), file)


def _file(spec: FigureSpec, format: str) -> str:
    return spec.file if format == "png" else str(PurePosixPath(spec.file).with_suffix(f".{format}"))


def _chosen(specs: Sequence[FigureSpec], only: Sequence[str]) -> list[FigureSpec]:
    """Return the figures that were asked for, in their order.

    Raises:
        InputError: a name fits none of them.
    """
    names = {str(PurePosixPath(spec.file).with_suffix("")): spec for spec in specs}
    chosen: set[str] = set()
    for asked in only:
        wanted = asked.rstrip("/")
        found = {
            name for name in names if fnmatchcase(name, wanted) or name.partition("/")[0] == wanted
        }
        if not found:
            raise InputError(f"no figure is called '{asked}'; there are: {', '.join(names)}")
        chosen |= found
    return [spec for name, spec in names.items() if not only or name in chosen]
