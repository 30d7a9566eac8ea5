"""The commands: read the words, call, print."""

import shlex
from pathlib import Path
from typing import Any

import click

from embedbench.cli.compare import compare_and_print, name_of_run
from embedbench.cli.options import (
    ENGINE_KEYWORDS,
    READING_KEYWORDS,
    as_json_option,
    click_options,
    given_words,
    keywords_from_words,
    run_options,
)
from embedbench.cli.output import (
    OK,
    PARTLY_DONE,
    echo,
    echo_err,
    print_json,
    print_table,
    stdout_reserved,
)
from embedbench.cli.terminal.completion import (
    complete_encoder,
    complete_file,
    complete_folder,
    complete_recipe,
)
from embedbench.data.options import SourceOptions
from embedbench.errors import EmbedbenchError
from embedbench.parallel.engine_options import EngineOptions
from embedbench.utils.options import from_keywords
from embedbench.utils.text import printable

__all__ = [
    "demo",
    "embed",
    "encoders",
    "fetch",
    "look",
    "recipe",
    "run",
]


@click.command()
@click.argument("source", nargs=-1, shell_complete=complete_file)
@run_options
@as_json_option
def run(source: tuple[str, ...], as_json: bool, **given: Any) -> int:
    """Compare encoders on your own images.

    SOURCE is a folder (sub-folders are labels if two or more hold images), a .csv or .parquet
    file with a column `path` or `url`, either of them also at an address such as
    s3://bucket/photos, `open-images:FOLDER`, or a .toml file with these same options. Several
    sources are compared as domains.
    """
    from embedbench.cli.toml import read_toml

    if not source:
        raise click.UsageError("what to compare is missing: embedbench run FOLDER -e ENCODER")
    settings: dict[str, Any] = {"source": list(source)}
    if source[0].endswith(".toml"):
        if len(source) > 1:
            raise click.UsageError("a .toml file must be the only source")
        settings = read_toml(Path(source[0]))
        if "source" not in settings:
            raise click.UsageError(f"'{source[0]}' names no source")
    return compare_and_print(settings | given_words(given), as_json)


@click.command()
@click.argument("name", required=False, shell_complete=complete_recipe)
@click.argument("source", nargs=-1, shell_complete=complete_file)
@run_options
@as_json_option
def recipe(name: str | None, source: tuple[str, ...], as_json: bool, **given: Any) -> int:
    """Run a prepared comparison; without NAME, list them.

    A recipe sets options of `embedbench run`; options given here replace them, so `-e` replaces
    the encoders. Its figures are drawn too, as files.
    """
    from embedbench.cli.recipes import recipes

    settings_by_recipe = recipes()
    if name is None:
        about = {key: one["about"] for key, one in settings_by_recipe.items()}
        if as_json:
            print_json({"recipes": settings_by_recipe})
        else:
            print_table(["recipe", "what it does"], [list(row) for row in about.items()])
        return OK
    if name not in settings_by_recipe:
        raise click.UsageError(f"unknown recipe '{name}'; recipes: {', '.join(settings_by_recipe)}")
    if not source:
        raise click.UsageError(f"the source is missing: embedbench recipe {name} SOURCE")
    settings = settings_by_recipe[name] | {"source": list(source)} | given_words(given)
    settings.setdefault(
        "out", str(Path("embedbench-runs") / f"{name}-{name_of_run(settings['source'])}")
    )
    hint = (
        f"to run the recipe with other encoders: embedbench recipe {name} {shlex.join(source)} "
        "-e ENCODER; conse, timm and pixels need no hub"
    )
    try:
        code = compare_and_print(settings, as_json, draws_figures=True)
    except EmbedbenchError:
        echo_err(hint)
        raise
    if code != OK:
        echo_err(hint)
    return code


@click.command()
@click.argument("source", nargs=-1, required=True, shell_complete=complete_file)
@click_options(*READING_KEYWORDS, "offline")
@as_json_option
def look(source: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Show what would be compared: images, formats, sizes, depths, labels, splits, copies.

    Encodes and downloads nothing. SOURCE and options are those of `embedbench run`.
    """
    from embedbench.data.loading import read_sources
    from embedbench.data.overview import overview
    from embedbench.io.paths import check_offline
    from embedbench.utils.offline import no_network

    given = keywords_from_words(given_words(options))
    reading = from_keywords(SourceOptions, given)
    with no_network(given["offline"]), stdout_reserved():
        check_offline(given["offline"], [*source, reading.labels, reading.root])
        dataset = read_sources(list(source), reading).sample(reading.limit)
        found = overview(dataset, reading.drawing)
    if as_json:
        print_json(found.record())
        return OK
    for line in found.lines():
        echo(printable(line))
    return OK


@click.command()
@click.option(
    "--out",
    default="embedbench-demo",
    metavar="DIR",
    show_default=True,
    shell_complete=complete_folder,
)
@click_options("store", "quiet")
@as_json_option
def demo(out: str, store: str | None, quiet: bool | None, as_json: bool) -> int:
    """Compare real encoders on sample photographs, with no network."""
    from embedbench.cli.demo import run_demo

    return run_demo(Path(out), store, bool(quiet), as_json)


@click.command()
@click.argument("name", required=False, shell_complete=complete_encoder)
@click_options("store")
@as_json_option
def encoders(name: str | None, store: str | None, as_json: bool) -> int:
    """List the installed encoders, what each needs, and the measured settings.

    With NAME, the fields and examples of one encoder, or the encoders of a set.
    """
    from embedbench.cli.encoders import show_encoder, show_encoders

    if name is None:
        show_encoders(store, as_json)
    else:
        show_encoder(name, as_json)
    return OK


@click.command()
@click.option(
    "-e",
    "--encoder",
    "encoders",
    multiple=True,
    required=True,
    metavar="ENCODER",
    shell_complete=complete_encoder,
    help="As for `embedbench run`; may be repeated.",
)
@click_options(*ENGINE_KEYWORDS, "quiet")
@as_json_option
def fetch(encoders: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Download the weights of encoders ahead of time, and show what is there.

    Later runs find them, also with --offline. A download that broke off goes on where it was.
    """
    from embedbench.cli.fetch import fetch as download

    given = keywords_from_words(given_words(options))
    return download(encoders, from_keywords(EngineOptions, given), bool(given["quiet"]), as_json)


@click.command()
@click.argument("source", shell_complete=complete_file)
@click.option(
    "-e",
    "--encoder",
    required=True,
    multiple=True,
    metavar="ENCODER",
    shell_complete=complete_encoder,
    help="NAME[:MODEL][,field=value ...]; may be given several times.",
)
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    shell_complete=complete_file,
    help="A .parquet or .npy file; of several encoders with {encoder} for the name of each.",
)
@click_options(*READING_KEYWORDS, *ENGINE_KEYWORDS, "quiet")
@as_json_option
def embed(source: str, encoder: tuple[str, ...], out: str, as_json: bool, **options: Any) -> int:
    """Write the vectors of one encoder to a file, or of several to a file each.

    With a .npy file comes a .txt file of the same stem: the names of the images, one a line.
    """
    from embedbench.embedding.export import vector_files, write_vectors
    from embedbench.encoders.registry import create_encoders

    given = keywords_from_words(given_words(options))
    with stdout_reserved():
        written, skipped = write_vectors(
            source,
            encoder,
            out,
            engine=from_keywords(EngineOptions, given),
            reading=from_keywords(SourceOptions, given),
            quiet=given["quiet"],
        )
        files = vector_files(out, list(create_encoders(encoder))) if as_json else {}
    if as_json:
        named = [{"encoder": name, "file": str(file)} for name, file in files.items()]
        missed = [{"image": name, "error": reason} for name, reason in skipped.items()]
        print_json({"vectors": written, "files": named, "skipped": missed})
        return PARTLY_DONE if skipped else OK
    echo_err(f"{written} vectors: {out}")
    for name, reason in skipped.items():
        echo_err(f"skipped '{name}': {reason}")
    return PARTLY_DONE if skipped else OK
