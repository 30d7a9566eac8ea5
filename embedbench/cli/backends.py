"""The commands for who writes an encoder: begin one, and check it."""

import shlex
from pathlib import Path

import click

from embedbench.cli.options import as_json_option
from embedbench.cli.output import (
    OK,
    PARTLY_DONE,
    echo,
    echo_err,
    print_json,
    print_table,
    stdout_reserved,
)
from embedbench.cli.terminal.completion import complete_encoder

__all__ = ["check", "new_backend"]


@click.command()
@click.argument("encoder", shell_complete=complete_encoder)
@click.option(
    "--patience",
    type=click.FloatRange(min=0, min_open=True),
    default=300,
    metavar="SECONDS",
    show_default=True,
    help="A check that takes longer fails, and no other is run.",
)
@as_json_option
def check(encoder: str, patience: float, as_json: bool) -> int:
    """Run the conformance checks on one encoder, in a separate process."""
    from embedbench.encoders.checking.checks import check_description
    from embedbench.encoders.checking.runner import run_checks_isolated

    with stdout_reserved():
        results = list(run_checks_isolated(encoder, patience))
    rows = [(one.__name__, check_description(one), error) for one, error in results]
    if as_json:
        checks = [
            {"check": name, "requires": needed, "ok": not error, "error": error or None}
            for name, needed, error in rows
        ]
        print_json({"encoder": encoder, "checks": checks})
    else:
        table = [[name, needed, error or "ok"] for name, needed, error in rows]
        print_table(["check", "requires", "result"], table)
    return PARTLY_DONE if any(error for _, error in results) else OK


@click.command()
@click.argument("name")
@click.option("--out", default=".", metavar="DIR", help="Folder to create it in.")
@click.option("--texts", is_flag=True, help="The encoder encodes texts, too.")
@as_json_option
def new_backend(name: str, out: str, texts: bool, as_json: bool) -> int:
    """Write a package with an encoder of your own, to start from.

    NAME is its name after -e. The package installs, passes its own tests, and is listed by
    `embedbench encoders` at once.
    """
    from embedbench.encoders.scaffold import new_backend as write

    written = write(name, Path(out), texts)
    package = shlex.quote(str(written[0].parent.absolute()))
    install = f"pip install -e {package} && embedbench check {name}"
    if as_json:
        print_json({"encoder": name, "files": list(map(str, written)), "next": install})
        return OK
    for path in written:
        echo(str(path))
    echo_err(f"now: {install}")
    return OK
