"""Promises of the notebooks: they run as they are, and show today what they show on the page."""

import re
from pathlib import Path

import nbformat
import pytest
from notebook_pages import write_notebook_page
from run_notebooks import NOTEBOOKS, run_notebook

FILES = sorted(NOTEBOOKS.glob("*.ipynb"))


def kinds(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """Return what each cell shows: the kinds of its outputs."""
    shown = [cell.get("outputs", []) for cell in notebook.cells]
    return [[kind for one in outputs for kind in sorted(one.get("data", ()))] for outputs in shown]


def verdict_of(notebook: nbformat.NotebookNode) -> str:
    """Return the first sentence of the verdict that a notebook prints."""
    texts = [
        one.text for cell in notebook.cells for one in cell.get("outputs", []) if "text" in one
    ]
    return "".join(texts).partition(". ")[0]


@pytest.mark.slow
@pytest.mark.weights
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_notebook_runs_and_shows_what_it_showed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    kept = nbformat.read(file, nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
    found = run_notebook(file)
    assert kinds(found) == kinds(kept)
    assert verdict_of(found) == verdict_of(kept) != ""
    assert "image/png" in [kind for one in kinds(found) for kind in one]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_its_page_has_its_code_and_its_pictures_and_no_path_of_a_machine(
    file: Path, tmp_path: Path
) -> None:
    write_notebook_page(file, tmp_path)
    page = (tmp_path / f"{file.stem}.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", page)
    assert pictures and all((tmp_path / picture).is_file() for picture in pictures)
    assert "embedbench.compare(" in page and f"({file.name})" in page
    for place in (page, file.read_text(encoding="utf-8")):
        assert not re.search(r"/(home|root|tmp|work)/", place)
