"""What `embedbench encoders` prints: all installed ones, one with its fields, or a set."""

import inspect
import re
from typing import Any

import click

from embedbench.cli.output import echo_err, print_table, print_tuned, stdout_reserved
from embedbench.encoder import Encoder
from embedbench.utils.spec import field_list, read_spec
from embedbench.utils.text import printable

__all__ = ["show_encoder", "show_encoders"]

_FIELD = re.compile(r"^ {4}(\w+): (.*(?:\n {8,}.*)*)", re.MULTILINE)
"""A field and its sentence in the section `Attributes` of a docstring."""


def show_encoders(store: str | None) -> None:
    """Print the installed encoders, the sets, and the measured settings."""
    from embedbench.encoders.listing import list_encoders
    from embedbench.encoders.sets import SETS
    from embedbench.io.paths import parse_path
    from embedbench.io.records import default_store, read_records

    with stdout_reserved():
        rows = list_encoders()
    print_table(["encoder", "by default", "status", "what it is"], rows)
    echo_err(f"sets of encoders: {', '.join(SETS)}; more of each: embedbench encoders NAME")
    measured = read_records(parse_path(store) if store else default_store(), "tunings")
    if measured:
        click.echo("\nfastest settings, as measured on this store's images:")
        print_tuned(measured)


def show_encoder(name: str) -> None:
    """Print one encoder with its fields and examples, or the encoders of a set.

    Raises:
        EmbedbenchError: no installed encoder and no set has that name.
    """
    from embedbench.encoders.registry import encoder_class
    from embedbench.encoders.sets import SETS

    if name in SETS:
        headings = ["encoder", "million parameters", "licence", "year", "good at"]
        choices = SETS[name]
        rows = [[c.spec, str(c.millions), c.licence, str(c.year), c.good_at] for c in choices]
        print_table(headings, rows)
        echo_err(f"all of them: embedbench run PHOTOS -e {name}")
        return
    spec = read_spec(name)
    with stdout_reserved():
        cls = encoder_class(spec)
    description = inspect.getdoc(cls) or ""
    click.echo(printable(" ".join(description.split("\n\n")[0].split())))
    sentences = _sentences(cls)
    rows = [
        [field.name, _default(field), sentences.get(field.name, "")]
        for field in field_list(cls)
        if not field.name.startswith("_")
    ]
    if rows:
        click.echo()
        print_table(["field", "by default", "what it is"], rows)
    for example in cls.examples:
        click.echo(f"-e {printable(example)}")


def _sentences(cls: type[Encoder]) -> dict[str, str]:
    """Return what the docstrings of a class and its bases say of each field."""
    sentences: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        text = inspect.cleandoc(base.__doc__ or "").partition("Attributes:\n")[2]
        for field, sentence in _FIELD.findall(text):
            sentences[field] = " ".join(sentence.split())
    return sentences


def _default(field: Any) -> str:
    from dataclasses import MISSING

    if field.default is MISSING:
        return "(required)" if field.default_factory is MISSING else ""
    value = field.default
    return str(value).lower() if isinstance(value, bool) else str(value)
