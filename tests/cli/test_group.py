"""Promises of the commands by name: all are there, each is its own, and the help imports none."""

import subprocess
import sys

import click
import pytest

from embedbench.cli.group import cli, every_command

PROGRAM = """
import sys
from embedbench.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print([name for name in sys.modules if name.startswith("embedbench.cli.commands") or name in
       ("embedbench.cli.run_folders", "embedbench.comparison.options", "numpy")])
"""


def test_each_name_is_that_of_its_command() -> None:
    commands = every_command()
    assert {"run", "show", "open", "new-backend"} <= set(commands) and len(commands) == 19
    assert {name: command.name for name, command in commands.items()} == {n: n for n in commands}


def test_the_help_of_all_is_whole_and_imports_no_command() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]" and "..." not in done.stdout.partition("\n")[2]
    for name in every_command():
        assert f"\n  {name} " in done.stdout


def test_an_unknown_command_is_named() -> None:
    with pytest.raises(click.UsageError, match="No such command 'rum'"):
        cli.main(["rum"], standalone_mode=False)
