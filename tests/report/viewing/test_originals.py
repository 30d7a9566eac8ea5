"""Promises of the original pictures: a run that has none, or has lost them, is told so."""

from dataclasses import replace
from pathlib import Path

import pytest

from embedbench.errors import InputError
from embedbench.report.viewing.originals import Originals, page_of
from tests.support.example_results import example_results


def test_a_run_of_python_objects_has_no_originals() -> None:
    results = example_results()
    with pytest.raises(InputError, match="its pictures were Python objects"):
        Originals(replace(results, run=results.run | {"sources": []}))


def test_a_source_that_is_gone_is_told(tmp_path: Path) -> None:
    results = example_results()
    gone = {"sources": [str(tmp_path / "gone")]}
    with pytest.raises(InputError, match="the original pictures are gone"):
        Originals(replace(results, run=results.run | gone))


def test_a_folder_without_a_page_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no page"):
        page_of(tmp_path)
    (tmp_path / "report.html").write_text("")
    assert page_of(tmp_path).name == "report.html"
