"""Options: dataclass fields, each with its flag, metavar and help for a command line."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeVar

__all__ = ["Option", "as_list", "from_keywords", "list_options", "option", "value_of"]

Options = TypeVar("Options")


@dataclass(frozen=True)
class Option:
    """One option of the command line, a TOML file and a function call.

    Attributes:
        keyword: its parameter in a function call.
        word: its name in a TOML file: the long flag without dashes.
        flags: its names on the command line; none for an argument.
        kind: type of the value on the command line: `str`, `int`, `float`, `bool` for a flag
            without a value, `list` for a flag that can be repeated.
        default: the default value; `dataclasses.MISSING` if the option is required.
        metavar: placeholder of the value in the help.
        help: the help text, including the default.
        is_file: whether the values are files; in a TOML file their paths are relative to it.
        path: field names from the outermost dataclass to the field.
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
        default: the default value; `dataclasses.MISSING` if the option is required.
        flags: its names on the command line, the long one last; none for an argument.
        kind: as in `Option`.
        metavar: placeholder of the value in the help.
        help: one sentence.
        shown_default: the default as the help shows it; by default the value itself.
        keyword: its parameter in a function call; by default the field's name.
        is_file: as in `Option`.
    """
    if shown_default is None and kind is not bool and isinstance(default, int | str) and flags:
        shown_default = str(default)
    if shown_default is not None:
        help = f"{help}  [default: {shown_default}]"
    metadata = {"flags": flags, "kind": kind, "metavar": metavar, "help": help, "is_file": is_file}
    return dataclasses.field(default=default, metadata={**metadata, "keyword": keyword})


def list_options(cls: type, path: tuple[str, ...] = ()) -> tuple[Option, ...]:
    """Return the options of a dataclass, in order, including those of nested dataclasses."""
    options: list[Option] = []
    for field in dataclasses.fields(cls):
        here = (*path, field.name)
        if dataclasses.is_dataclass(field.default):
            options += list_options(type(field.default), here)
        else:
            options.append(_read_field(field, here))
    return tuple(options)


def _read_field(field: "dataclasses.Field[Any]", path: tuple[str, ...]) -> Option:
    metadata = field.metadata
    flags: tuple[str, ...] = metadata["flags"]
    return Option(
        keyword=metadata["keyword"] or field.name,
        word=flags[-1].lstrip("-") if flags else field.name,
        flags=flags,
        kind=metadata["kind"],
        default=field.default,
        metavar=metadata["metavar"],
        help=metadata["help"],
        is_file=metadata["is_file"],
        path=path,
    )


def from_keywords(cls: type[Options], values: Mapping[str, Any]) -> Options:
    """Create the dataclass from values by keyword; missing options keep their defaults."""
    given: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        if dataclasses.is_dataclass(field.default):
            given[field.name] = from_keywords(type(field.default), values)
        elif (name := field.metadata["keyword"] or field.name) in values:
            given[field.name] = values[name]
    return cls(**given)


def value_of(options: Any, one: Option) -> Any:
    """Return the value of one option in a dataclass of options."""
    return reduce(getattr, one.path, options)


def as_list(value: Any) -> list[Any]:
    """Return the values of a repeatable option as a list; a single text becomes a list of one."""
    return [value] if isinstance(value, str) else list(value)
