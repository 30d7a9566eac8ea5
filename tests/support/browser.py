"""A real browser for tests of the page: Chromium without a window and without a network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page, Request

__all__ = ["Opened", "address", "chromium", "opened"]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
OWN = ("file:", "data:", "blob:")


@dataclass
class Opened:
    """A page in the browser, and what went wrong in it.

    Attributes:
        page: the page.
        said: what the console said, errors and blocked scripts among it.
        requests: what the page asked for beyond itself.
    """

    page: "Page"
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def refuse(self, dialog: "Dialog") -> None:
        """Close a dialog that a script opened, and keep what it said."""
        self.said.append(dialog.message)
        dialog.dismiss()

    def note(self, request: "Request") -> None:
        """Keep the address of a request that leaves the page."""
        if not request.url.startswith(OWN):
            self.requests.append(request.url)

    def value(self, script: str) -> Any:
        """Return what a script has in the page."""
        return self.page.evaluate(script)


@contextmanager
def chromium() -> "Iterator[Browser]":
    """Start the browser; the test is skipped where it, or playwright, is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: "Browser", address: str, **settings: Any) -> Iterator[Opened]:
    """Open an address in a window of its own.

    Args:
        browser: the browser.
        address: of the page.
        settings: of the window, such as `java_script_enabled`.
    """
    context = browser.new_context(reduced_motion="reduce", **settings)
    seen = Opened(context.new_page())
    seen.page.on("console", lambda message: seen.said.append(message.text))
    seen.page.on("pageerror", lambda error: seen.said.append(str(error)))
    seen.page.on("dialog", seen.refuse)
    seen.page.on("request", seen.note)
    seen.page.goto(address)
    yield seen
    context.close()


def address(file: Path) -> str:
    """Return the address of a file."""
    return file.absolute().as_uri()
