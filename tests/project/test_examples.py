"""Promises of every example on every page: commands can be read, calls fit, files exist."""

import ast
import inspect
import re
import shlex
import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import gallery
import program
import pytest

import embedbench
from embedbench.cli.toml import read_toml
from embedbench.encoders.registry import create_encoders
from embedbench.results.short_table import short_table
from tests.support.example_results import example_results
from tests.support.paths import ROOT

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
WRITTEN = {"brightness", "hue", "imagebind", "./my_encoder.py", "my_package.encoders"}
"""Encoders that pages write, so that they are not installed here."""

Example = tuple[str, str]


def examples(
    language: str, split: Callable[[str], list[str]] = lambda text: [text]
) -> list[Example]:
    """Return the page and the text of each example in a language."""
    return [
        (page.relative_to(ROOT).as_posix(), part)
        for page in PAGES
        for block in re.findall(
            rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S
        )
        for part in split(block)
    ]


def lines(block: str) -> list[str]:
    """Return the commands of a block, those over several lines joined."""
    joined = block.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


COMMANDS = examples("sh", lines)
COMMANDS += [("docs/gallery.py", report.command) for report in gallery.REPORTS]


def embedbench_is_read(words: list[str]) -> None:
    """Check that the program takes these words, and that the encoders among them exist."""
    cli = program.commands()
    with cli.make_context("embedbench", words) as context:
        name, command, rest = cli.resolve_command(context, words)
        assert name is not None and command is not None
        with command.make_context(name, rest, parent=context) as inner:
            given = inner.params.get("encoder", ())
            for spec in (given,) if isinstance(given, str) else given:
                if re.split("[:,]", spec)[0] not in WRITTEN:
                    assert create_encoders([spec])


def make_has(words: list[str]) -> None:
    """Check that the Makefile has this target."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{re.escape(words[0])}:", makefile, re.MULTILINE)


def python_has(words: list[str]) -> None:
    """Check that the script exists, or that the code can be compiled."""
    if words[0] == "-c":
        compile(words[1], "-c", "exec")
    elif words[0] == "-m":
        assert words[1] in {"venv", "pytest"}
    else:
        assert (ROOT / words[0]).is_file()


def pip_installs(words: list[str]) -> None:
    """Check that the extras exist, and that nothing of the taken name is installed."""
    assert words[0] == "install"
    for word in words[1:]:
        assert word != "embedbench"
        if found := re.fullmatch(r"(?:\.|\./embedbench)\[(.*)\]", word):
            assert set(found[1].split(",")) <= set(EXTRAS)


READERS: dict[str, Callable[[list[str]], None]] = {
    "embedbench": embedbench_is_read,
    "make": make_has,
    "pip": pip_installs,
    "python": python_has,
    "python3": python_has,
    "source": lambda words: None,
}


def read(line: str) -> None:
    """Check one command.

    Raises:
        KeyError: no page may use this program without a check of its own.
    """
    words = shlex.split(line, comments=True)
    READERS[words[0]](words[1:])


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_every_command_can_be_read(page: str, line: str) -> None:
    read(line)


@pytest.mark.parametrize(
    "line",
    [
        "embedbench run photos/ -e timm --no-such-option",
        "embedbench no-such-command",
        "embedbench run photos/ -e no-such-encoder",
        "make no-such-target",
        "python docs/no_such_script.py",
        'pip install -e ".[no-such-extra]"',
        "pip install embedbench",
        "curl example.org",
    ],
)
def test_a_planted_command_is_refused(line: str) -> None:
    with pytest.raises((Exception, SystemExit)):
        read(line)


def test_there_are_commands_on_every_kind_of_page() -> None:
    pages = {page for page, _ in COMMANDS}
    assert len(COMMANDS) > 60
    assert {"README.md", "docs/index.md", "docs/tutorial.md"} <= pages
    how_to = {page.name for page in (ROOT / "docs" / "how-to").glob("*.md")} - {"index.md"}
    assert {f"docs/how-to/{name}" for name in how_to - {"python.md"}} <= pages


def test_commands_stand_in_fenced_blocks() -> None:
    for page in PAGES:
        indented = re.findall(r"^    embedbench .*", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert indented == [], page


@pytest.mark.parametrize(("page", "text"), examples("toml"))
def test_every_toml_example_is_read(page: str, text: str, tmp_path: Path) -> None:
    if "source =" not in text:  # a pyproject.toml
        tomllib.loads(text)
        return
    file = tmp_path / "comparison.toml"
    file.write_text(text)
    assert read_toml(file)["source"]


def uses(tree: ast.AST, name: str) -> set[str]:
    """Return the attributes of a name that a piece of code uses."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    }


@pytest.mark.parametrize(("page", "text"), examples("python"))
def test_every_python_example_fits_the_program(page: str, text: str) -> None:
    tree = ast.parse(text)
    assert uses(tree, "embedbench") <= set(embedbench.__all__)
    tables = {field.name for field in fields(embedbench.Results)}
    assert uses(tree, "results") <= tables | set(dir(embedbench.Results))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "embedbench.compare":
            given = {str(word.arg): None for word in node.keywords}
            inspect.signature(embedbench.compare).bind(*node.args, **given)


def test_the_table_of_the_demo_has_the_headings_of_the_program() -> None:
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    table = re.search(r"<!-- demo table -->\n```text\n(.*?)```", page, re.DOTALL)
    assert table is not None
    headings = re.split(r"\s{2,}", table[1].splitlines()[0].strip())
    assert headings == list(short_table(example_results()).columns)
