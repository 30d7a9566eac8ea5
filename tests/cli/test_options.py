"""Promises of the options of a command line: each one given reaches the call, the others do not."""

from typing import Any

import click
from click.testing import CliRunner

from embedbench.cli.options import (
    ENGINE_KEYWORDS,
    click_options,
    given_words,
    keywords_from_words,
    run_options,
)
from embedbench.comparison.options import OPTIONS


def parse(decorate: Any, *words: str) -> dict[str, Any]:
    """Return what a command with these options is called with."""
    found: dict[str, Any] = {}

    def call(**given: Any) -> None:
        found.update(given)

    command = click.command()(decorate(call))
    done = CliRunner().invoke(command, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return found


def test_only_what_was_given_is_passed_on() -> None:
    given = given_words(parse(run_options, "--k", "4", "-e", "a", "-e", "b", "--allow-local"))
    assert given == {"k": "4", "encoder": ("a", "b"), "allow-local": True}


def test_what_was_not_given_has_the_default_of_the_call_but_flags_are_off() -> None:
    found = keywords_from_words({"k": "4", "clusterer": [], "copies": 0})
    flags = dict.fromkeys((one.keyword for one in OPTIONS if one.kind is bool), False)
    assert flags["quiet"] is False
    assert found == {"source": (), "encoders": (), "k": "4", "copies": 0} | flags


def test_a_command_can_have_some_of_the_options() -> None:
    found = parse(click_options("limit", *ENGINE_KEYWORDS), "--engine", "ray", "--limit", "3")
    assert set(found) == {
        "limit", "engine", "address", "workers", "patience", "memory", "offline", "store",
    }  # fmt: skip
    assert given_words(found) == {"engine": "ray", "limit": 3}
