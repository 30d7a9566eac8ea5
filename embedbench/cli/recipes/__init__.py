"""Recipes: comparisons that are written down, each a TOML file of the words of `embedbench run`."""

from pathlib import Path
from typing import Any

from embedbench.cli.toml import read_toml

__all__ = ["recipes"]


def recipes() -> dict[str, dict[str, Any]]:
    """Return the settings of every recipe, by its name; `about` says what it does."""
    files = sorted(Path(__file__).parent.glob("*.toml"))
    return {file.stem: read_toml(file) for file in files}
