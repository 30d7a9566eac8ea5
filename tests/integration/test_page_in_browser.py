"""Promises of the page in a real browser: maps that answer, texts without a script, no way out."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from embedbench.report.page import write_report
from tests.support.browser import Opened, address, opened
from tests.support.example_results import ENCODERS, example_results
from tests.support.hostile_page import BITING, hostile_results

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Locator


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(hostile_results(), tmp_path_factory.mktemp("page"))


@pytest.fixture
def seen(browser: "Browser", page_file: Path) -> Iterator[Opened]:
    """The page with its maps; whatever a test does, nothing may go wrong in it or leave it."""
    with opened(browser, address(page_file)) as found:
        found.page.wait_for_selector(".field[data-drawn='40']")
        found.page.locator("#maps").scroll_into_view_if_needed()
        yield found
        assert found.said == [] and found.requests == []


def fields(seen: Opened) -> "list[Locator]":
    return seen.page.locator(".field").all()


def settle(seen: Opened) -> None:
    """Wait until the maps are drawn: with the next picture of the screen."""
    seen.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def marked(seen: Opened) -> list[str]:
    """Return the name of the picture that is marked on each map."""
    settle(seen)
    return [field.get_attribute("data-marked") or "" for field in fields(seen)]


def box_of(seen: Opened, map_: int) -> "FloatRect":
    """Return where a map lies in the window; it is scrolled there."""
    field = fields(seen)[map_]
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box is not None
    return box


def point_at(seen: Opened, map_: int = 0) -> str:
    """Point at a picture of a map, wherever one lies; return its name."""
    box = box_of(seen, map_)
    steps = [step / 12 for step in range(13)]
    for down in steps:
        for right in steps:
            seen.page.mouse.move(box["x"] + right * box["width"], box["y"] + down * box["height"])
            if name := fields(seen)[map_].get_attribute("data-marked"):
                return name
    raise AssertionError("there is no picture on the map")


def select_all(seen: Opened) -> None:
    """Draw around the whole first map, with Shift."""
    box = box_of(seen, 0)
    left, top = box["x"] + 4, box["y"] + 4  # inside its round corner
    right, bottom = left + box["width"] - 8, top + box["height"] - 8
    seen.page.keyboard.down("Shift")
    seen.page.mouse.move(left, top)
    seen.page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom)):
        seen.page.mouse.move(x, y, steps=3)
    seen.page.mouse.up()
    seen.page.keyboard.up("Shift")


def pixels(seen: Opened, map_: int = 0) -> str:
    """Return what a map shows, as a browser writes pictures down."""
    settle(seen)
    canvas = f"document.querySelectorAll('.field')[{map_}].firstElementChild"
    return str(seen.value(f"{canvas}.toDataURL()"))


def test_a_picture_that_is_pointed_at_is_marked_on_every_map(seen: Opened) -> None:
    name = point_at(seen, 1)
    assert marked(seen) == [name] * len(ENCODERS)
    tooltip = seen.page.locator(".tooltip")
    assert tooltip.is_visible() and name in tooltip.inner_text()
    assert "cluster" in tooltip.inner_text() and "silhouette" in tooltip.inner_text()
    assert tooltip.locator(".tile").bounding_box()


def test_wheel_and_buttons_zoom_and_a_drag_moves(seen: Opened) -> None:
    before = pixels(seen)
    other = pixels(seen, 1)
    seen.page.get_by_role("button", name=f"Zoom into the map of {ENCODERS[0]}").click()
    zoomed = pixels(seen)
    field = fields(seen)[0]
    field.hover()
    seen.page.mouse.down()
    box = box_of(seen, 0)
    seen.page.mouse.move(box["x"] + 20, box["y"] + 20, steps=3)
    seen.page.mouse.up()
    moved = pixels(seen)
    seen.page.mouse.wheel(0, -300)
    wheeled = pixels(seen)
    assert len({before, zoomed, moved, wheeled}) == 4
    seen.page.get_by_role("button", name="Show all", exact=True).click()
    assert pixels(seen) == before and pixels(seen, 1) == other


def test_two_fingers_zoom_and_choose_no_picture(browser: "Browser", page_file: Path) -> None:
    window = {"width": 390, "height": 800}
    with opened(browser, address(page_file), viewport=window, has_touch=True) as seen:
        seen.page.wait_for_selector(".field[data-drawn='40']")
        box = box_of(seen, 0)
        before = pixels(seen)
        middle, height = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        fingers = seen.page.context.new_cdp_session(seen.page)

        def touch(kind: str, *apart: float) -> None:
            points = [{"x": middle + x, "y": height, "id": n} for n, x in enumerate(apart)]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", -20, 20)
        for step in range(1, 9):
            touch("touchMove", -20 - 10 * step, 20 + 10 * step)
        touch("touchEnd")
        assert pixels(seen) != before
        assert seen.page.locator(".field.zoomed").count() >= 1
        assert "#picture" not in seen.page.url
        seen.page.get_by_role("button", name="Show all", exact=True).click()
        assert pixels(seen) == before and seen.said == []


def test_zooming_in_shows_the_pictures_themselves(seen: Opened) -> None:
    """All 40 pictures of the example are few enough once a map is zoomed at all."""
    field = fields(seen)[0]
    assert field.get_attribute("data-thumbnails") == "0"
    for _ in range(3):
        seen.page.get_by_role("button", name=f"Zoom into the map of {ENCODERS[0]}").click()
    point_at(seen)
    seen.page.wait_for_selector(".field:not([data-thumbnails='0'])")


def test_a_wheel_over_a_map_that_was_not_clicked_scrolls_the_page(seen: Opened) -> None:
    before = pixels(seen)
    fields(seen)[0].hover()
    top = seen.value("scrollY")
    seen.page.mouse.wheel(0, 200)
    # The page's policy lets no text be run, so `wait_for_function` cannot look twice.
    look = f"() => scrollY > {top} ? done() : requestAnimationFrame(look)"
    seen.value(f"new Promise(done => {{ const look = {look}; look(); }})")
    assert pixels(seen) == before


def test_what_is_drawn_around_is_shown_and_listed(seen: Opened) -> None:
    select_all(seen)
    panel = seen.page.locator(".selection")
    assert "40 selected" in panel.inner_text()
    assert panel.locator(".opener").count() == 40
    names = panel.locator("textarea").input_value()
    assert names.count("\n") == 39 and BITING[0] in names
    assert "</script><script>alert(1)</script>" in panel.inner_text()
    panel.get_by_role("button", name="Clear").click()
    assert not panel.is_visible()


def test_a_search_finds_names_and_enter_opens_the_first(seen: Opened) -> None:
    before = pixels(seen)
    search = seen.page.locator("#maps").get_by_role("searchbox")
    search.fill("ONERROR")
    assert seen.page.locator(".found").inner_text().startswith("1 found")
    assert pixels(seen) != before  # the others are dimmed
    search.press("Enter")
    assert marked(seen) == [BITING[2]] * 3
    search.fill(BITING[2])
    assert seen.page.locator(".found button").first.inner_text() == BITING[2]
    search.fill("no such picture")
    assert seen.page.locator(".found").inner_text().strip() == "0 found"


def test_an_address_opens_its_picture_again(browser: "Browser", page_file: Path) -> None:
    for name in BITING:
        with opened(browser, f"{address(page_file)}#picture={quote(name)}") as seen:
            for _ in range(2):
                seen.page.wait_for_selector(".field[data-drawn='40']")
                assert marked(seen) == [name] * 3
                assert seen.page.locator("aside.picture strong").text_content() == name
                seen.page.reload()
            assert seen.said == [] and seen.requests == []


def test_an_opened_picture_has_an_address(seen: Opened) -> None:
    name = point_at(seen)
    seen.page.mouse.down()
    seen.page.mouse.up()
    assert seen.value("decodeURIComponent(location.hash)") == f"#picture={name}"
    panel = seen.page.locator("aside.picture")
    assert panel.locator("section").count() == len(ENCODERS)
    panel.get_by_role("button", name="Close").click()
    assert not panel.is_visible() and seen.value("location.hash") == ""


def test_an_opened_picture_shows_its_nearest_by_each_encoder_and_leads_on(seen: Opened) -> None:
    name = seen.page.locator("#why .strip [role=img]").first.get_attribute("title")
    seen.page.locator("#why .strip [role=img]").first.click()
    table = hostile_results().nearest
    rows = table[table["image"] == name]
    found = {}
    for encoder in ENCODERS:
        row = seen.page.locator(f"aside.picture section[aria-label='{encoder}']")
        found[encoder] = [
            (
                one.get_attribute("title"),
                (one.locator("xpath=../small").all_inner_texts() or ["1"])[0],
            )
            for one in row.locator("[role=img]").all()
        ]
        wanted = rows[rows["encoder"] == encoder].sort_values("rank")["neighbour"]
        assert [title for title, _ in found[encoder]] == wanted.tolist()
    for shown in found.values():
        for title, count in shown:
            assert int(count) == sum(title in dict(other) for other in found.values())
    nearest = str(found[ENCODERS[2]][0][0])
    seen.page.locator("aside.picture section").nth(2).locator("button").first.click()
    assert seen.page.locator("aside.picture strong").text_content() == nearest


def test_the_focus_stays_in_the_panel_and_goes_back_to_what_opened_it(seen: Opened) -> None:
    focused = "document.activeElement"
    opener = seen.page.locator("#clusters .cluster button:has([role=img])").nth(2)
    name = opener.locator("[role=img]").get_attribute("title")
    opener.focus()
    seen.page.keyboard.press("Enter")
    seen.page.locator("aside.picture section button").first.focus()
    seen.page.keyboard.press("Enter")
    assert seen.value(f"{focused}.className") == "picture"
    seen.page.keyboard.press("Escape")
    assert seen.page.locator("aside.picture").is_hidden()
    assert seen.value(f"{focused}.querySelector('[role=img]').title") == name


@pytest.mark.parametrize("address_", ["#picture=nothing", "#picture=%E0%A4%A", "#picture=", "#%"])
def test_an_address_that_names_no_picture_opens_none(
    browser: "Browser", page_file: Path, address_: str
) -> None:
    with opened(browser, address(page_file) + address_) as seen:
        seen.page.wait_for_selector(".field[data-drawn='40']")
        assert marked(seen) == ["", "", ""] and seen.said == []


def test_a_thumbnail_anywhere_on_the_page_opens_its_picture(seen: Opened) -> None:
    seen.page.locator("#why .strip [role=img]").nth(1).click()
    assert seen.page.locator("aside.picture").is_visible()


def test_every_colour_that_the_run_has_is_drawn_with_its_legend(seen: Opened) -> None:
    choice = seen.page.get_by_label("Colour")
    names = choice.locator("option").all_inner_texts()
    assert names == ["label", "cluster", "silhouette", "disagreement"]
    drawn = []
    for name in names:
        choice.select_option(label=name)
        drawn.append(pixels(seen))
        assert seen.page.locator(".legend:visible").first.inner_text()
    assert len(set(drawn)) == len(names)


def test_a_colour_of_the_legend_lets_its_pictures_stand_out_on_every_map(seen: Opened) -> None:
    seen.page.get_by_label("Colour").select_option(label="cluster")
    before = [pixels(seen, map_) for map_ in range(3)]
    entry = seen.page.locator(".map").first.locator(".legend button").first
    entry.click()
    assert entry.get_attribute("aria-pressed") == "true"
    assert all(pixels(seen, map_) != before[map_] for map_ in range(3))
    entry.click()
    assert [pixels(seen, map_) for map_ in range(3)] == before


def test_projections_and_encoders_can_be_chosen(seen: Opened) -> None:
    before = pixels(seen)
    seen.page.get_by_label("Map", exact=True).select_option(label="PCA")
    assert pixels(seen) != before
    boxes = seen.page.locator(".chip input")
    boxes.nth(2).uncheck()
    assert len(fields(seen)) == 2
    assert boxes.nth(0).is_disabled() and not boxes.nth(2).is_disabled()


def test_keys_do_what_a_pointer_does(seen: Opened) -> None:
    field = fields(seen)[0]
    field.focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft"):
        seen.page.keyboard.press(key)
    [name] = set(marked(seen))
    assert name and name in (seen.page.locator("[role=status].unseen").text_content() or "")
    seen.page.keyboard.press("Space")
    assert "1 selected" in seen.page.locator(".selection").inner_text()
    seen.page.keyboard.press("Enter")
    assert seen.page.locator("aside.picture").is_visible()
    seen.page.keyboard.press("Escape")
    assert not seen.page.locator(".selection").is_visible()
    assert not seen.page.locator("aside.picture").is_visible()


def test_without_a_script_the_answer_and_the_tables_are_there(
    browser: "Browser", page_file: Path
) -> None:
    with opened(browser, address(page_file), java_script_enabled=False) as seen:
        text = seen.page.locator("main").inner_text()
        assert "cannot be told apart" in text and "The maps need JavaScript" in text
        assert seen.page.locator("#comparison td").count() > 20
        assert seen.page.locator("#why .tile").first.is_visible()


def test_without_a_script_the_numbers_of_every_chart_are_there(
    browser: "Browser", tmp_path: Path
) -> None:
    results = example_results()
    file = write_report(results, tmp_path)
    with opened(browser, address(file), java_script_enabled=False) as seen:
        for section, said in (
            ("sure", "Rank by AMI"),
            ("why", "How alike"),
            ("maps", "Cumulative"),
            ("encoders", "How many"),
            ("robustness", "What corruptions"),
        ):
            seen.page.locator(f"#{section} noscript summary").filter(has_text=said).click()
        cells = seen.page.locator("#why noscript .box").first.locator("td").all_inner_texts()
        value = results.similarity["partition_agreement"].iloc[0]
        assert cells[:3] == [ENCODERS[0], "–", f"{value:.3g}"]
        assert "0.9 (0.8 to 1)" in seen.page.locator("#robustness noscript").first.inner_text()
        assert seen.page.locator("script:not([type])").count() == 1 and seen.said == []


def test_the_menu_takes_one_line_and_the_page_has_an_icon(
    browser: "Browser", tmp_path: Path
) -> None:
    file = write_report(example_results(), tmp_path)
    for width in (390, 900, 1200):
        with opened(browser, address(file), viewport={"width": width, "height": 700}) as seen:
            tops = {box["y"] for link in seen.page.locator("nav a").all()
                    if (box := link.bounding_box())}  # fmt: skip
            assert len(tops) == 1
            assert seen.value("document.documentElement.scrollWidth") <= width
            if width == 1200:
                last = seen.page.locator("nav a").last.bounding_box()
                assert last and last["x"] + last["width"] <= width
            icon = seen.page.locator("link[rel=icon]").get_attribute("href") or ""
            assert icon.startswith("data:image/svg+xml,") and seen.said == []


def test_a_script_that_was_put_into_the_page_does_not_run(
    browser: "Browser", page_file: Path, tmp_path: Path
) -> None:
    """The same page with the policy taken out shows that this test can fail."""
    page = page_file.read_text(encoding="utf-8")
    planted = page.replace("<main>", "<main><script>document.title = 'taken'</script>", 1)
    start = planted.index("<meta http-equiv")
    open_ = planted[:start] + planted[planted.index(">", start) + 1 :]
    for name, text, taken in (("kept", planted, False), ("open", open_, True)):
        file = tmp_path / f"{name}.html"
        file.write_text(text, encoding="utf-8")
        with opened(browser, address(file)) as seen:
            assert (seen.page.title() == "taken") is taken
            assert any("Content Security Policy" in said for said in seen.said) is not taken


def test_on_a_phone_there_is_one_map_in_a_row(browser: "Browser", page_file: Path) -> None:
    window = {"width": 390, "height": 800}
    with opened(browser, address(page_file), viewport=window, has_touch=True) as seen:
        seen.page.wait_for_selector(".field[data-drawn='40']")
        boxes = [field.bounding_box() for field in fields(seen)]
        assert len({box["x"] for box in boxes if box}) == 1
        assert seen.value("document.documentElement.scrollWidth") <= 390
        seen.page.locator("#maps").scroll_into_view_if_needed()
        fields(seen)[0].tap()
        assert seen.said == []


@pytest.mark.parametrize("truth", [True, False])
def test_on_a_phone_the_numbers_that_decide_stand_before_all_else_in_sight(
    browser: "Browser", tmp_path: Path, truth: bool
) -> None:
    file = write_report(example_results(truth), tmp_path)
    headings = ["encoder", "AMI, kmeans"]
    if not truth:
        headings = ["encoder", "clustering: probability", "cluster retention", "consensus"]
    window = {"width": 390, "height": 844}
    for settings in ({}, {"java_script_enabled": False}):
        with opened(browser, address(file), viewport=window, **settings) as seen:
            first = seen.page.locator("#comparison h2 + *")
            assert first.locator("th").all_inner_texts() == headings
            assert first.locator("tbody tr").count() == len(ENCODERS)
            for cell in first.locator("td").all():
                box = cell.bounding_box()
                assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
    with opened(browser, address(file)) as seen:
        assert not seen.page.locator(".glance").is_visible()  # the whole table fits


@pytest.mark.parametrize("window", [(390, 800), (900, 600), (1024, 768)])
def test_in_a_small_window_the_search_stays_in_sight_beside_the_opened_picture(
    browser: "Browser", page_file: Path, window: tuple[int, int]
) -> None:
    size = {"width": window[0], "height": window[1]}
    with opened(browser, address(page_file), viewport=size) as seen:
        seen.page.wait_for_selector(".field[data-drawn='40']")
        search = seen.page.locator("#maps").get_by_role("searchbox")
        search.evaluate("it => scrollBy(0, it.getBoundingClientRect().bottom - innerHeight + 2)")
        search.fill("ONERROR")
        search.press("Enter")
        panel = seen.page.locator("aside.picture").bounding_box()
        box = search.bounding_box()
        assert panel and box and panel["height"] < window[1] / 2
        assert 0 <= box["y"] and box["y"] + box["height"] <= panel["y"]
        seen.page.locator("footer").scroll_into_view_if_needed()
        seen.value("scrollTo(0, document.body.scrollHeight)")
        end = seen.page.locator("footer").bounding_box()
        assert end and end["y"] + end["height"] <= panel["y"]


def test_what_can_only_be_used_on_the_screen_is_not_printed(seen: Opened) -> None:
    tools = seen.page.locator(".tools, .table-tools, nav, [data-part], .on-screen")
    assert tools.count() > 5
    seen.page.emulate_media(media="print")
    assert [one for one in tools.all() if one.is_visible()] == []
    tile = seen.page.locator("#why .tile").first
    assert (
        tile.is_visible()
        and tile.evaluate("it => getComputedStyle(it).printColorAdjust") == "exact"
    )
    assert seen.page.locator(".chart svg").first.is_visible()
    rows = seen.page.locator("#clusters .printed tbody tr")
    assert rows.count() == 4 * len(ENCODERS)
    for row in rows.all():
        assert row.locator(".tile").first.is_visible()
    seen.page.set_viewport_size({"width": 718, "height": 1000})  # a sheet of A4 between its margins
    wide = seen.value(
        "Math.max(...[...document.querySelectorAll('table')].map(t => t.scrollWidth))"
    )
    assert wide <= 718
