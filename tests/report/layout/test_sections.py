"""Promises of the sections: their order, and each lost table told where it would be shown."""

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from embedbench.report.layout.sections import sections_of, sections_of_tables
from embedbench.report.page import write_report
from embedbench.results.results import Results
from embedbench.results.schema import TABLES
from tests.support.browser import address, opened
from tests.support.example_results import example_results

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DECIDE = {"comparison", "encoders", "images"}
OTHERS = [name for name in TABLES if name not in DECIDE]


def without(results: Results, names: list[str]) -> Results:
    tables: dict[str, Any] = {
        name: pd.DataFrame(columns=list(TABLES[name].columns)) for name in names
    }
    return dataclasses.replace(results, **tables)


def test_what_has_nothing_to_show_is_left_out_unless_it_was_lost() -> None:
    results = example_results()
    found = {one.name: one for one in sections_of(results, {"why", "maps"}, {"variance": "gone"})}
    assert "why" not in found and found["maps"].is_empty
    assert found["maps"].lacks == ["gone"] and not found["clusters"].lacks
    assert [*found][:3] == ["comparison", "purposes", "sure"]


def test_the_reason_tells_no_folder() -> None:
    reason = "elbow.csv is damaged (cannot open '/home/ann/run/elbow.csv')"
    sections = sections_of(example_results(), (), {"elbow": reason})
    [told] = [one.lacks for one in sections if one.lacks]
    assert told == ["elbow.csv is damaged (cannot open 'elbow.csv')"]


def test_every_table_that_does_not_decide_has_a_section() -> None:
    assert set(sections_of_tables(OTHERS)) == set(OTHERS)


@pytest.mark.parametrize("truth", [True, False])
@pytest.mark.parametrize("name", OTHERS)
def test_a_page_lacks_one_table_and_says_where(tmp_path: Path, name: str, truth: bool) -> None:
    results = without(example_results(truth), [name])
    page = write_report(results, tmp_path, lacking={name: f"{name} is missing"}).read_text()
    told = re.findall(rf'<p class="error">(\w[\w ]*) is (left out|not whole): {name} is', page)
    assert [heading for heading, _ in told] == [sections_of_tables([name])[name]]


@pytest.mark.parametrize("truth", [True, False])
def test_a_page_of_the_tables_that_decide_alone_works(
    browser: "Browser", tmp_path: Path, truth: bool
) -> None:
    lacking = {name: f"<b>{name}</b> is missing" for name in OTHERS}
    file = write_report(without(example_results(truth), OTHERS), tmp_path, lacking=lacking)
    with opened(browser, address(file)) as seen:
        assert seen.page.locator("#comparison .box tbody tr:visible").count() > 3
        assert seen.page.get_by_text("<b>silhouettes</b> is missing").is_visible()
        assert seen.page.locator("nav a[href='#clusters']").count() == 1
        assert seen.said == [] and seen.requests == []
