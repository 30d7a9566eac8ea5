"""Promises of the README: what it shows is what the program does."""

import re
import shlex
from pathlib import Path

import click
import fill_readme
import fill_recipes
import numpy as np
import pytest
from PIL import Image

from embedbench import conformance
from embedbench.cli import cli
from embedbench.encoder import Encoder
from embedbench.recipes import recipes
from embedbench.registry import create
from embedbench.results import HEADLINE
from embedbench.settings import read_toml

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {page.stem: page.read_text(encoding="utf-8") for page in ROOT.glob("docs/recipes/*.md")}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("name", ["columns", "encoders", "help"])
def test_blocks_are_what_the_program_says(name: str) -> None:
    make = {
        "columns": fill_readme.columns,
        "encoders": fill_readme.encoders,
        "help": fill_readme.help_texts,
    }[name]
    assert fill_readme.fill(README, name, make()) == README, "run: python docs/fill_readme.py"


COMMANDS = [
    line
    for block in blocks("sh")
    for line in block.splitlines()
    if line.startswith("embedbench") and not line.endswith("RUN")
]
COMMANDS += [
    line
    for page in PAGES.values()
    for line in re.findall(r"^    (embedbench .*)", page.replace("\\\n", ""), re.MULTILINE)
]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_can_be_read(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    with cli.make_context("embedbench", words) as context:
        name, command, rest = cli.resolve_command(context, words)
        assert name is not None and command is not None
        with command.make_context(name, rest, parent=context) as inner:
            for spec in inner.params.get("encoder", ()):
                assert isinstance(create(spec), Encoder)


def test_there_are_commands_to_read() -> None:
    assert len(COMMANDS) >= 4 and isinstance(cli, click.Group)


def test_the_toml_example_is_read(tmp_path: Path) -> None:
    file = tmp_path / "comparison.toml"
    file.write_text(blocks("toml")[0])
    assert read_toml(file)["encoder"] == ["clip", "keras:ResNet50"]


def test_the_backend_of_15_lines_passes_the_conformance_checks() -> None:
    code = re.search(r"<!-- backend -->\n```python\n(.*?)```", README, re.DOTALL)
    assert code is not None and len(code[1].strip().splitlines()) <= 16
    names: dict[str, object] = {"__name__": "readme_backend"}
    exec(code[1], names)
    encoder = names["Brightness"](side=3)  # type: ignore[operator]
    rows = encoder.encode([Image.new("RGB", (9, 9), "white")])
    assert np.array_equal(rows, np.full((1, 9), 255))
    for check in conformance.CHECKS:
        if check is not conformance.pickles_to_a_worker:  # its module cannot be imported
            check(encoder)


ELSEWHERE = {"space", "seconds", "silhouette_l2", "silhouette_noise"}
"""Columns that the table printed by the demo does not have."""


def test_the_table_of_the_demo_has_the_headings_of_the_program() -> None:
    table = re.search(r"<!-- demo table -->\n```text\n(.*?)```", README, re.DOTALL)
    assert table is not None
    heading = table[1].splitlines()[0]
    assert all(HEADLINE[name] in heading for name in set(HEADLINE) - ELSEWHERE)


def test_pictures_are_there() -> None:
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / path).is_file(), path
    for page in PAGES.values():
        for path in re.findall(r"!\[.*?\]\((.*?)\)", page):
            assert (ROOT / "docs" / "recipes" / path).is_file(), path


def test_every_recipe_has_a_page_that_is_filled() -> None:
    assert set(PAGES) == {*recipes(), "README"}
    for name, made in fill_recipes.BLOCKS.items():
        for block in made:
            assert f"<!-- {block} -->\n<!-- end -->" not in PAGES[name], (name, block)
