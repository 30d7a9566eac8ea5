"""Folders that a library saved: their settings, and which of their files has the weights."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from embedbench.encoder import WeightsError, first_sentence

__all__ = ["read_settings", "weights_in"]


def read_settings(file: Path) -> dict[str, Any]:
    """Return the table of values in a JSON file.

    Raises:
        WeightsError: it cannot be read, or holds something else.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"cannot read '{file}': {first_sentence(error)}") from error
    if not isinstance(content, dict):
        raise WeightsError(f"'{file}' must hold a table of values; not {type(content).__name__}")
    return content


def weights_in(folder: Path, stems: Sequence[str], suffixes: Sequence[str]) -> Path:
    """Return the file of weights in a folder: of a usual name, else the only one.

    Args:
        folder: that the library saved.
        stems: usual names without suffix, preferred first.
        suffixes: of files of weights, preferred first.

    Raises:
        WeightsError: there is none, or one cannot tell which of several it is.
    """
    named = [folder / f"{stem}{suffix}" for suffix in suffixes for stem in stems]
    if found := [path for path in named if path.is_file()]:
        return found[0]
    others = sorted(path for path in folder.iterdir() if path.suffix in suffixes)
    if len(others) == 1:
        return others[0]
    several = f"several ({', '.join(path.name for path in others[:3])})" if others else "none"
    raise WeightsError(
        f"one file of weights, such as {named[0].name}, must lie in '{folder}', which has "
        f"{several}; give one: weights=FILE"
    )
