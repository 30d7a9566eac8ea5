"""The command line: parse, call, print."""

from embedbench.cli.main import main

__all__ = ["main"]
