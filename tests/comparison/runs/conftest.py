"""Cheap comparisons to merge."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embedbench import compare
from embedbench.encoder import Encoder


@pytest.fixture
def run(
    photographs: Path, tmp_path: Path, colour_encoder: Callable[..., Encoder]
) -> Callable[..., Path]:
    """Return the folder of a comparison of colour encoders of these sides."""
    settings: dict[str, Any] = {"k": "3", "seeds": 2, "copies": 0, "projections": ["pca"]}

    def compared(name: str, *sides: int, **other: Any) -> Path:
        encoders = {f"side {side}": colour_encoder(side=side) for side in sides}
        given: dict[str, Any] = {"source": photographs, "encoders": encoders, **settings, **other}
        compare(**given, out=tmp_path / name, store=tmp_path / "store")
        return tmp_path / name

    return compared
