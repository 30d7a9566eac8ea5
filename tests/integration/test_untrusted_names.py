"""Promise: whatever people call their pictures, labels and encoders, nothing that is written obeys.

A whole run is renamed twice, to strings that bite and to harmless ones of the same length; what a
program sees in the two must be the same but for the texts.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from embedbench.cli.main import main
from embedbench.cli.output import print_results
from embedbench.data.tables.form import TableForm
from embedbench.data.tables.labels import labels_of_images
from embedbench.data.tables.reading import read_table
from embedbench.errors import InputError
from embedbench.io.safe_csv import defused
from embedbench.report import redraw
from embedbench.report.page import write_report
from embedbench.report.papers.files import write_papers
from embedbench.report.plots.drawing import draw_figures
from embedbench.report.plots.figures import figure_specs
from embedbench.results.label_sheet import suggest_labels
from embedbench.results.reading import read_results
from embedbench.results.results import Results
from embedbench.results.schema import TABLES
from tests.support.example_results import example_results

BITING = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)",
    "</style></title><script>alert(1)</script>", "{{ 7 * 7 }}{% raw %}<!--", "javascript:alert(1)",
    '=HYPERLINK("http://evil.example","x")', "-2+3|cmd", "@SUM(1)", "+1", "'=1", "\t=1", " =1",
    "a|b`c`[d](http://evil.example)", "\\input{/etc/passwd}$x$%", "[1cm]", "../../../etc/passwd",
    "\x1b[31m\x1b]0;owned\x07", "two\nlines\rback", "\u202egpj.exe", "null", "&lt;b&gt;",
)  # fmt: skip

FIXED = {"metric", "clusterer", "k_from", "space", "criterion", "attribute", "corruption", "stage",
         "quantity", "status", "what", "chosen", "by", "projection", "hash",
         "purpose", "thumbnail"}  # fmt: skip
"""Columns whose words are embedbench's own."""

Rename = Callable[[Any], Any]


def _biting() -> Rename:
    known: dict[str, str] = {}
    return lambda text: known.setdefault(text, f"{BITING[len(known) % len(BITING)]} {len(known)}")


def _harmless() -> Rename:
    known: dict[str, str] = {}

    def rename(text: str) -> str:
        length = len(f"{BITING[len(known) % len(BITING)]} {len(known)}")
        return known.setdefault(text, f"x{len(known):03d}".ljust(length, "x")[:length])

    return rename


def _renamed(results: Results, rename: Rename) -> Results:
    """Return the results with every foreign text exchanged, the same one always for the same."""

    def cell(value: Any) -> Any:
        if not isinstance(value, str) or not value:
            return value
        if value.startswith('["'):
            return json.dumps([rename(name) for name in json.loads(value)])
        return rename(value)

    def table(one: pd.DataFrame) -> pd.DataFrame:
        texts = [name for name in one if name not in FIXED]
        return one.assign(**{str(name): one[name].astype(object).map(cell) for name in texts})

    frames: dict[str, Any] = {name: table(getattr(results, name)) for name in TABLES}
    verdict = results.run["verdict"]
    run = results.run | {
        "command": rename("command"), "sources": [rename("source")], "source": rename("source"),
        "remarks": [rename(f"remark {row}") for row in range(len(BITING))],
        "versions": {rename("library"): rename("version")},
        "verdict": verdict | {
            "group": [rename(name) for name in verdict["group"]],
            "smallest": rename(verdict["smallest"]),
            "reasons": [rename("reason")],
        },
    }  # fmt: skip
    return replace(results, **frames | {"run": run})


@pytest.fixture(scope="module")
def hostile() -> Results:
    return _renamed(example_results(), _biting())


def _write(results: Results, folder: Path) -> str:
    """Write the run folder, its figures no more than a dot each; return the page."""

    def page_alone(results: Results, unfinished: Path) -> None:
        for drawing in figure_specs(results):
            place = unfinished / "figures" / drawing.file
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (4, 4)).save(place)
        write_report(results, unfinished)
        write_papers(results, unfinished)

    results.write(folder, page_alone)
    return (folder / "report.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """The elements of a page with the names of their attributes, and what leads elsewhere."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.links: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "wbr":  # where an encoder's name may be broken
            self.elements[f"{tag} {' '.join(sorted(name for name, _ in attrs))}"] += 1
        given = dict(attrs)
        self.links |= {str(given[name])[:22] for name in ("href", "src") if name in given}
        self.texts += [str(given[name]) for name in ("title", "alt") if name in given]

    def handle_comment(self, data: str) -> None:
        self.elements["comment"] += 1

    def handle_decl(self, decl: str) -> None:
        self.elements[f"declaration {decl}"] += 1

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:  # the texts of scripts and styles are shown nowhere
            self.texts.append(data)


@pytest.fixture(scope="module")
def run_folder(hostile: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "run"
    _write(hostile, folder)
    return folder


def test_the_page_holds_no_element_that_names_brought(run_folder: Path, tmp_path: Path) -> None:
    hostile = Page((run_folder / "report.html").read_text(encoding="utf-8"))
    harmless = Page(_write(_renamed(example_results(), _harmless()), tmp_path / "harmless"))
    assert hostile.elements == harmless.elements
    assert all(link.startswith(("#", "data:image/")) for link in hostile.links)
    text = " ".join(hostile.texts)
    assert "<script>alert(1)</script>" in text and '"><img src=x onerror=alert(1)>' in text
    assert "{{ 7 * 7 }}{% raw %}<!--" in text


def test_the_pages_policy_lets_its_own_script_run_alone(run_folder: Path) -> None:
    page = (run_folder / "report.html").read_text(encoding="utf-8")
    policy = re.search('Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert re.fullmatch(r"'sha256-[\w+/]{43}='", rules["script-src"])
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data: blob:"
    assert "http" not in policy[1] and page.index(policy[0]) < page.index("<title>")


def test_tables_hold_no_formula_and_numbers_stay_numbers(run_folder: Path) -> None:
    defused = 0
    for file in run_folder.glob("*.csv"):
        with file.open(newline="", encoding="utf-8") as opened:
            for cell in (cell for row in csv.reader(opened) for cell in row):
                defused += cell.startswith("'")
                if cell.strip()[:1] in ("=", "+", "-", "@") or cell[:1] in ("\t", "\r", "\n"):
                    float(cell)
    assert defused > 50


def test_tables_read_back_as_they_were(run_folder: Path, hostile: Results) -> None:
    again = read_results(run_folder)
    for name in set(TABLES) - {"partitions"}:
        before, after = getattr(hostile, name), getattr(again, name)
        for column in before:
            texts = [(row, one) for row, one in enumerate(before[column]) if isinstance(one, str)]
            assert [str(after[column].iloc[row]) for row, _ in texts] == [one for _, one in texts]


def test_markdown_has_as_many_cells_in_each_row(run_folder: Path, hostile: Results) -> None:
    lines = (run_folder / "comparison.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 + len(hostile.comparison)
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1
    assert not re.search(r"(?<!\\)[<`]", "".join(lines))


@pytest.mark.parametrize("file", ["comparison.tex", "methods.tex"])
def test_latex_has_no_command_that_names_brought(run_folder: Path, file: str) -> None:
    text = (run_folder / file).read_text(encoding="utf-8")
    bare = text.replace(r"\textbackslash{}", "")
    foreign = {"input", "write", "def", "immediate", "end{tabular", "x1b", "u202e"}
    assert not set(re.findall(r"\\([A-Za-z0-9]+)", bare)) & foreign
    assert not re.search(r"\\\\\n\s*[\[*]", text)
    bare = re.sub(r"\\.", "", bare)
    assert bare.count("{") == bare.count("}") and "#" not in bare.split("\\fi}\n")[-1].replace(
        "#1", ""
    )


def test_a_file_to_label_names_the_images_as_they_are(run_folder: Path, tmp_path: Path) -> None:
    run = read_results(run_folder)
    unlabelled = replace(run, images=run.images.drop(columns="truth"))
    unlabelled._write_tables(tmp_path)
    file = tmp_path / "labels.csv"
    suggest_labels(tmp_path, 30, file)
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    assert table["image"].str.startswith("'").any()
    label = defused("=1+1")
    table.assign(label=label).to_csv(file, index=False)
    names = run.images["image"].tolist()
    labels, _ = labels_of_images(read_table(file), names, TableForm())
    assert labels.notna().sum() == 30 and set(labels.dropna()) == {"=1+1"}


def test_an_error_on_the_command_line_steers_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["run", "\x1b[2J\u202e.csv", "-e", "pixels"])
    assert r"'\x1b[2J\u202e.csv'" in capsys.readouterr().err


def test_the_terminal_gets_no_control(
    hostile: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_results(hostile, tmp_path)
    print_results(hostile, tmp_path, as_json=True)
    print(hostile.to_text())
    printed = capsys.readouterr()
    assert "owned" in printed.err and "gpj.exe" in printed.out + printed.err
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", printed.out + printed.err)


def test_a_run_folder_of_others_cannot_name_a_figure_elsewhere(hostile: Results) -> None:
    bad = replace(hostile, projections=hostile.projections.assign(projection="x/../../../escaped"))
    with pytest.raises(InputError, match="a figure cannot be called"):
        figure_specs(bad)
    files = {drawing.file for drawing in figure_specs(hostile)}
    assert files and all(re.fullmatch(r"(\d\d_\w*/)?\w+\.(png|jpg)", file) for file in files)


def test_a_report_is_not_written_through_a_link(hostile: Results, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    hostile.write(tmp_path / "run")
    (tmp_path / "run" / "report.html").symlink_to(tmp_path / "mine.txt")
    with pytest.raises(InputError, match="is a link"):
        redraw(tmp_path / "run")
    (tmp_path / "run" / "figures").mkdir()
    (tmp_path / "run" / "figures" / "ranks.png").symlink_to(tmp_path / "mine.txt")
    with pytest.raises(InputError, match="is a link"):
        draw_figures(hostile, tmp_path / "run" / "figures", ["ranks"])
    assert (tmp_path / "mine.txt").read_text() == "mine"
