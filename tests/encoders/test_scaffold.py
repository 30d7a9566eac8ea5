"""Promises of the scaffold: the new package passes its tests, and invalid names are errors.

test_write_a_backend.py tests that it installs and is found.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.encoders.scaffold import new_backend
from embedbench.errors import InputError


@pytest.mark.parametrize("texts", [False, True])
def test_it_passes_its_own_tests_and_is_clean(texts: bool, tmp_path: Path) -> None:
    written = new_backend("mean_colour", tmp_path, texts)
    assert sorted(written) == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    package = tmp_path / "embedbench-mean-colour"
    rules = ["--isolated", "--no-cache", "--line-length", "100"]
    for command in (
        ["pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
        ["ruff", "format", "--check", *rules],
        ["ruff", "check", "--select", "E,F,I,UP,B", *rules],
    ):
        run = subprocess.run(
            [sys.executable, "-m", *command], cwd=package, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stdout + run.stderr


def test_its_entry_point_names_its_class_and_no_distribution_is_needed_but_libraries(
    tmp_path: Path,
) -> None:
    package = new_backend("mean_colour", tmp_path)[0].parent
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    assert project["name"] == package.name == "embedbench-mean-colour"
    assert project["entry-points"] == {
        "embedbench.encoders": {"mean_colour": "embedbench_mean_colour:MeanColourEncoder"}
    }
    assert [re.split("[>=]", name)[0] for name in project["dependencies"]] == ["numpy", "pillow"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "not ''"),
        ("Hue", "not 'Hue'"),
        ("my-hue", "as in my_encoder; not 'my-hue'"),
        ("2hues", "not '2hues'"),
        ("../hue", "not '../hue'"),
        ("class", "'class' is a Python keyword"),
        ("clip", "an encoder 'clip' already exists; installed encoders: clip, conse"),
        ("torch", "a package 'embedbench_torch' already exists"),
    ],
)
def test_an_invalid_name_is_an_error_and_nothing_is_written(
    name: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        new_backend(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "embedbench-hue").mkdir()
    with pytest.raises(InputError, match="embedbench-hue' already exists; give another"):
        new_backend("hue", tmp_path)
    assert not list((tmp_path / "embedbench-hue").iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write .*: Not a directory"):
        new_backend("hue", tmp_path / "file")


@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_any_other_text_is_refused(name: str) -> None:
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        with pytest.raises(InputError):
            new_backend(name, Path("/dev/null/nowhere"))
