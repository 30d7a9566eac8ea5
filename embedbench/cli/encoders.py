"""Encoders on the command line: show those there are, begin one of your own, check one."""

import inspect
import os
import shlex
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedbench.cli.options import as_json_option
from embedbench.cli.output import (
    OK,
    PARTLY_DONE,
    echo,
    echo_err,
    print_json,
    print_table,
    print_tuned,
    stdout_reserved,
)
from embedbench.cli.terminal.completion import complete_encoder
from embedbench.utils.spec import read_spec
from embedbench.utils.text import printable

if TYPE_CHECKING:
    from embedbench.encoder import Encoder

__all__ = ["check", "new_backend", "show_encoder", "show_encoders"]

_OF_A_RUN = ("device", "devices")
"""Facts that are known only where the model runs."""


def show_encoders(store: str | None, as_json: bool = False) -> None:
    """Print the installed encoders, the sets, and the measured settings."""
    from embedbench.encoders.listing import list_encoders
    from embedbench.encoders.sets import SETS
    from embedbench.io.paths import parse_path
    from embedbench.io.records import default_store, read_records

    with stdout_reserved():
        rows = list_encoders()
    measured = read_records(parse_path(store) if store else default_store(), "tunings")
    if as_json:
        keys = ("encoder", "default", "status", "about")
        found = [dict(zip_longest(keys, row)) for row in rows]
        sets = {name: [one.spec for one in choices] for name, choices in SETS.items()}
        print_json({"encoders": found, "sets": sets, "measured": measured})
        return
    print_table(["encoder", "by default", "status", "what it is"], rows)
    echo_err(f"sets of encoders: {', '.join(SETS)}; more of each: embedbench encoders NAME")
    if measured:
        echo("\nfastest settings, as measured on this store's images:")
        print_tuned(measured)


def show_encoder(name: str, as_json: bool = False) -> None:
    """Print one encoder with its fields and examples, or the encoders of a set.

    Raises:
        EmbedbenchError: no installed encoder and no set has that name.
    """
    from embedbench.encoders.registry import encoder_class
    from embedbench.encoders.sets import HEADINGS, SETS

    if name in SETS and as_json:
        print_json({"set": name, "encoders": [asdict(choice) for choice in SETS[name]]})
    elif name in SETS:
        print_table(HEADINGS, [choice.row() for choice in SETS[name]])
        echo_err(f"all of them: embedbench run PHOTOS -e {name}")
    else:
        spec = read_spec(name)
        with stdout_reserved():
            cls = encoder_class(spec)
        if spec.model is None:
            _show_class(name, cls, as_json)
            return
        _show_model(name, as_json)
        echo_err(f"its fields: embedbench encoders {spec.name}")


def _show_class(name: str, cls: "type[Encoder]", as_json: bool) -> None:
    """Print what an encoder is, its fields and its examples."""
    from embedbench.encoders.listing import list_fields

    about = " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())
    rows = list_fields(cls)
    if as_json:
        fields = [dict(zip(("field", "default", "about"), row, strict=True)) for row in rows]
        examples = list(cls.examples)
        print_json({"encoder": name, "about": about, "fields": fields, "examples": examples})
        return
    echo(printable(about))
    if rows:
        echo("")
        print_table(["field", "by default", "what it is"], rows, widest=80)
    for example in cls.examples:
        echo(f"-e {printable(example)}")


def _show_model(name: str, as_json: bool) -> None:
    """Print what is known of an encoder's model before its weights are loaded."""
    from embedbench.encoders.registry import create_encoder
    from embedbench.utils.messages import wrap_foreign_errors
    from embedbench.utils.offline import hub_environment

    os.environ.update(hub_environment(offline=False))  # so that no hub is asked again and again
    with stdout_reserved(), wrap_foreign_errors():
        outline = create_encoder(name).outline()
    facts, dim = outline or (None, None)
    known = {"dim": dim, **(asdict(facts) if facts else {})}
    values = {field: value for field, value in known.items() if field not in _OF_A_RUN}
    if as_json:
        print_json({"encoder": name, **values})
    elif facts is None:
        echo_err(f"{name} says nothing of its model before its weights are loaded")
    else:
        rows = [
            [field, f"{value:,}" if isinstance(value, int) else str(value)]
            for field, value in values.items()
            if value not in (None, ())
        ]
        print_table(["model", name], rows)


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
