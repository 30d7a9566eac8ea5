"""Run a comparison from the words of the command line, and print what came out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from embedbench.cli.options import keywords_from_words
from embedbench.cli.output import OK, PARTLY_DONE, echo_err, print_results, stdout_reserved
from embedbench.comparison.options import ComparisonOptions
from embedbench.errors import InputError, NoEncoderError, NotWrittenError
from embedbench.utils.options import from_keywords
from embedbench.utils.text import pluralise

__all__ = ["compare_and_print", "draw_run", "name_of_run"]


def compare_and_print(
    words: Mapping[str, Any], as_json: bool = False, draws_figures: bool = False
) -> int:
    """Run the comparison that these words of the command line ask for, and print what came out.

    Args:
        words: options by their names in a TOML file.
        as_json: print a JSON object.
        draws_figures: whether the figures are drawn too, as files.

    Returns:
        What the process ends with.

    Raises:
        EmbedbenchError: nothing could be done, or the results could not be written.
    """
    from embedbench.comparison.api import compare_by

    given = keywords_from_words(words)
    out = Path(given.get("out") or Path("embedbench-runs") / name_of_run(given["source"]))
    options = from_keywords(ComparisonOptions, given | {"out": out})
    is_said = not given["quiet"]
    try:
        with stdout_reserved():
            results = compare_by(options, draws_figures)
    except NoEncoderError as error:
        if is_said:
            raise InputError("no encoder could be used, for the reasons above") from error
        raise
    except NotWrittenError as error:
        print_results(error.results, None, as_json, is_said)
        raise InputError(f"{error}; what was encoded is kept: run again once it can be") from error
    print_results(results, out, as_json, is_said)
    if draws_figures:
        files = [path for path in (out / "figures").rglob("*") if path.is_file()]
        echo_err(f"{pluralise(len(files), 'figure')}: {out / 'figures'}")
    return PARTLY_DONE if len(results.failures) else OK


def draw_run(
    folder: Path, only: Sequence[str] = (), format: str = "png", quiet: bool = False
) -> list[Path]:
    """Draw figures of a run folder, say where they are, and return their files.

    Args:
        folder: the run folder.
        only: names of figures; empty for all.
        format: of their files.
        quiet: show no progress.

    Raises:
        EmbedbenchError: it is no run folder, or has no such figures.
    """
    from embedbench.report.plots.drawing import draw_figures
    from embedbench.results.reading import read_results
    from embedbench.utils.progress import Progress

    results, place = read_results(folder), folder / "figures"
    with Progress(quiet).bar("drawing figures", 0, "figures") as bar:
        files = draw_figures(results, place, only, format, bar.update)
    echo_err(f"{pluralise(len(files), 'figure')}: {place}")
    return files


def name_of_run(sources: Sequence[str]) -> str:
    """Return a name for a run of these sources."""
    bare = [source.partition("?")[0].split(",")[0].rpartition(":")[2] for source in sources]
    return "-".join(Path(source).stem or "images" for source in bare)
