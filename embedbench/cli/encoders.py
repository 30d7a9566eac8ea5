"""What `embedbench encoders` prints: all installed ones, one with its fields, or a set."""

import inspect
import os
from dataclasses import asdict

from embedbench.cli.output import echo, echo_err, print_table, print_tuned, stdout_reserved
from embedbench.utils.spec import read_spec
from embedbench.utils.text import printable

__all__ = ["show_encoder", "show_encoders"]


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
        echo("\nfastest settings, as measured on this store's images:")
        print_tuned(measured)


def show_encoder(name: str) -> None:
    """Print one encoder with its fields and examples, or the encoders of a set.

    Raises:
        EmbedbenchError: no installed encoder and no set has that name.
    """
    from embedbench.encoders.listing import list_fields
    from embedbench.encoders.registry import encoder_class
    from embedbench.encoders.sets import HEADINGS, SETS

    if name in SETS:
        print_table(HEADINGS, [choice.row() for choice in SETS[name]])
        echo_err(f"all of them: embedbench run PHOTOS -e {name}")
        return
    spec = read_spec(name)
    with stdout_reserved():
        cls = encoder_class(spec)
    if spec.model is not None:
        _show_model(name)
        echo_err(f"its fields: embedbench encoders {spec.name}")
        return
    description = inspect.getdoc(cls) or ""
    echo(printable(" ".join(description.split("\n\n")[0].split())))
    if rows := list_fields(cls):
        echo("")
        print_table(["field", "by default", "what it is"], rows, widest=80)
    for example in cls.examples:
        echo(f"-e {printable(example)}")


def _show_model(name: str) -> None:
    """Print what is known of an encoder's model before its weights are loaded."""
    from embedbench.encoders.registry import create_encoder
    from embedbench.utils.messages import wrap_foreign_errors
    from embedbench.utils.offline import hub_environment

    os.environ.update(hub_environment(offline=False))  # so that no hub is asked again and again
    with stdout_reserved(), wrap_foreign_errors():
        outline = create_encoder(name).outline()
    if outline is None:
        echo_err(f"{name} says nothing of its model before its weights are loaded")
        return
    facts, dim = outline
    values = {"dim": dim, **asdict(facts)}
    rows = [
        [field, f"{value:,}" if isinstance(value, int) else str(value)]
        for field, value in values.items()
        if value is not None and field not in ("device", "devices")
    ]
    print_table(["model", name], rows)
