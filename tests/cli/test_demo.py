"""Promises of the demo: what it compares stands in the list of encoders, and needs no hub."""

import tomllib
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from embedbench.cli import demo
from embedbench.cli.demo import ENCODERS, HUBS
from embedbench.encoders.registry import create_encoder, installed_encoders
from tests.support.paths import ROOT


def test_its_encoders_can_be_made_and_those_that_need_a_hub_exist() -> None:
    assert len({type(create_encoder(spec)) for spec in ENCODERS}) == 3
    assert set(HUBS) <= set(installed_encoders())


def test_the_extra_installs_what_it_compares_and_no_other_encoder() -> None:
    installed = with_extra("demo")
    needed = {name for spec in ENCODERS for name in type(create_encoder(spec)).libraries}
    # sentence-transformers brings transformers.
    brought = {Requirement(one).name for one in requires("sentence-transformers") or ()}
    known = installed | {"image-embedbench"} | {canonicalize_name(name) for name in brought}
    assert {canonicalize_name(name) for name in needed} <= known
    assert not installed & {"tensorflow", "open-clip-torch", "onnxruntime", "umap-learn", "ray"}


def with_extra(extra: str) -> set[str]:
    """Return the names of what the core and an extra ask for, those of extras in it too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"][extra]]
    names: set[str] = set()
    for requirement in map(Requirement, asked):
        if requirement.name == "image-embedbench":
            names |= set().union(*map(with_extra, requirement.extras))
        else:
            names.add(canonicalize_name(requirement.name))
    return names


def test_an_encoder_whose_libraries_are_absent_is_left_out_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert demo._missing("pixels") is None
    monkeypatch.setattr("embedbench.encoders.registry._has", lambda name: name != "tensorflow")
    reason = demo._missing("keras")
    assert reason is not None and "tensorflow" in reason and "pip install" in reason
