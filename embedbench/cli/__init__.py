"""The command line: parse, call, print."""

from embedbench.cli.commands import main

__all__ = ["main"]
