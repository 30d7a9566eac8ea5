"""Promises of completion: it proposes what the commands take, and imports no encoder's library."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from embedbench.analysis.projections import check_projection
from embedbench.cli.group import cli
from embedbench.cli.recipes import recipes
from embedbench.cli.terminal.completion import WORDS, complete_encoder
from embedbench.clustering.clusterers import parse_clusterer
from embedbench.clustering.spaces import check_space
from embedbench.data.images.corruptions import read_corruptions
from embedbench.encoders.registry import installed_encoders
from embedbench.encoders.sets import SETS
from tests.support.plug_ins import plug_in

PROGRAM = """
import sys
from click.shell_completion import ShellComplete
from embedbench.cli import main
from embedbench.cli.group import cli

complete = ShellComplete(cli, {}, "embedbench", "_EMBEDBENCH_COMPLETE")
for begun in ("ti", "timm:", "clip:", "starter"):
    assert complete.get_completions(["run", "x", "-e"], begun), begun
heavy = {"torch", "tensorflow", "timm", "transformers", "sklearn", "matplotlib"}
print([name for name in sys.modules if name in heavy or name.startswith("embedbench_")])
"""


def proposed(*words: str) -> list[str]:
    """Return what is proposed for the last of these words."""
    complete = ShellComplete(cli, {}, "embedbench", "_EMBEDBENCH_COMPLETE")
    return [item.value for item in complete.get_completions(list(words[:-1]), words[-1])]


def kinds(*words: str) -> list[str]:
    complete = ShellComplete(cli, {}, "embedbench", "_EMBEDBENCH_COMPLETE")
    return [item.type for item in complete.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["run", "x", "-e", "ti"], ["timm"]),
        (["run", "x", "--encoder", "st"], ["starter", "strong"]),
        (["embed", "x", "-e", "pix"], ["pixels"]),
        (["fetch", "-e", "ker"], ["keras"]),
        (["check", "vec"], ["vectors"]),
        (["encoders", "cl"], ["clip"]),
        (["run", "x", "-e", "timm:convnext_tiny.fb"], ["timm:convnext_tiny.fb_in22k"]),
        (["recipe", "clip-g"], ["clip-guide"]),
        (["run", "x", "--clusterer", "h"], ["hdbscan"]),
        (["run", "x", "--space", "p"], ["pca:"]),
        (["run", "x", "--engine", "r"], ["ray"]),
        (["figures", "x", "--format", "s"], ["svg"]),
        (["run", "x", "-e", "nope:"], []),
        (["sh"], ["show"]),
    ],
)
def test_what_begins_so_is_proposed(words: list[str], values: list[str]) -> None:
    assert proposed(*words) == values


def test_all_that_is_installed_is_proposed_once() -> None:
    assert proposed("run", "x", "-e", "") == [*installed_encoders(), *SETS]
    assert proposed("recipe", "") == list(recipes())
    models = proposed("run", "x", "-e", "timm:")
    assert len(models) == len(set(models)) > 2


def test_sources_and_run_folders_are_left_to_the_shell() -> None:
    for words in (
        ["run", "pho"],
        ["look", ""],
        ["run", "x", "-e", "./my"],
        ["run", "x", "--labels", ""],
    ):
        assert kinds(*words) == ["file"], words
    for words in (["show", "emb"], ["run", "x", "--out", ""], ["run", "x", "--store", ""]):
        assert kinds(*words) == ["dir"], words


def test_what_is_proposed_can_be_given() -> None:
    numbered = {"pca:": "pca:2", "umap:": "umap:2"}
    for name in WORDS["clusterers"]:
        parse_clusterer(name)
    for name in WORDS["spaces"]:
        check_space(numbered.get(name, name))
    for name in WORDS["projections"]:
        check_projection(name)
    for name in WORDS["corrupt"]:
        read_corruptions([name])


def test_no_library_of_an_encoder_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_plug_in_that_cannot_be_read_or_run_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_plugin.py").write_text("raise SystemExit(\n")
    (tmp_path / "loud_plugin.py").write_text(
        "raise SystemExit\n\nclass Loud:\n    examples = ('loud:a', 'loud:b')\n"
    )
    plug_in(tmp_path, monkeypatch, "broken", "broken_plugin:Broken")
    plug_in(tmp_path, monkeypatch, "loud", "loud_plugin:Loud")
    plug_in(tmp_path, monkeypatch, "gone", "no_such_plugin:Gone")
    for begun, values in (("broken:", []), ("loud:", ["loud:a", "loud:b"]), ("gone:", [])):
        assert [item.value for item in complete_encoder(None, None, begun)] == values
