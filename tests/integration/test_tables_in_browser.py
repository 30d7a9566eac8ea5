"""Promises of the page's tables in a real browser: chosen, sorted and told, by keys too."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from embedbench.report.tables import comparison_columns
from tests.support.browser import Opened, address, opened
from tests.support.page_tables import (
    NAMES,
    OWN_K,
    choose,
    first_rows,
    main_names,
    rows_of,
    shared,
    shown,
    shown_rows,
    wanted_rows,
    write_run,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

BARRED = {"AMI", "ARI", "accuracy", "stability"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("tables") / "run")


@pytest.fixture(scope="module")
def rows(folder: Path) -> pd.DataFrame:
    return rows_of(folder)


@pytest.fixture
def seen(browser: "Browser", folder: Path) -> Iterator[Opened]:
    """The page; whatever a test does, nothing may go wrong in it or leave it."""
    with opened(browser, address(folder / "report.html")) as found:
        yield found
        assert found.said == [] and found.requests == []


def headings(seen: Opened) -> "list[Locator]":
    return seen.page.locator("#comparison .box thead th:visible").all()


def cell(seen: Opened, heading: str, row: int = 0) -> "Locator":
    """Return a cell of the comparison."""
    place = shown(seen)[0].index(heading)
    line = seen.page.locator("#comparison .box tbody tr:visible").nth(row)
    return line.locator("td:visible").nth(place)


def test_with_a_script_one_table_stands_where_four_are_read_without(
    seen: Opened, browser: "Browser", folder: Path
) -> None:
    tables = "#comparison .box table"
    assert seen.page.locator(tables).count() == 1
    with opened(browser, address(folder / "report.html"), java_script_enabled=False) as plain:
        assert plain.page.locator(tables).count() == 4
        assert plain.page.locator(tables).first.is_visible()
        assert plain.page.locator("#comparison button, #comparison select").count() == 0


def test_the_table_begins_with_the_rows_that_compare_encoders(
    seen: Opened, rows: pd.DataFrame
) -> None:
    first = first_rows(rows)
    assert shown_rows(seen) == wanted_rows(first)
    status = seen.page.locator("#comparison [role=status]").first
    assert status.inner_text() == f"{len(first)} of {len(rows)} rows"
    starts = seen.page.locator("#comparison tr.starts:visible")
    assert starts.count() == first["clusterer"].nunique() - 1


def test_without_labels_the_rows_of_an_encoder_stand_together(
    browser: "Browser", tmp_path: Path
) -> None:
    with opened(browser, address(write_run(tmp_path / "run", truth=False) / "report.html")) as seen:
        encoders = [row[0] for row in shown_rows(seen)]
        assert encoders == [name for name in NAMES for _ in range(3)]
        starts = "#comparison tr.starts:visible"
        assert seen.page.locator(starts).count() == len(NAMES) - 1
        choose(seen, Choice_of_k="all", Space="all")
        # The shared k, and three ways of choosing one, in two spaces.
        assert seen.page.locator(starts).count() == 2 * 4 * len(NAMES) - 1
        assert seen.said == [] and seen.requests == []


def test_switches_choose_clusterer_space_and_way_of_choosing_k(
    seen: Opened, rows: pd.DataFrame
) -> None:
    note = seen.page.get_by_text("do not compare encoders")
    choose(seen, Clusterer="agglomerative")
    in_l2 = rows[(rows["space"] == "l2") & (rows["clusterer"] == "agglomerative")]
    assert shown_rows(seen) == wanted_rows(shared(in_l2)) and not note.is_visible()
    for way in OWN_K:
        choose(seen, Choice_of_k=f"{way}: each encoder with its own k")
        assert shown_rows(seen) == wanted_rows(in_l2[in_l2["k_from"] == way])
        assert note.is_visible()
    choose(seen, Clusterer="all", Space="umap-2", Choice_of_k="the shared k")
    assert shown_rows(seen) == wanted_rows(shared(rows)[shared(rows)["space"] == "umap-2"])
    choose(seen, Space="all", Choice_of_k="all")
    assert shown_rows(seen) == wanted_rows(rows)


def test_a_text_chooses_encoders_by_their_names(seen: Opened, rows: pd.DataFrame) -> None:
    search = seen.page.get_by_role("searchbox", name="Encoder")
    for text, name in (("ONERROR", NAMES[0]), ('|"A"', NAMES[1]), (r"\{~^$#%&", NAMES[2])):
        search.fill(text)
        first = first_rows(rows)
        assert shown_rows(seen) == wanted_rows(first[first["encoder"] == name])
    search.fill("no such encoder")
    assert seen.page.locator("#comparison .box tbody tr:visible").count() == 0
    assert f"0 of {len(rows)}" in seen.page.locator("#comparison [role=status]").first.inner_text()


def test_columns_are_the_main_ones_or_all(seen: Opened, rows: pd.DataFrame) -> None:
    found = [one.name for one in comparison_columns(rows.columns)]
    for choice, names in (("every number", found), ("main columns", main_names(rows))):
        choose(seen, Columns=choice)
        by_name = [str(one.get_attribute("data-name")) for one in headings(seen)]
        assert sorted(by_name) == sorted(names)
        assert {len(line) for line in shown(seen)} == {len(names)}


def test_a_heading_sorts_then_the_other_way_then_not(seen: Opened, rows: pd.DataFrame) -> None:
    """Numbers of 0.8960 and 0.8959 look the same and are not; those without one come last."""
    choose(seen, Space="all", Choice_of_k="all")
    heading = seen.page.locator("#comparison th:visible", has_text="AMI")
    press = heading.get_by_role("button", name="AMI", exact=True)
    known = rows["ami"].notna()
    for direction, ascending in (("descending", False), ("ascending", True)):
        press.click()
        assert heading.get_attribute("aria-sort") == direction
        order = rows[known].sort_values("ami", ascending=ascending, kind="stable")
        assert shown_rows(seen) == wanted_rows(pd.concat([order, rows[~known]]))
    press.click()
    assert heading.get_attribute("aria-sort") is None
    assert shown_rows(seen) == wanted_rows(rows)


def test_a_column_of_words_is_sorted_from_a(seen: Opened, rows: pd.DataFrame) -> None:
    seen.page.get_by_role("button", name="clusterer", exact=True).click()
    first = first_rows(rows)
    assert shown_rows(seen) == wanted_rows(first.sort_values("clusterer", kind="stable"))
    assert seen.page.locator("#comparison [aria-sort]").count() == 1


BARS = """(table) => [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) =>
  [...row.cells].filter((cell) => !cell.hidden).map((cell) =>
    [...cell.querySelectorAll(".span, .span *")].map((one) =>
      one.getBoundingClientRect().toJSON())))
"""


def test_each_number_with_an_interval_on_a_scale_has_its_bar(
    seen: Opened, rows: pd.DataFrame
) -> None:
    names = [str(one.get_attribute("data-name")) for one in headings(seen)]
    found = seen.page.locator("#comparison .box table").evaluate(BARS)
    for line, (_, row) in zip(found, first_rows(rows).iterrows(), strict=True):
        for name, boxes in zip(names, line, strict=True):
            if comparison_columns([name])[0].heading not in BARRED:
                assert boxes == []
                continue
            track, part, mark = boxes
            low, high = (min(max(row[f"{name}_{end}"], 0), 1) for end in ("low", "high"))
            middle = (mark["left"] + mark["right"]) / 2
            assert abs((part["left"] - track["left"]) / track["width"] - low) < 0.01
            assert abs(part["width"] / track["width"] - max(high - low, 2 / 64)) < 0.02
            assert abs((middle - track["left"]) / track["width"] - row[name]) < 0.01


def told(row: pd.Series) -> str:
    """Return what a tip says of the AMI of a row."""
    return f"AMI: {row.ami:.3f}, 95 % interval {row.ami_low:.2f} to {row.ami_high:.2f}"


def test_a_number_is_told_with_its_interval_where_it_is_pointed_at(
    seen: Opened, rows: pd.DataFrame
) -> None:
    tip = seen.page.get_by_role("tooltip")
    for row in (0, 4):
        cell(seen, "AMI", row).hover()
        assert tip.inner_text() == told(first_rows(rows).iloc[row])
    cell(seen, "clusterer").hover()
    assert not tip.is_visible()


def test_keys_lead_to_every_number_and_it_is_told(seen: Opened, rows: pd.DataFrame) -> None:
    """Tab reaches one cell of the table, arrows the others; Escape closes what is told."""
    tip = seen.page.get_by_role("tooltip", include_hidden=True)
    seen.page.get_by_role("button", name="stability", exact=True).first.focus()
    seen.page.keyboard.press("Tab")
    for _ in range(shown(seen)[0].index("AMI")):
        assert not tip.is_visible()
        seen.page.keyboard.press("ArrowRight")
    assert tip.inner_text() == told(first_rows(rows).iloc[0])
    seen.page.keyboard.press("ArrowDown")
    assert tip.inner_text() == told(first_rows(rows).iloc[1])
    assert cell(seen, "AMI", 1).get_attribute("aria-describedby") == tip.get_attribute("id")
    seen.page.keyboard.press("Escape")
    assert not tip.is_visible()
    assert seen.page.locator("#comparison td[tabindex]").count() == 1
    seen.page.keyboard.press("Tab")
    active = "document.activeElement.getAttribute('aria-label')"
    assert seen.value(active) == "Copy the table as Markdown"


def test_keys_choose_and_sort(seen: Opened, rows: pd.DataFrame) -> None:
    seen.page.locator("#comparison").get_by_label("Clusterer", exact=True).focus()
    seen.page.keyboard.press("ArrowDown")
    part = first_rows(rows)
    part = part[part["clusterer"] == "kmeans"]
    assert shown_rows(seen) == wanted_rows(part)
    seen.page.get_by_role("button", name="ARI", exact=True).first.focus()
    for key, ascending in (("Enter", False), ("Space", True)):
        seen.page.keyboard.press(key)
        order = part.sort_values("ari", ascending=ascending, kind="stable")
        assert shown_rows(seen) == wanted_rows(order)


SORTED = {
    "#sure": "difference in AMI",
    "#with-labels": "linear probe",
    "#without-labels": "stability",
    "#shortcuts": "brightness",
    "#robustness": "change in AMI",
    "#domains": "images",
    "#encoders": "dim",
}
"""A column of numbers of the first table in each section."""


@pytest.mark.parametrize("section", SORTED)
def test_every_other_table_is_sorted_by_its_headings_too(seen: Opened, section: str) -> None:
    seen.page.locator(f"{section} details").evaluate_all("all => all.forEach(d => d.open = true)")
    names, *lines = shown(seen, section)
    table = seen.page.locator(f"{section} .box table").first
    press = table.get_by_role("button", name=SORTED[section], exact=True)
    place = names.index(SORTED[section])
    texts = [line[place] for line in lines]
    known = [text for text in texts if text != "–"]
    assert known
    for reverse in (True, False):
        press.click()
        order = sorted(known, key=lambda text: float(text.replace(",", "")), reverse=reverse)
        found = [line[place] for line in shown(seen, section)[1:]]
        assert found == order + ["–"] * (len(texts) - len(known))
    press.click()
    assert shown(seen, section) == [names, *lines]


def test_on_a_phone_the_tables_stay_in_the_window(browser: "Browser", folder: Path) -> None:
    window = {"width": 390, "height": 800}
    page = address(folder / "report.html")
    with opened(browser, page, viewport=window, has_touch=True) as seen:
        choose(seen, Columns="every number")
        assert seen.value("document.documentElement.scrollWidth") <= 390
        wide = "all => all.map(one => one.getBoundingClientRect().right)"
        assert max(seen.page.locator(".table-tools *:visible").evaluate_all(wide)) <= 390
        cell(seen, "AMI").tap()
        tip = seen.page.get_by_role("tooltip").bounding_box()
        assert tip and tip["x"] >= 0 and tip["x"] + tip["width"] <= 390
        encoder = cell(seen, "encoder").bounding_box()
        assert encoder and encoder["x"] >= 0  # it stays when numbers are scrolled
        assert seen.said == []


def test_what_is_pressed_can_be_read_in_the_light_and_in_the_dark(
    browser: "Browser", folder: Path
) -> None:
    style = "one => { const s = getComputedStyle(one); return [s.color, s.backgroundColor] }"
    found = []
    for scheme in ("light", "dark"):
        with opened(browser, address(folder / "report.html"), color_scheme=scheme) as seen:
            parts = seen.page.locator("#comparison .table-tools :is(select, input, button):visible")
            found += [{tuple(part.evaluate(style)) for part in parts.all()}]
    assert all(len(styles) == 1 for styles in found) and found[0] != found[1]
