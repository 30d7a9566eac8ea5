"""Promises of the tabs of purposes in a browser: keys, addresses, marks, no script, print."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedbench.report.page import write_report
from tests.support.browser import Opened, address, opened
from tests.support.example_results import ENCODERS, example_results
from tests.support.hostile_page import BITING, hostile_results

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PURPOSES = ["clustering", "search", "classification"]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(example_results(), tmp_path_factory.mktemp("page"))


@pytest.fixture
def seen(browser: "Browser", page_file: Path) -> Iterator[Opened]:
    with opened(browser, address(page_file)) as found:
        yield found
        assert found.said == [] and found.requests == []


def shown(seen: Opened) -> list[str]:
    """Return the purposes whose parts can be seen."""
    return [
        name for name in PURPOSES if seen.page.locator(f"#purposes-{name} p").first.is_visible()
    ]


def test_arrow_keys_go_from_tab_to_tab_and_one_panel_is_shown(seen: Opened) -> None:
    tabs = seen.page.get_by_role("tablist", name="The purposes").get_by_role("tab")
    assert tabs.all_text_contents() == ["Clustering", "Search", "Classification"]
    assert shown(seen) == ["clustering"]
    tabs.first.focus()
    for key, number in (
        ("ArrowRight", 1), ("End", 2), ("ArrowRight", 0), ("ArrowLeft", 2), ("Home", 0),
    ):  # fmt: skip
        seen.page.keyboard.press(key)
        assert shown(seen) == [PURPOSES[number]]
        chosen = [tab.get_attribute("aria-selected") == "true" for tab in tabs.all()]
        assert chosen == [number == one for one in range(3)]
        focused = seen.value("document.activeElement.id")
        assert focused == f"purposes-{PURPOSES[number]}-tab"
    seen.page.keyboard.press("Shift+Tab")
    seen.page.keyboard.press("Tab")  # one tab stop for all tabs
    assert seen.value("document.activeElement.id") == "purposes-clustering-tab"


def test_the_address_names_the_tab_and_leads_there_again(
    browser: "Browser", page_file: Path, seen: Opened
) -> None:
    seen.page.get_by_role("tab", name="Search").click()
    assert seen.page.url.endswith("#purposes-search")
    queries = seen.page.get_by_role("tablist", name="The queries").get_by_role("tab")
    queries.last.click()
    assert seen.page.url.endswith("#query-2")
    with opened(browser, seen.page.url) as again:
        assert shown(again) == ["search"]
        assert again.page.locator("#query-2 .answers").first.is_visible()
        assert not again.page.locator("#query-1 .answers").first.is_visible()


def test_right_and_wrong_answers_are_marked_by_more_than_colour(seen: Opened) -> None:
    seen.page.get_by_role("tab", name="Search").click()
    table = example_results().search_answers
    first = table[table["query"] == table["query"].iloc[0]]
    rows = seen.page.locator("#query-1 .answers")
    assert rows.count() == len(ENCODERS)
    for row, encoder in zip(rows.all(), reversed(ENCODERS), strict=True):  # the third leads search
        own = first[first["encoder"] == encoder]
        said = [str(one.get_attribute("aria-label")) for one in row.locator("[role=img]").all()]
        assert said == [
            f"{name}, {'right' if right else 'wrong'}"
            for name, right in zip(own["image"], own["is_right"], strict=True)
        ]
        for picture in row.locator("[role=img]").all():
            is_right = str(picture.get_attribute("aria-label")).endswith("right")
            look = picture.evaluate(
                "it => [getComputedStyle(it).borderStyle, getComputedStyle(it, '::after').content]"
            )
            assert look == (["solid", '"✓" / ""'] if is_right else ["dashed", '"✗" / ""'])
    assert rows.locator(".right").count() and rows.locator(".wrong").count()


def test_an_answer_opens_its_picture_as_anywhere_on_the_page(seen: Opened) -> None:
    seen.page.get_by_role("tab", name="Search").click()
    answer = seen.page.locator("#query-1 .answers [role=img]").nth(1)
    answer.click()
    panel = seen.page.locator("aside.picture")
    assert panel.locator("strong").text_content() == answer.get_attribute("title")
    panel.locator(".enlarge").click()
    said = seen.page.locator(".lightbox p").text_content() or ""
    assert said.endswith("2 of 4")  # among the answers of its row


def test_without_a_script_and_in_print_every_purpose_and_query_is_shown(
    browser: "Browser", page_file: Path, seen: Opened
) -> None:
    with opened(browser, address(page_file), java_script_enabled=False) as bare:
        assert shown(bare) == PURPOSES
        assert bare.page.locator(".answers:visible").count() == 2 * len(ENCODERS)
        assert bare.page.locator("#purposes h3[data-tab]:visible").count() == 3
        assert bare.page.get_by_role("tab").count() == 0
    seen.page.wait_for_selector("[data-chart=sizes-purposes-clustering] svg")
    seen.page.emulate_media(media="print")
    assert shown(seen) == PURPOSES
    assert seen.page.locator("#purposes h3[data-tab]:visible").count() == 3
    assert seen.page.locator(".answers:visible").count() == 2 * len(ENCODERS)
    assert seen.page.locator("#purposes [data-chart] svg:visible").count() == 3 + 1 + 3
    assert seen.page.locator("[role=tablist]:visible").count() == 0


@pytest.mark.parametrize("pictures", [True, False])
def test_names_that_bite_are_shown_and_never_run(
    browser: "Browser", tmp_path: Path, pictures: bool
) -> None:
    """Where there are no pictures, the last part of each name stands in the picture's place."""
    page = write_report(hostile_results(), tmp_path, pictures=pictures)
    with opened(browser, address(page)) as found:
        found.page.get_by_role("tab", name="Search").click()
        query = found.page.locator("#query-1")
        assert query.locator("strong").text_content() == BITING[5]
        first = query.locator(".answers").last.locator("[role=img]").first  # of the first encoder
        assert first.get_attribute("title") == BITING[0]
        assert first.text_content() == ("" if pictures else "script>.jpg")
        found.page.get_by_role("tablist", name="The queries").get_by_role("tab").last.focus()
        found.page.keyboard.press("Home")
        assert found.said == [] and found.page.locator("script").count() > 1


def test_the_tabs_fit_a_phone(browser: "Browser", page_file: Path) -> None:
    with opened(browser, address(page_file), viewport={"width": 390, "height": 800}) as found:
        for name in PURPOSES:
            found.page.locator(f"#purposes-{name}-tab").click()
            assert found.value("document.documentElement.scrollWidth") <= 390
