"""Promise of the encoders: no move of code changes an identity, which would orphan stored vectors.

Who changes what an encoder computes writes the new identity to `identities.json`, and a line to the
changelog: its images are encoded again.
"""

import importlib
import json
import tomllib
from typing import Any

import pytest

from embedbench.encoder import Encoder
from tests.support.paths import ROOT

KNOWN: dict[str, dict[str, Any]] = json.loads((ROOT / "tests/support/identities.json").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENTRY_POINTS: dict[str, str] = PROJECT["entry-points"]["embedbench.encoders"]
FIRST_FIELDS = {"onnx": "model", "vectors": "file"}
"""Of encoders that have none by default."""


def identity(name: str) -> dict[str, Any]:
    """Return the identity of an encoder as it is by default, versions of libraries aside."""
    module, _, kind = ENTRY_POINTS[name].partition(":")
    first = {FIRST_FIELDS[name]: "no such file"} if name in FIRST_FIELDS else {}
    encoder: Encoder = getattr(importlib.import_module(module), kind)(**first)
    return without_versions(encoder.identity())


def without_versions(identity: dict[str, Any]) -> dict[str, Any]:
    """Return an identity, and those in it, without the versions of the libraries."""
    return {
        key: without_versions(value) if key == "classifier" else value
        for key, value in identity.items()
        if key != "libraries"
    }


def test_no_encoder_is_known_that_is_gone() -> None:
    assert set(KNOWN) <= set(ENTRY_POINTS)


@pytest.mark.parametrize("name", sorted(ENTRY_POINTS))
def test_an_identity_is_the_known_one(name: str) -> None:
    found = identity(name)
    line = json.dumps({name: found}, indent=2)[1:-1].strip()
    assert KNOWN.get(name) == found, f"tests/support/identities.json should have\n  {line}"
