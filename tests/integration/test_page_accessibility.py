"""Promise of the page: axe-core, the checker of screen readers' needs, finds no serious fault."""

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedbench.report.page import write_report
from tests.support.browser import address, opened
from tests.support.example_results import example_results
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WEB = ROOT / "embedbench" / "report" / "web"
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The checker's script, in the version of the page's lock file."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    tools = tmp_path_factory.mktemp("tools")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(WEB / name, tools / name)
    words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(words, cwd=tools, check=True, timeout=600)
    return (tools / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("truth", [True, False])
def test_no_serious_fault_is_found(
    browser: "Browser", tmp_path: Path, axe: str, truth: bool, scheme: str
) -> None:
    page = write_report(example_results(truth), tmp_path)
    with opened(browser, address(page), color_scheme=scheme) as seen:
        seen.page.wait_for_selector("[data-chart=cost] svg")
        seen.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        seen.page.locator("#clusters [role=img]").first.click()
        seen.value(f"void (() => {{ {axe} }})()")
        faults = seen.value(
            "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations"
            ".map(one => [one.impact, one.id, one.nodes.map(node => node.html.slice(0, 200))]))"
        )
        assert [fault for fault in faults if fault[0] in SERIOUS] == []
