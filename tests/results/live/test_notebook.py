"""Promises of what a notebook shows of a comparison: one table that fills, then the verdict."""

import re
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from embedbench.results.live.notebook import NotebookTable, live_table
from embedbench.results.live.table import LiveTable
from embedbench.utils.progress import Progress

BITING = "<b>{0} &"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return all that a notebook was given to show, in place of each other."""
    found: list[str] = []
    handle = SimpleNamespace(update=found.append)

    def display(html: str, display_id: bool) -> Any:
        assert display_id and not found
        found.append(html)
        return handle

    module: Any = ModuleType("IPython.display")
    module.HTML, module.display = str, display
    shell: Any = ModuleType("IPython")
    shell.get_ipython = lambda: SimpleNamespace(kernel="a kernel")
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return found


def cells(html: str) -> list[list[str]]:
    rows = re.findall("<tr>(.*?)</tr>", html)
    return [re.findall("<t[dh].*?>(.*?)</t[dh]>", row) for row in rows]


def test_one_table_fills_and_the_verdict_follows(shown: list[str]) -> None:
    live = live_table(Progress(None), ["a", BITING, "c"])
    assert isinstance(live, NotebookTable)
    live.encoded("a", 8, 1_500_000, 80.25, False)
    live.failed(BITING, "<i>no luck</i>")
    live.encoded("c", 16, None, None, True)
    live.scored(
        pd.DataFrame(
            {
                "encoder": ["a", "c"], "space": "l2", "clusterer": "kmeans", "k_from": "truth",
                "k": 4.0, "ami": [0.25, 0.5], "ami_low": [0.125, 0.25], "ami_high": [0.375, 0.75],
            }
        )
    )  # fmt: skip
    live.decided(
        {"basis": "labels", "answer": "best", "group": [BITING], "smallest": None, "reasons": []}
    )
    assert cells(shown[0]) == [["encoder", "dim", "parameters", "images/s"]] + [
        [name, "", "", ""] for name in ("a", "&lt;b&gt;{0} &amp;", "c")
    ]
    assert cells(shown[-1]) == [
        ["encoder", "dim", "parameters", "images/s", "AMI (kmeans, k=4)", "95 % interval"],
        ["a", "8", "1.5 M", "80.2", "0.25", "0.12 to 0.38"],
        ["&lt;b&gt;{0} &amp;", "failed: &lt;i&gt;no luck&lt;/i&gt;"],
        ["c", "16", "", "stored", "0.50", "0.25 to 0.75"],
    ]
    assert shown[-1].endswith("<p>&lt;b&gt;{0} &amp; is the best here, by the labels.</p>")


def test_a_bar_is_a_line_below_the_table_that_goes_with_it(shown: list[str]) -> None:
    progress = Progress(None)
    live_table(progress, ["a"])
    with progress.bar("<encoding>", 10, "images") as bar:
        bar.update(4)
        bar.refresh()
        last = shown[-1]
        assert re.search(r"</table><pre>&lt;encoding&gt;:  40%.* 4/10 .*</pre>$", last)
    assert shown[-1].endswith("</table>")
    progress.say("a <note>")
    assert shown[-1].endswith("</table><div>a &lt;note&gt;</div>")


def test_outside_of_a_notebook_nothing_is_shown_unless_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert type(live_table(Progress(None), ["a"])) is LiveTable
    Progress(None).say("a note")
    assert capsys.readouterr() == ("", "")
    assert not Progress(False).is_quiet


def test_a_quiet_notebook_shows_nothing(shown: list[str]) -> None:
    live_table(Progress(True), ["a"]).encoded("a", 8, None, 1.0, False)
    assert shown == []
