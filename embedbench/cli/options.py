"""The options of a comparison on the command line, made from `ComparisonOptions`."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any

import click

from embedbench.cli.terminal.completion import complete_option
from embedbench.comparison.options import OPTIONS
from embedbench.data.options import SourceOptions
from embedbench.parallel.engine_options import EngineOptions
from embedbench.utils.options import Option, list_options

__all__ = [
    "ENGINE_KEYWORDS",
    "READING_KEYWORDS",
    "click_options",
    "given_words",
    "keywords_from_words",
    "run_options",
]

ENGINE_KEYWORDS = tuple(one.keyword for one in list_options(EngineOptions))
"""Options that say where encoders run."""

READING_KEYWORDS = tuple(one.keyword for one in list_options(SourceOptions))
"""Options that say how a source is read."""


def run_options(command: Any) -> Any:
    """Add the options of a comparison to a command."""
    return click_options(*(option.keyword for option in OPTIONS if option.flags))(command)


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
"""For every command that ends by itself."""


def click_options(*keywords: str) -> Callable[[Any], Any]:
    """Return a decorator that adds options of a comparison, by keyword, to a command."""
    options = {option.keyword: option for option in OPTIONS}

    def add(command: Any) -> Any:
        for keyword in reversed(keywords):
            command = _click_option(options[keyword])(command)
        return command

    return add


def _click_option(one: Option) -> Any:
    if one.kind is bool:
        return click.option(*one.flags, is_flag=True, default=None, help=one.help)
    many = one.kind is list
    kind = str if many else one.kind
    return click.option(
        *one.flags,
        type=kind,
        multiple=many,
        metavar=one.metavar,
        help=one.help,
        shell_complete=complete_option(one),
    )


def given_words(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given on a command line, by the words of a TOML file."""
    return {
        name.replace("_", "-"): value
        for name, value in parameters.items()
        if value not in (None, ())
    }


def keywords_from_words(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of options by keyword, from those by the words of a TOML file.

    A flag that was not given is False, whatever a function call has by default.
    """
    values: dict[str, Any] = {}
    for option in OPTIONS:
        value = words.get(option.word)
        if option.kind is bool:
            values[option.keyword] = bool(value)
        elif value is None or (option.kind is list and not value):
            if option.default is MISSING:
                values[option.keyword] = ()
        else:
            values[option.keyword] = tuple(value) if option.kind is list else value
    return values
