"""The commands that write a run folder's results for other tools."""

from typing import Any

import click

from embedbench.cli.options import as_json_option
from embedbench.cli.output import OK, PARTLY_DONE, echo_err, print_json
from embedbench.cli.terminal.completion import complete_file, complete_folder
from embedbench.utils.text import join_names, pluralise

__all__ = ["export", "sort"]

_MOST_LINES = 20
"""Images left out that are told one a line."""

_CLUSTERER = click.option(
    "--clusterer", metavar="NAME", help="Whose clusters.  [default: the first one]"
)


@click.command()
@click.argument("run_folder", metavar="RUN", shell_complete=complete_folder)
@click.option("-e", "--encoder", metavar="ENCODER", help="Whose clusters, in a run of several.")
@click.option("--out", required=True, metavar="DIR", help="A new folder.")
@_CLUSTERER
@click.option("--link", is_flag=True, help="Link the images instead of copying them.")
@as_json_option
def sort(
    run_folder: str,
    encoder: str | None,
    out: str,
    clusterer: str | None,
    link: bool,
    as_json: bool,
) -> int:
    """Put the original images of a run into a folder for each cluster.

    `assignments.csv` in DIR says where each image is. Images that are gone, were changed since, or
    are at an address are left out and listed.
    """
    from embedbench.errors import InputError
    from embedbench.export.columns import chosen_encoders
    from embedbench.results.reading import read_results

    results = read_results(run_folder)
    encoders = chosen_encoders(results, [encoder] if encoder else [])
    if len(encoders) > 1:
        raise InputError(f"name the encoder with --encoder; there are: {', '.join(encoders)}")
    exported = results.export("folders", out, encoders=encoders, clusterer=clusterer, link=link)
    return _told(exported, as_json)


def _names_of_tools(context: Any, parameter: Any, begun: str) -> list[str]:
    from embedbench.export.exporting import EXPORTERS

    return [name for name in EXPORTERS if name.startswith(begun)]


@click.command()
@click.argument("run_folder", metavar="RUN", shell_complete=complete_folder)
@click.option(
    "--to",
    required=True,
    metavar="TOOL",
    shell_complete=_names_of_tools,
    help="fiftyone, folders, hub, mlflow, mteb, parquet or wandb.",
)
@click.option(
    "--out",
    metavar="PLACE",
    shell_complete=complete_file,
    help="A new file (parquet) or folder (folders, hub, mteb); mlflow and wandb: their store.",
)
@click.option(
    "--name",
    default="embedbench",
    metavar="NAME",
    show_default=True,
    help="Of the experiment (mlflow), project (wandb) or dataset (fiftyone, hub, mteb).",
)
@click.option(
    "-e", "--encoder", "encoders", multiple=True, metavar="ENCODER", help="May be repeated."
)
@_CLUSTERER
@click.option("--link", is_flag=True, help="folders: link the images instead of copying them.")
@click.option("--without-vectors", is_flag=True, help="parquet, fiftyone: leave vectors out.")
@as_json_option
def export(run_folder: str, without_vectors: bool, as_json: bool, **options: Any) -> int:
    """Write the results of a run folder for another tool. Nothing is encoded.

    What is at PLACE already is never replaced.
    """
    from embedbench.cli.output import stdout_reserved
    from embedbench.results.reading import read_results

    results = read_results(run_folder)
    if without_vectors:
        options["vectors"] = {}
    with stdout_reserved():
        exported = results.export(options.pop("to"), options.pop("out"), **options)
    return _told(exported, as_json)


def _told(exported: Any, as_json: bool) -> int:
    """Say what was written and what was left out; return the status."""
    skipped = exported.skipped
    if as_json:
        print_json(exported.record())
        return PARTLY_DONE if skipped else OK
    numbers = [pluralise(count, noun.removesuffix("s")) for noun, count in exported.written.items()]
    echo_err(f"{join_names(numbers)}: {exported.place}")
    for image, reason in list(skipped.items())[:_MOST_LINES]:
        echo_err(f"skipped '{image}': {reason}")
    if len(skipped) > _MOST_LINES:
        echo_err(f"skipped {len(skipped) - _MOST_LINES:,} more")
    if exported.next:
        echo_err(f"next: {exported.next}")
    return PARTLY_DONE if skipped else OK
