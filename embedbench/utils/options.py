"""Options: the fields of a dataclass, each with its flag, metavar and help for a command line."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeVar

__all__ = ["Option", "as_list", "from_keywords", "list_options", "option", "value_of"]

Options = TypeVar("Options")


@dataclass(frozen=True)
class Option:
    """One option, as a command line, a TOML file and a function call offer it.

    Attributes:
        keyword: its parameter in a function call.
        word: its name in a TOML file: the long flag without dashes.
        flags: on the command line; none for an argument.
        kind: what a text on the command line is read as: `str`, `int`, `float`, `bool` for a flag
            without a value, `list` for texts, one each time that the flag is given.
        default: `dataclasses.MISSING` where it must be given.
        metavar: what stands for the value in the help.
        help: the help, with the default.
        is_file: whether it names files, which a TOML file may name by their place beside it.
        path: the names of the field and of those that it is nested in, the outermost first.
    """

    keyword: str
    word: str
    flags: tuple[str, ...]
    kind: type
    default: Any
    metavar: str | None
    help: str
    is_file: bool
    path: tuple[str, ...]


def option(
    default: Any,
    *flags: str,
    kind: type = str,
    metavar: str | None = None,
    help: str = "",
    shown_default: str | None = None,
    keyword: str | None = None,
    is_file: bool = False,
) -> Any:
    """Return a dataclass field that is an option.

    Args:
        default: `dataclasses.MISSING` if it must be given.
        flags: on the command line, the long one last; none for an argument.
        kind: as in `Option`.
        metavar: what stands for the value in the help.
        help: one sentence.
        shown_default: what the help says of the default, where that is not the value itself.
        keyword: the parameter in a function call, where it is not the field's name.
        is_file: as in `Option`.
    """
    if shown_default is None and kind is not bool and isinstance(default, int | str) and flags:
        shown_default = str(default)
    if shown_default is not None:
        help = f"{help}  [default: {shown_default}]"
    known = {"flags": flags, "kind": kind, "metavar": metavar, "help": help, "is_file": is_file}
    return dataclasses.field(default=default, metadata={**known, "keyword": keyword})


def list_options(cls: type, path: tuple[str, ...] = ()) -> tuple[Option, ...]:
    """Return the options of a dataclass, those of a nested dataclass in its place."""
    found: list[Option] = []
    for field in dataclasses.fields(cls):
        here = (*path, field.name)
        if dataclasses.is_dataclass(field.default):
            found += list_options(type(field.default), here)
        else:
            found.append(_read_field(field, here))
    return tuple(found)


def _read_field(field: "dataclasses.Field[Any]", path: tuple[str, ...]) -> Option:
    known = field.metadata
    flags: tuple[str, ...] = known["flags"]
    return Option(
        keyword=known["keyword"] or field.name,
        word=flags[-1].lstrip("-") if flags else field.name,
        flags=flags,
        kind=known["kind"],
        default=field.default,
        metavar=known["metavar"],
        help=known["help"],
        is_file=known["is_file"],
        path=path,
    )


def from_keywords(cls: type[Options], values: Mapping[str, Any]) -> Options:
    """Return the dataclass with these values, by keyword; the others have their defaults."""
    given: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        if dataclasses.is_dataclass(field.default):
            given[field.name] = from_keywords(type(field.default), values)
        elif (name := field.metadata["keyword"] or field.name) in values:
            given[field.name] = values[name]
    return cls(**given)


def value_of(options: Any, one: Option) -> Any:
    """Return the value that one of its options has in a dataclass."""
    return reduce(getattr, one.path, options)


def as_list(value: Any) -> list[Any]:
    """Return the values of an option that can be repeated; one text stands for itself."""
    return [value] if isinstance(value, str) else list(value)
