"""Run a comparison from the words of the command line, and print what came out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from embedbench.cli.options import keywords_from_words
from embedbench.cli.output import print_results, stdout_reserved
from embedbench.errors import InputError, NotWrittenError

__all__ = ["NOTHING_DONE", "OK", "PARTLY_DONE", "compare_and_print", "name_of_run"]

OK, NOTHING_DONE, PARTLY_DONE = 0, 2, 3
"""What the process ends with."""


def compare_and_print(words: Mapping[str, Any], as_json: bool = False) -> int:
    """Run the comparison that these words of the command line ask for, and print what came out.

    Args:
        words: options by their names in a TOML file.
        as_json: print a JSON object.

    Returns:
        What the process ends with.

    Raises:
        EmbedbenchError: nothing could be done, or the results could not be written.
    """
    from embedbench.comparison.api import compare

    given = keywords_from_words(words)
    out = Path(given.get("out") or Path("embedbench-runs") / name_of_run(given["source"]))
    try:
        with stdout_reserved():
            results = compare(**given | {"out": out})
    except NotWrittenError as error:
        print_results(error.results, None, as_json)
        raise InputError(f"{error}; what was encoded is kept: run again once it can be") from error
    print_results(results, out, as_json)
    return PARTLY_DONE if len(results.failures) else OK


def name_of_run(sources: Sequence[str]) -> str:
    """Return a name for a run of these sources."""
    bare = [source.partition("?")[0].split(",")[0].rpartition(":")[2] for source in sources]
    return "-".join(Path(source).stem or "images" for source in bare)
