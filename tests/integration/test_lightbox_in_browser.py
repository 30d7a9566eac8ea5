"""Promises of the large picture: arrow keys among those that stand out, originals if served."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

import embedbench
from embedbench.report.viewing.originals import Originals, page_of
from embedbench.report.viewing.server import PageServer
from tests.support.browser import Opened, address, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

COUNT = 12
NAMES = [f"{number:02d} <b>.jpg" for number in range(COUNT)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("lightbox")
    (home / "photos").mkdir()
    for number, name in enumerate(NAMES):
        Image.new("RGB", (900, 600), (20 * number, 0, 200)).save(home / "photos" / name)
    embedbench.compare(
        home / "photos", ["pixels"], k=2, out=home / "run", store=home / "store", copies=0
    )
    return home / "run"


def caption(seen: Opened) -> str:
    return seen.page.locator(".lightbox [aria-live]").text_content() or ""


def test_arrow_keys_go_round_and_escape_closes_the_picture_alone(
    browser: "Browser", run: Path
) -> None:
    with opened(browser, f"{address(page_of(run))}#picture=00%20%3Cb%3E.jpg") as seen:
        seen.page.get_by_role("button", name=f"Enlarge {NAMES[0]}").click()
        assert caption(seen) == f"{NAMES[0]} · 1 of {COUNT}"
        assert seen.page.locator(".lightbox .shown .tile").is_visible()
        seen.page.keyboard.press("ArrowRight")
        assert caption(seen) == f"{NAMES[1]} · 2 of {COUNT}"
        seen.page.keyboard.press("ArrowLeft")
        seen.page.keyboard.press("ArrowLeft")
        assert caption(seen) == f"{NAMES[-1]} · {COUNT} of {COUNT}"
        seen.page.keyboard.press("Escape")
        assert not seen.page.locator(".lightbox").is_visible()
        assert seen.page.locator("aside.picture strong").text_content() == NAMES[-1]
        assert seen.said == [] and seen.requests == []


def test_arrows_stay_among_the_pictures_that_are_found(browser: "Browser", run: Path) -> None:
    with opened(browser, f"{address(page_of(run))}#picture=10%20%3Cb%3E.jpg") as seen:
        seen.page.locator("#maps").get_by_role("searchbox").fill("1")
        seen.page.get_by_role("button", name=f"Enlarge {NAMES[10]}").click()
        found = [name for name in NAMES if "1" in name]
        assert caption(seen) == f"{NAMES[10]} · {found.index(NAMES[10]) + 1} of {len(found)}"
        seen.page.keyboard.press("ArrowRight")
        assert caption(seen).startswith(found[(found.index(NAMES[10]) + 1) % len(found)])


def test_arrows_go_through_the_cluster_that_the_picture_was_opened_from(
    browser: "Browser", run: Path
) -> None:
    clusters = embedbench.read_results(run).silhouettes
    first = clusters[clusters["clusterer"] == clusters["clusterer"].iloc[0]]
    with opened(browser, address(page_of(run))) as seen:
        for card in seen.page.locator("#clusters .cluster").all():
            number = int(card.get_attribute("data-cluster") or "")
            wanted = set(first.loc[first["cluster"] == number, "image"])
            card.locator(".opener").last.click()
            seen.page.get_by_role("button", name="Enlarge").click()
            passed = []
            for _ in wanted:
                name, _, place = caption(seen).partition(" · ")
                assert place.endswith(f" of {len(wanted)}")
                passed.append(name)
                seen.page.keyboard.press("ArrowRight")
            assert set(passed) == wanted and caption(seen).startswith(passed[0])
            seen.page.keyboard.press("Escape")


def test_arrows_go_through_what_is_selected_and_what_is_nearest(
    browser: "Browser", run: Path
) -> None:
    with opened(browser, f"{address(page_of(run))}#picture=03%20%3Cb%3E.jpg") as seen:
        row = seen.page.locator("aside.picture .tiles").first
        nearest = [str(one.get_attribute("title")) for one in row.locator("[role=img]").all()]
        row.locator(".opener").nth(1).click()
        seen.page.get_by_role("button", name="Enlarge").click()
        assert caption(seen) == f"{nearest[1]} · 2 of {len(nearest)}"
        seen.page.keyboard.press("ArrowLeft")
        assert caption(seen) == f"{nearest[0]} · 1 of {len(nearest)}"
        seen.page.keyboard.press("Escape")
        seen.page.locator("aside.picture").get_by_role("button", name="Close").click()
        seen.page.locator("#maps").get_by_role("searchbox").fill("1")
        seen.page.get_by_role("button", name="Select them").click()
        seen.page.locator("#maps").get_by_role("searchbox").fill("")
        seen.page.locator(".selection .opener").first.click()
        seen.page.get_by_role("button", name="Enlarge").click()
        found = [name for name in NAMES if "1" in name]
        assert caption(seen) == f"{found[0]} · 1 of {len(found)}"


def test_the_original_is_shown_where_it_is_served_and_what_is_gone_is_told(
    browser: "Browser", run: Path
) -> None:
    server = PageServer(page_of(run), Originals(embedbench.read_results(run)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        (run.parent / "photos" / NAMES[4]).rename(run.parent / "kept.jpg")
        with opened(browser, f"{server.address}#picture=03%20%3Cb%3E.jpg") as seen:
            seen.page.get_by_role("button", name=f"Enlarge {NAMES[3]}").click()
            original = seen.page.locator(".lightbox .shown img")
            original.wait_for()
            assert original.get_attribute("alt") == NAMES[3]
            assert original.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [
                900,
                600,
            ]
            seen.page.keyboard.press("ArrowRight")
            seen.page.get_by_text("the original is gone or changed").wait_for()
            assert seen.page.locator(".lightbox .shown .tile").is_visible()
            assert all(request.startswith(server.address) for request in seen.requests)
    finally:
        server.shutdown()
        server.server_close()
        (run.parent / "kept.jpg").rename(run.parent / "photos" / NAMES[4])
