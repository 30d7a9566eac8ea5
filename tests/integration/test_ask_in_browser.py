"""Promises of the page that asks for labels, in a browser: keys, undo, pause, a dozen at a time."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import embedbench
from embedbench.comparison.verdicts.belief import Asked
from embedbench.comparison.verdicts.few_labels import standing
from embedbench.encoder import Encoder
from embedbench.report.viewing.asking import AskServer
from embedbench.report.viewing.originals import Originals
from embedbench.results.label_sheet import LabelSheet
from tests.support.browser import Opened, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BAD = "<img src=x onerror=alert(1)>"


def encoders() -> dict[str, Encoder]:
    """Colour and brightness, local so that they travel to workers by value."""

    @dataclass(frozen=True)
    class Mean(Encoder):
        grey: bool

        def encode_batch(self, images: Sequence[Any]) -> np.ndarray:
            mode = "L" if self.grey else "RGB"
            found = [np.asarray(image.convert(mode), np.float32).mean((0, 1)) for image in images]
            return np.array([[*np.atleast_1d(one), 1] for one in found], np.float32)

    return {"colour": Mean(False), "brightness": Mean(True)}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without labels on thirty pictures: ten shades of each of three colours."""
    home = tmp_path_factory.mktemp("asking")
    (home / "photos").mkdir()
    for number in range(30):
        shade = [60 + 6 * number if number % 3 == part else 10 for part in range(3)]
        Image.new("RGB", (40, 30), tuple(shade)).save(home / "photos" / f"{number:02d}.png")
    embedbench.compare(
        home / "photos", encoders(), k=3, out=home / "run", store=home / "store", copies=0,
        projections=["pca"],
    )  # fmt: skip
    return home / "run"


@dataclass
class Asking:
    """A page that asks, and the file of its labels."""

    seen: Opened
    file: Path

    def has(self, *labels: str) -> bool:
        """Return whether the file has these labels, once the page has sent what it had."""
        for _ in range(100):
            if self.file.exists() and self.labels == list(labels):
                return True
            self.seen.page.wait_for_timeout(50)
        return False

    @property
    def labels(self) -> list[str]:
        """The labels in the file."""
        return pd.read_csv(self.file, keep_default_na=False)["label"].tolist()

    @property
    def picture(self) -> str:
        """The row of the picture that is shown."""
        address = self.seen.page.locator("#picture img").get_attribute("src")
        assert address is not None
        return address.removeprefix("originals/")

    @property
    def colour(self) -> str:
        """The colour of the picture that is shown."""
        name = self.picture
        return ("red", "green", "blue")[int(name) % 3]

    def name(self, label: str) -> None:
        """Type a label."""
        self.seen.page.keyboard.type(label)
        self.seen.page.keyboard.press("Enter")


@pytest.fixture
def asking(run: Path, tmp_path: Path, browser: "Browser") -> Iterator[Callable[[], Asking]]:
    """Opens the page, as the command does; again with the labels that the file has."""
    results, file = embedbench.read_results(run), tmp_path / "labels.csv"
    images = results.images["image"].astype(str).tolist()
    ends: list[Callable[[], Any]] = []

    def start() -> Asking:
        sheet = LabelSheet.of(results.images)
        if file.exists():
            sheet.read(file)
        server = AskServer(
            sheet, file, images, Originals(results),
            lambda sheet: standing(results, sheet.labels, sheet.left, Asked()).sentences,
        )  # fmt: skip
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ends.extend([server.shutdown, server.server_close])
        page = opened(browser, server.address)
        seen = page.__enter__()
        ends.append(lambda: page.__exit__(None, None, None))
        seen.page.wait_for_selector("#picture img")
        return Asking(seen, file)

    yield start
    for end in reversed(ends):
        end()


def test_keys_label_a_dozen_then_the_encoders_are_compared(asking: Callable[[], Asking]) -> None:
    asks = asking()
    page = asks.seen.page
    for _ in range(12):
        known = page.locator("#chips button").all_inner_texts()
        number = (
            [text.split()[-1] for text in known].index(asks.colour) + 1
            if any(text.endswith(asks.colour) for text in known)
            else None
        )
        if number:
            page.keyboard.press(str(number))
        else:
            asks.name(asks.colour)
    page.wait_for_selector("text=Twelve more")
    assert "colour" in page.locator("#standing").inner_text()
    assert len(asks.labels) == 12 and set(asks.labels) == {"red", "green", "blue"}
    page.keyboard.press("Enter")
    assert page.locator("#asking").is_visible() and page.locator("#strip li").count() == 12
    assert asks.seen.said == []


def test_a_label_is_taken_back_and_a_picture_passed_over(asking: Callable[[], Asking]) -> None:
    asks = asking()
    page = asks.seen.page
    first = asks.picture
    asks.name(BAD)
    asks.name("2 cars")
    assert asks.has(BAD, "2 cars")
    assert page.locator("#chips button").all_inner_texts() == [f"1 {BAD}", "2 2 cars"]
    page.keyboard.press("Backspace")
    page.get_by_role("button", name="Back").click()
    assert asks.picture == first
    assert page.locator("#chips button").count() == 0
    page.keyboard.press(" ")
    page.get_by_role("button", name="Pass").click()
    asks.name("7")
    asks.name("8")
    page.keyboard.press("8")  # labels that are numbers are typed
    assert page.locator("#label").input_value() == "8"
    page.keyboard.press("Enter")
    assert asks.has("", "", "7", "8", "8")
    assert asks.seen.said == [] and page.locator("#count").inner_text() == "3 labelled"


def test_it_goes_on_where_it_was_and_ends_by_a_button(asking: Callable[[], Asking]) -> None:
    before = asking()
    for label in ("one", "two", "one"):
        before.name(label)
    page = before.seen.page
    page.keyboard.press("Escape")
    assert "kept" in page.locator("#standing").inner_text()
    following = before.picture
    assert before.has("one", "two", "one")
    after = asking()
    page = after.seen.page
    assert after.picture == following
    assert page.locator("#chips button").all_inner_texts() == ["1 one", "2 two"]
    page.keyboard.press("Escape")
    page.get_by_role("button", name="How do they stand?").click()
    page.get_by_role("button", name="That is enough").click()
    page.wait_for_selector("text=Thank you")
    assert after.has("one", "two", "one")
