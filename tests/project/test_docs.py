"""Promises of the documentation site: it builds without a warning, and what it points to exists."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import build_site
import fill_recipes
import gallery
import generated
import program
import pytest

import embedbench
from embedbench import conformance, encoder, errors
from embedbench.cli.group import every_command
from embedbench.report.page import write_report
from tests.support.example_results import example_results
from tests.support.paths import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))
NOTEBOOKS = [page.relative_to(DOCS).with_suffix(".md").as_posix() for page in DOCS.rglob("*.ipynb")]
"""The pages that are made of notebooks."""

NAV = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]


class Page(HTMLParser):
    """What one page of the site holds: its anchors, what it points to, and what it loads."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a":
            self.links += [values["href"]] if "href" in values else []
        else:
            found = [values[name] for name in ("src", "href", "data", "poster") if name in values]
            is_address = tag == "link" and values.get("rel") in {"canonical", "next", "prev"}
            self.loaded += [] if is_address else found


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of the pages in `build/docs` of a folder, with the project's own settings."""
    settings = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    settings = settings.replace('paths = ["."]', f'paths = ["{ROOT.as_posix()}"]')
    (folder / "zensical.toml").write_text(settings, encoding="utf-8")
    zensical = Path(sys.executable).parent / "zensical"
    return subprocess.run(
        [zensical, "build", "--clean", "--strict"], cwd=folder, capture_output=True, text=True
    )


@pytest.fixture(scope="module", autouse=True)
def _reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The report of a small comparison in place of each of the gallery's, which take minutes."""
    place = tmp_path_factory.mktemp("gallery")
    for report in gallery.REPORTS:
        example_results().write(
            place / f"{report.name}-run", lambda results, folder: write_report(results, folder)
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery, "FOLDER", place)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the site built in it."""
    place = tmp_path_factory.mktemp("docs")
    build_site.lay_out(place / "build" / "docs")
    run = build(place)
    assert run.returncode == 0, run.stdout + run.stderr
    return place


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[dict[Path, Page]]:
    """Every page of the site, by its file."""
    root = folder / "build" / "site"
    yield {file.resolve(): Page(file) for file in sorted(root.rglob("*.html"))}


def paths_of(entries: list[object]) -> list[str]:
    """Return the pages that the navigation names, at any depth."""
    found: list[str] = []
    for entry in entries:
        values = list(entry.values()) if isinstance(entry, dict) else [entry]
        for value in values:
            found += paths_of(value) if isinstance(value, list) else [str(value)]
    return found


def missing_targets(pages: dict[Path, Page]) -> list[str]:
    """Return the links of the pages that lead to no file, or to no anchor of one."""
    found = []
    for file, page in pages.items():
        for link in [*page.links, *page.loaded]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or file.name == "404.html":
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            if not target.is_file():
                found.append(f"{file.name}: {link}")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                found.append(f"{file.name}: {link}")
    return found


def test_every_page_is_in_the_navigation_once() -> None:
    laid_out = [*PAGES, *NOTEBOOKS, *build_site.PAGES_OF_THE_ROOT.values()]
    assert sorted(paths_of(NAV)) == sorted(laid_out)


def test_every_page_is_built(site: dict[Path, Page], folder: Path) -> None:
    built = {file.relative_to((folder / "build" / "site").resolve()).as_posix() for file in site}
    wanted = {re.sub(r"\.md$", ".html", page) for page in paths_of(NAV)}
    assert wanted <= built


def test_every_link_and_picture_leads_somewhere(site: dict[Path, Page]) -> None:
    assert sum(len(page.links) for page in site.values()) > 500
    assert missing_targets(site) == []


def test_nothing_is_loaded_from_elsewhere(site: dict[Path, Page], folder: Path) -> None:
    for file, page in site.items():
        assert [one for one in page.loaded if re.match(r"(https?:)?//", one)] == [], file
    for style in (folder / "build" / "site").rglob("*.css"):
        loaded = re.findall(r"url\([\"']?((?:https?:)?//[^)]*)|@import", style.read_text())
        assert loaded == [], style


@pytest.mark.parametrize(
    "text",
    ["[gone](nowhere.md)", "[gone](tutorial.md#no-such-heading)", "::: embedbench.no_such_name"],
)
def test_a_planted_fault_fails_the_build(tmp_path: Path, text: str) -> None:
    pages = tmp_path / "build" / "docs"
    build_site.lay_out(pages)
    assert "tutorial.md" in paths_of(NAV)
    index = pages / "index.md"
    index.write_text(index.read_text(encoding="utf-8") + f"\n{text}\n", encoding="utf-8")
    assert build(tmp_path).returncode != 0


def test_a_planted_link_is_seen_in_the_built_pages(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<h1 id="top"></h1><a href="#top"></a><a href="b.html#x"></a>')
    (tmp_path / "b.html").write_text('<a href="a.html#top"></a><img src="c.webp">')
    pages = {file.resolve(): Page(file) for file in tmp_path.glob("*.html")}
    assert sorted(missing_targets(pages)) == ["a.html: b.html#x", "b.html: c.webp"]


def test_the_reference_has_every_option_of_every_command(site: dict[Path, Page]) -> None:
    (page,) = (page for file, page in site.items() if file.name == "command-line.html")
    for name, command in every_command().items():
        assert name in page.anchors
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert f"{name}-{max(parameter.opts, key=len).lstrip('-')}" in page.anchors


def test_the_reference_has_every_metric(site: dict[Path, Page]) -> None:
    (page,) = (page for file, page in site.items() if file.name == "metrics.html")
    names = {one.name for one in (*program.metrics_of_clusters(), *program.metrics_of_encoders())}
    assert {name for name in names if not name.endswith("_clustered")} <= page.anchors


def test_the_reference_has_every_table_and_column(folder: Path) -> None:
    text = (folder / "build" / "docs" / "reference" / "run-folder.md").read_text(encoding="utf-8")
    for name, table in program.tables().items():
        (section,) = re.findall(
            rf"^### {name}\.{table.suffix} .*?(?=^### |\Z)", text, re.MULTILINE | re.DOTALL
        )
        assert re.findall(r"^\| <code>(.*?)</code>", section, re.M) == list(table.columns)


def test_the_reference_has_every_promised_name(site: dict[Path, Page], folder: Path) -> None:
    (page,) = (page for file, page in site.items() if file.match("reference/python.html"))
    text = (folder / "build" / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    assert set(embedbench.__all__) > {"Encoder", "Results", "compare"}
    for module in (embedbench, encoder, conformance, errors):
        for name in module.__all__:
            elsewhere = re.search(rf"^- `{name}`: ", text, re.MULTILINE)
            assert f"{module.__name__}.{name}" in page.anchors or elsewhere, name


def test_the_reference_has_every_conformance_check(folder: Path) -> None:
    text = (folder / "build" / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    for check in conformance.CHECKS:
        assert f"| <code>{check.__name__}</code> | " in text


def test_a_page_that_asks_for_an_unknown_part_is_refused() -> None:
    with pytest.raises(KeyError, match="no such part"):
        generated.expand("<!-- generated: no such part -->\n")


def test_every_generated_part_is_on_a_page() -> None:
    asked = {
        name
        for page in PAGES
        for name in re.findall(r"<!-- generated: (.+?) -->", (DOCS / page).read_text("utf-8"))
    }
    assert asked == set(generated.PARTS)


def test_text_of_the_program_stays_text() -> None:
    table = generated._table(["a"], [[generated._cell("[x]  <b> a|b `c_d` e_f")]])
    assert table.splitlines()[2] == r"| \[x\] \<b\> a&#124;b `c_d` e\_f |"


def test_every_file_that_a_page_names_is_a_table_of_the_run_folder() -> None:
    known = {f"{name}.{table.suffix}" for name, table in program.tables().items()}
    ours = re.compile(r"`([a-z_]+\.(?:csv|parquet))`")
    given = {
        "photos.csv", "urls.csv", "labels.csv", "comparison.csv", "metadata.csv", "mine.parquet",
        "metadata.parquet", "train.parquet", "assignments.csv",
    }  # fmt: skip
    for page in PAGES:
        named = set(ours.findall((DOCS / page).read_text(encoding="utf-8")))
        assert named - given <= known, page


def test_every_recipe_has_a_page_that_is_filled() -> None:
    from embedbench.cli.recipes import recipes

    pages = {page.stem: page.read_text("utf-8") for page in (DOCS / "recipes").glob("*.md")}
    assert set(pages) == {*recipes(), "index"}
    for name, made in fill_recipes.BLOCKS.items():
        for block in made:
            filled = re.search(rf"<!-- {block} -->\n(.+?)<!-- end -->", pages[name], re.DOTALL)
            assert filled is not None, (name, block)


def test_scripts_are_not_part_of_the_site(folder: Path) -> None:
    assert not list((folder / "build" / "site").rglob("*.py"))
