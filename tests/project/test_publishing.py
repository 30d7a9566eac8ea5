"""Promises of a release: what it holds, who publishes it, and one version everywhere."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hatchling import build

import embedbench
from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = PROJECT["version"]
FILES = ("pyproject.toml", "CITATION.cff", "CHANGELOG.md")


@pytest.fixture
def workflow() -> dict[str, Any]:
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The files of the repository that name a version, as they are at a release."""
    for name in (*FILES, ".ci/check_release.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    changes = (tmp_path / "CHANGELOG.md").read_text("utf-8")
    dated = f"## [Unreleased]\n\n## [{VERSION}] - 2026-11-30\n"
    if f"## [{VERSION}]" not in changes:
        changes = changes.replace("## [Unreleased]\n", dated, 1)
    (tmp_path / "CHANGELOG.md").write_text(changes, "utf-8")
    return tmp_path


def check(folder: Path, tag: str) -> tuple[int, str]:
    """Return the exit status and the words of the check of a tag."""
    done = subprocess.run(
        [sys.executable, folder / ".ci" / "check_release.py", tag], capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_version_is_one_in_the_program_the_citation_and_the_changes() -> None:
    assert embedbench.__version__ == VERSION
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", VERSION)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == VERSION and citation["license"] == PROJECT["license"]
    assert citation["authors"] == [{"name": "The embedbench authors"}]
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    first, *released = re.findall(r"^## \[(.+?)\]", changes, re.MULTILINE)
    assert first == "Unreleased" and (not released or released[0] == VERSION)


def test_the_tag_of_this_commit_is_that_of_its_version() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no repository")
    command = ["git", "-C", str(ROOT), "tag", "--points-at", "HEAD", "--list", "v*"]
    tags = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert [tag for tag in tags if check(ROOT, tag)[0]] == []


def test_a_tag_that_agrees_is_let_through(release: Path) -> None:
    assert check(release, f"v{VERSION}") == (0, f"v{VERSION} agrees with the files\n")


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (
            "pyproject.toml",
            f'version = "{VERSION}"',
            'version = "9.9.9"',
            "pyproject.toml says 9.9",
        ),
        ("CITATION.cff", f"version: {VERSION}", "version: 9.9.9", "CITATION.cff does not name"),
        ("CHANGELOG.md", f"[{VERSION}] - 2026", f"[{VERSION}] 2026", "does not begin with '## ["),
        ("CHANGELOG.md", f"## [{VERSION}]", "## [9.9.9] - 2027-01-01\n\n## [0]", "does not begin"),
    ],
)
def test_a_tag_that_does_not_agree_is_stopped(
    release: Path, name: str, old: str, new: str, words: str
) -> None:
    text = (release / name).read_text("utf-8")
    assert old in text
    (release / name).write_text(text.replace(old, new), "utf-8")
    status, told = check(release, f"v{VERSION}")
    assert status == 1 and words in told


def test_a_tag_publishes_what_was_built_and_checked_without_a_token(
    workflow: dict[str, Any],
) -> None:
    assert workflow["on"] == {"push": {"tags": ["v*"]}} and workflow["permissions"] == {}
    built, published = workflow["jobs"]["build"], workflow["jobs"]["publish"]
    assert built["permissions"] == {"contents": "read"}
    steps = [step.get("run", step.get("uses")) for step in built["steps"]]
    assert steps.index('python .ci/check_release.py "$GITHUB_REF_NAME"') < steps.index("make dist")
    assert published["needs"] == "build" and published["environment"] == "pypi"
    assert published["permissions"] == {"id-token": "write"}
    used = [step["uses"] for step in published["steps"]]
    assert used[-1].startswith("pypa/gh-action-pypi-publish@")
    assert "secrets." not in str(workflow)


def test_every_action_has_a_version(workflow: dict[str, Any]) -> None:
    used = [
        step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step
    ]
    assert len(used) == 5
    assert [one for one in used if not re.search(r"@(v\d+(\.\d+)*|[0-9a-f]{40})$", one)] == []


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The sdist, and the wheel that is built from it."""
    monkeypatch.chdir(ROOT)
    sdist = tmp_path / build.build_sdist(str(tmp_path))
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.chdir(tmp_path / sdist.name.removesuffix(".tar.gz"))
    return sdist, tmp_path / build.build_wheel(str(tmp_path))


def test_the_packages_hold_what_they_must_and_nothing_else(packages: tuple[Path, Path]) -> None:
    with tarfile.open(packages[0]) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    files = {"CHANGELOG.md", "CITATION.cff", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}
    assert {name.partition("/")[0] for name in names} == {
        *files,
        ".gitignore",
        "backends",
        "embedbench",
    }
    with zipfile.ZipFile(packages[1]) as wheel:
        held = set(wheel.namelist())
    kept = {
        os.path.relpath(file, place)
        for place in (ROOT, ROOT / "backends")
        for folder in ("embedbench", "embedbench_*")
        for file in place.glob(f"{folder}/**/*.*")
        if file.is_file() and "__pycache__" not in file.parts and "web" not in file.parts
    }
    assert kept == {name for name in held if "/web/" not in name and ".dist-info/" not in name}
    assert {name.rpartition("/")[2] for name in held if "/web/" in name} == {
        "LICENCES.txt",
        "ask.js",
        "page.js",
    }


def test_the_versions_of_python_are_named() -> None:
    named = [one.rpartition(" ")[2] for one in PROJECT["classifiers"] if ":: 3." in one]
    assert named[0] == PROJECT["requires-python"].removeprefix(">=")
    assert named == [f"3.{minor}" for minor in range(11, 11 + len(named))]
