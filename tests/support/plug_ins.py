"""Install plug-ins as pip does, without pip."""

import importlib
from pathlib import Path

import pytest

__all__ = ["plug_in"]


def plug_in(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Install an encoder with this name; `value` is its entry point, `module:Class`."""
    info = folder / f"plugin_{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: plugin-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[embedbench.encoders]\n{name} = {value}\n")
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
