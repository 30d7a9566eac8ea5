"""Promises of the README: it is short, in the order that people read, and what it shows works."""

import re

import numpy as np
from PIL import Image

from embedbench import conformance
from tests.support.paths import ROOT

FILE = ROOT / "README.md"
README = FILE.read_text(encoding="utf-8")

ORDER = [
    "embedbench",
    "Install",
    "First result",
    "Compare encoders on your pictures",
    "What the answer means",
    "Write an encoder in 12 lines",
    "Links",
]


def test_it_has_at_most_9_kilobytes() -> None:
    assert FILE.stat().st_size <= 9_000


def test_it_is_in_the_order_that_people_read() -> None:
    bare = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    assert re.findall(r"^#+ (.*)$", bare, re.MULTILINE) == ORDER


def test_it_begins_with_what_it_is_in_three_lines_and_one_picture() -> None:
    beginning = README.partition("\n## ")[0].split("\n\n")
    assert len(beginning) == 3
    assert len(beginning[1].splitlines()) == 3
    assert beginning[2].startswith("![")
    assert README.count("![") == 1


def test_it_shows_the_commonest_commands() -> None:
    section = README.partition("## Compare encoders on your pictures")[2]
    block = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert block is not None
    assert [line.split()[:2] for line in block[1].splitlines()] == [["embedbench", "run"]] * 4


def test_its_links_and_its_picture_lead_to_files_and_headings() -> None:
    found = re.findall(r"\]\(([^)]+)\)", README)
    assert len(found) > 15
    for link in found:
        path, _, anchor = link.partition("#")
        assert (ROOT / path).is_file(), link
        text = (ROOT / path).read_text(encoding="utf-8") if anchor else ""
        headings = [heading.lower().replace(" ", "-") for heading in re.findall(r"# (.*)", text)]
        assert not anchor or anchor in headings, link


def test_its_picture_is_small() -> None:
    assert 5_000 < (ROOT / "docs" / "images" / "report.webp").stat().st_size < 150_000


def test_the_encoder_of_12_lines_passes_the_conformance_checks() -> None:
    code = re.search(r"<!-- encoder -->\n```python\n(.*?)```", README, re.DOTALL)
    assert code is not None
    assert len([line for line in code[1].splitlines() if line.strip()]) <= 12
    names: dict[str, object] = {"__name__": "readme_encoder"}
    exec(code[1], names)
    encoder = names["Brightness"](side=3)  # type: ignore[operator]
    rows = encoder.encode([Image.new("RGB", (9, 9), "white")])
    assert np.array_equal(rows, np.full((1, 9), 255))
    for check in conformance.CHECKS:
        if check.__name__ != "pickles_to_a_worker":  # its module cannot be imported
            check(encoder)
