"""Promises of the charts in a browser: drawn from the numbers, chosen, hovered, in any look."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embedbench.report.charts.catalogue import charts_of
from embedbench.report.page import write_report
from embedbench.results.results import Results
from embedbench.results.schema import TABLES
from tests.support.browser import Opened, address, opened
from tests.support.example_results import ENCODERS, example_results, with_verdict

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

HOSTILE = '"><img src=x onerror=alert(1)></svg><script>alert(1)</script>'


def hostile_results() -> Results:
    """Return the example with a name that would run as HTML in every table."""
    results = example_results()
    tables: dict[str, Any] = {}
    for name in TABLES:
        table = getattr(results, name)
        if "encoder" in table:
            columns = [column for column in ("encoder", "other") if column in table]
            tables[name] = table.replace({one: {ENCODERS[1]: HOSTILE} for one in columns})
    domains = results.domains["domain"].iloc[0]
    tables["domains"] = tables["domains"].replace({"domain": {domains: HOSTILE}})
    return dataclasses.replace(results, **tables)


RESULTS = hostile_results()
CHARTS = {chart.name: chart for chart in charts_of(RESULTS)}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(RESULTS, tmp_path_factory.mktemp("page"))


@pytest.fixture
def seen(browser: "Browser", page_file: Path) -> Iterator[Opened]:
    with opened(browser, address(page_file)) as found:
        found.page.wait_for_selector("[data-chart=cost] svg")
        yield found
        assert found.said == [] and found.requests == []


def chart(seen: Opened, name: str) -> "Locator":
    return seen.page.locator(f"[data-chart={name}]")


def test_every_chart_is_drawn_a_panel_each(seen: Opened) -> None:
    for name, wanted in CHARTS.items():
        drawn = chart(seen, name)
        assert drawn.locator("h3").text_content() == wanted.title
        assert drawn.locator("svg").count() == len(wanted.views[0].panels), name
        assert drawn.locator("svg").first.get_attribute("role") == "img"
        width = seen.value(f"document.querySelector('[data-chart={name}]').clientWidth")
        for svg in drawn.locator("svg").all():
            box = svg.bounding_box()
            assert box is not None and box["width"] <= width


def test_a_dot_tells_its_encoder_its_number_and_its_interval(seen: Opened) -> None:
    row = CHARTS["scores"].views[0].panels[0]["rows"][0]
    chart(seen, "scores").scroll_into_view_if_needed()
    dots = chart(seen, "scores").locator("svg").first.locator("[data-mark=dot] circle")
    dots.first.hover()
    said = chart(seen, "scores").locator("svg").first.locator("[aria-label=tip]").text_content()
    assert said is not None and row["name"] in said
    value, low, high = (f"{row[part]:.0f}" if row[part] == 1 else f"{row[part]:.2f}"
                        for part in ("value", "low", "high"))  # fmt: skip
    assert f"{value} (95 % interval {low} to {high})" in said


def test_another_view_shows_its_numbers(seen: Opened) -> None:
    views = CHARTS["elbow"].views
    select = chart(seen, "elbow").locator("select")
    assert select.locator("option").all_text_contents() == [view.name for view in views]
    select.select_option(index=1)
    titles = chart(seen, "elbow").locator("figcaption").all_text_contents()
    assert titles == [panel["title"] for panel in views[1].panels]


def test_smaller_vectors_are_told_by_their_form_and_the_smallest_is_ringed(seen: Opened) -> None:
    name = "sizes-purposes-search"
    seen.page.get_by_role("tab", name="Search").click()
    drawn = chart(seen, name)
    panel = CHARTS[name].views[0].panels[0]
    rings = drawn.locator("svg [data-mark=dot]").last.locator("circle")
    assert rings.count() == len(panel["rings"]) == len(ENCODERS)
    rings.first.hover(force=True)
    said = drawn.locator("svg [aria-label=tip]").text_content()
    assert said is not None and "int8" in said and "bytes an image 4" in said


def test_quality_stands_against_the_cost_that_is_chosen(seen: Opened) -> None:
    look = CHARTS["cost"].look or {}
    against = chart(seen, "cost").locator("select").last
    against.select_option(label="dimensions")
    assert "dimensions (less is better)" in (chart(seen, "cost").text_content() or "")
    dots = chart(seen, "cost").locator("[data-mark=dot]").last.locator("circle")
    assert dots.count() == len(CHARTS["cost"].views[0].panels[0]["dots"])
    against.select_option(label="images a second")
    [speeds] = [one["values"] for one in look["costs"] if one["name"] == "images a second"]
    places = [float(one.get_attribute("cx") or 0) for one in dots.all()]
    order = sorted(range(len(speeds)), key=lambda one: speeds[one])
    assert sorted(range(len(places)), key=lambda one: places[one]) == order


def test_a_recommended_encoder_off_the_front_is_explained_where_it_is_off(
    browser: "Browser", tmp_path: Path
) -> None:
    """The second is tied and slower to none; the first is better by AMI and as small."""
    results = with_verdict(RESULTS, smallest=HOSTILE, group=[ENCODERS[0], HOSTILE])
    chosen = results.purposes["encoder"] == HOSTILE
    results = dataclasses.replace(results, purposes=results.purposes.assign(recommended=chosen))
    with opened(browser, address(write_report(results, tmp_path))) as found:
        drawn = found.page.locator("[data-chart=cost]")
        drawn.locator("svg").wait_for()
        against = drawn.locator("select").last
        against.select_option(label="images a second")  # the second is the fastest
        assert drawn.locator(".off-front").count() == 0
        against.select_option(label="dimensions")
        assert drawn.locator(".off-front").text_content() == (
            f"{HOSTILE} is recommended because it is the smallest of the 2 encoders that the "
            f"verdict cannot order, though {ENCODERS[0]} is at least as good at no more of this "
            "cost."
        )
        assert found.said == []


def test_a_point_of_the_curves_shows_the_pictures_that_move_there(
    browser: "Browser", tmp_path: Path
) -> None:
    results = example_results()
    with opened(browser, address(write_report(results, tmp_path))) as found:
        place = found.page.locator("[data-part=moved]")
        place.wait_for()
        table = results.moved_images.query("corruption == 'blur'")

        def titles() -> list[str]:
            return [str(one.get_attribute("title")) for one in place.locator("[role=img]").all()]

        def wanted(encoder: str, severity: int) -> list[str]:
            rows = table[(table["encoder"] == encoder) & (table["severity"] == severity)]
            return [str(name) for name in rows["image"]]

        place.get_by_label("Corruption").select_option(label="blur")
        place.get_by_label("Encoder").select_option(label=ENCODERS[2])
        assert titles() == wanted(ENCODERS[2], 5)  # the highest severity is chosen at first
        assert place.locator("small").all_inner_texts() == [f"{10 * row} %" for row in range(5)]
        panel = found.page.locator("[data-chart=curves] figure").filter(has_text="blur")
        panel.scroll_into_view_if_needed()
        box = panel.locator("[data-mark=dot] circle").nth(2).bounding_box()  # 0 is clean, then 1, 3
        assert box is not None
        found.page.mouse.move(box["x"] + 1, box["y"] + 2)
        found.page.mouse.move(box["x"] + 2, box["y"] + 2)
        found.page.mouse.down()
        found.page.mouse.up()
        assert place.get_by_label("Severity").evaluate("it => it.value") == "1"
        chosen = place.get_by_label("Encoder").evaluate("it => it.selectedOptions[0].text")
        assert titles() == wanted(chosen, 3) and len(titles()) == 3
        place.locator(".opener").first.click()
        shown = found.page.locator("aside.picture strong").text_content()
        assert shown == wanted(chosen, 3)[0]
        assert found.said == []


def test_charts_fit_a_phone(browser: "Browser", page_file: Path) -> None:
    with opened(browser, address(page_file), viewport={"width": 390, "height": 800}) as found:
        found.page.wait_for_selector("[data-chart=cost] svg")
        wide = found.value("document.documentElement.scrollWidth")
        assert wide <= 390
        for svg in found.page.locator(".chart svg").all():
            box = svg.bounding_box()
            assert box is None or box["x"] + box["width"] <= 390


def test_colours_are_brighter_on_a_dark_ground(browser: "Browser", page_file: Path) -> None:
    def first_dot(scheme: str) -> str:
        with opened(browser, address(page_file), color_scheme=scheme) as found:
            found.page.wait_for_selector("[data-chart=scores] svg")
            dot = found.page.locator("[data-chart=scores] [data-mark=dot] circle").first
            return dot.get_attribute("fill") or ""

    light, dark = first_dot("light"), first_dot("dark")
    assert sum(bytes.fromhex(dark[1:])) > sum(bytes.fromhex(light[1:]))
