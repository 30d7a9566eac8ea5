"""The commands by name: each is imported when it is called, so that the help of all is quick."""

import importlib
from typing import Any

import click

__all__ = ["cli", "every_command"]

_COMMANDS = {
    "ask": ("run_folders", "ask", "Ask for labels in the browser, and say what they tell."),
    "check": ("commands", "check", "Run the conformance checks on one encoder."),
    "demo": ("commands", "demo", "Compare encoders on sample photographs, with no network."),
    "diff": ("run_folders", "diff", "Say what moved from one run to another, and if by chance."),
    "embed": ("commands", "embed", "Write the vectors of encoders to files."),
    "encoders": ("commands", "encoders", "List the installed encoders, or show one."),
    "export": ("exports", "export", "Write a run folder's results for another tool."),
    "fetch": ("commands", "fetch", "Download the weights of encoders ahead of time."),
    "figures": ("run_folders", "figures", "Draw the figures of a run folder as files."),
    "look": ("commands", "look", "Show what would be compared, and encode nothing."),
    "merge": ("run_folders", "merge", "Compare the encoders of several runs on the same images."),
    "new-backend": ("commands", "new_backend", "Write a package with an encoder of your own."),
    "open": ("run_folders", "open_page", "Open the page of a run folder in the browser."),
    "recipe": ("commands", "recipe", "Run a prepared comparison, or list them."),
    "report": ("run_folders", "report", "Write the page of a run folder again."),
    "run": ("commands", "run", "Compare encoders on your own images."),
    "show": ("run_folders", "show", "Print the table and the verdict of a run folder again."),
    "sort": ("exports", "sort", "Put the images of a run into a folder for each cluster."),
    "suggest-labels": ("run_folders", "suggest_labels", "Choose images to label for a run."),
}
"""The module and the name of each command, and what it does."""


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None if there is none of that name."""
        return _load(cmd_name) if cmd_name in _COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command does."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][2]) for name in sorted(_COMMANDS)])


def _load(name: str) -> click.Command:
    module, attribute, _ = _COMMANDS[name]
    command: Any = getattr(importlib.import_module(f"embedbench.cli.{module}"), attribute)
    assert isinstance(command, click.Command)
    return command


def every_command() -> dict[str, click.Command]:
    """Return all commands by their names."""
    return {name: _load(name) for name in sorted(_COMMANDS)}


@click.group(
    cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="image-embedbench")
def cli() -> None:
    """Which image encoder should I use on my pictures?

    Compares image encoders on your own folder: the same pictures, the same clustering and the
    same metrics for each, in one table and one page that you can send to others.
    """
