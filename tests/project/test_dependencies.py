"""Promises of the versions: the lock and the oldest set say what pyproject.toml says."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXPORTS = ("fiftyone", "hub", "mlflow", "mteb", "wandb")
"""Extras that do not fit into one environment: `make exports` has the newest of each."""
LOCK, OLDEST = ROOT / "requirements.lock", ROOT / "tests" / "oldest.txt"


def required(*left_out: str) -> list[Requirement]:
    """Return what embedbench and its extras need, each as often as it is named."""
    extras = PROJECT["optional-dependencies"]
    named = [one for name, texts in extras.items() if name not in left_out for one in texts]
    found = [Requirement(text) for text in [*PROJECT["dependencies"], *named]]
    return [one for one in found if one.name != PROJECT["name"]]


def pinned(file: Path) -> dict[str, tuple[Version, list[str]]]:
    """Return each package of a file with its version and hashes; no other line may be in it."""
    found: dict[str, tuple[Version, list[str]]] = {}
    name = ""
    for line in file.read_text().splitlines():
        bare = line.removesuffix("\\").rstrip()
        if line.startswith("#"):
            continue
        if pin := re.fullmatch(r"([a-z0-9.-]+)==([0-9a-z.]+)( ;.*)?", bare):
            name = pin[1]
            assert name not in found
            found[name] = (Version(pin[2]), [])
        else:
            hashed = re.fullmatch(r" {4}--hash=sha256:([0-9a-f]{64})", bare)
            assert hashed and name, line
            found[name][1].append(hashed[1])
    return found


@pytest.mark.parametrize("requirement", required("bench", *EXPORTS), ids=str)
def test_the_lock_holds_all_that_is_required_within_its_range(requirement: Requirement) -> None:
    version, _ = pinned(LOCK)[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version)


def test_all_in_the_lock_has_hashes_and_nothing_else_is_in_it() -> None:
    assert [name for name, (_, hashes) in pinned(LOCK).items() if not hashes] == []


@pytest.mark.parametrize("requirement", required("bench", "dev", "docs", *EXPORTS), ids=str)
def test_the_oldest_set_is_what_the_lower_bounds_say(requirement: Requirement) -> None:
    [bound] = [one.version for one in requirement.specifier if one.operator in (">=", "==")]
    assert pinned(OLDEST)[canonicalize_name(requirement.name)][0] == Version(bound)


@pytest.mark.parametrize(
    "line",
    ["--index-url https://example.org/simple", "-e .", "torch @ file:///torch.whl", "torch>=2"],
)
def test_a_line_that_leads_elsewhere_is_seen(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.lock").write_text(f"numpy==2.0.1\n{line}\n")
    with pytest.raises(AssertionError):
        pinned(tmp_path / "requirements.lock")
