"""Heavy libraries for tests, imported at their first use.

Each of pytest's workers collects all files, but runs only some of them.
"""

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

import pytest


def library(name: str) -> Any:
    """Return the library, not yet imported; skip the file where it is not installed."""
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed", allow_module_level=True)
    return _Library(name)


def needs(library: Any, name: str) -> None:
    """Skip the test where the installed library is too old to have this name."""
    if not hasattr(library, name):
        pytest.skip(f"the installed {library.name} has no {name}")


@dataclass(frozen=True)
class _Library:
    name: str

    def __getattr__(self, item: str) -> Any:
        if item.startswith("_"):  # pytest checks every global for being a fixture
            raise AttributeError(item)
        return getattr(importlib.import_module(self.name), item)
