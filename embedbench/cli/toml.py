"""Read the options of a comparison from a TOML file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedbench.comparison.options import OPTIONS
from embedbench.errors import InputError

__all__ = ["read_toml"]

_TOML_KINDS: Mapping[str, type] = {"about": str, **{one.word: one.kind for one in OPTIONS}}
"""The words of the command line, and what each holds in a TOML file; `about` is for people."""


def read_toml(file: Path) -> dict[str, Any]:
    """Return the settings in a TOML file that uses the words of the command line.

    Paths that exist beside the file are taken from there.

    Raises:
        InputError: it cannot be read, or has a word that is not known or of the wrong kind.
    """
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read '{file}': {error}") from error
    for word, value in settings.items():
        if word not in _TOML_KINDS:
            raise InputError(f"'{file}' has '{word}'; known words: {', '.join(_TOML_KINDS)}")
        settings[word] = _checked(file, word, value)
    for word in [option.word for option in OPTIONS if option.is_file and option.word in settings]:
        value = settings[word]
        several = isinstance(value, list)
        settings[word] = (
            [_beside(file, path) for path in value] if several else _beside(file, value)
        )
    return settings


def _beside(file: Path, name: str) -> str:
    """Return the path beside the file where there is such a thing, else the name as it is."""
    beside = file.parent / name
    return str(beside) if beside.exists() else name


def _checked(file: Path, word: str, value: Any) -> Any:
    kind = _TOML_KINDS[word]
    if kind is list:
        value = [value] if isinstance(value, str) else value
        fits = isinstance(value, list) and all(isinstance(part, str) for part in value)
    else:
        value = str(value) if word == "k" else value
        value = float(value) if kind is float and type(value) is int else value
        fits = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    if not fits:
        wanted = {list: "a list of texts", int: "a whole number", bool: "true or false"}
        wanted[float] = "a number"
        raise InputError(
            f"in '{file}', '{word}' must be {wanted.get(kind, 'a text')}; not {value!r}"
        )
    return value
