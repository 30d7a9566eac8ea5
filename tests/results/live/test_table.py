"""Promises of what a comparison says while it runs: rows in columns, or plain lines."""

import re
from collections.abc import Callable

import pandas as pd
import pytest

from embedbench.results.live.table import LiveTable, verdict_box
from embedbench.utils.progress import Progress

LONG = "timm:a_name_that_is_longer_than_a_narrow_terminal_is_wide"
COMPARISON = pd.DataFrame(
    {
        "encoder": ["pixels", "pixels", "pixels", LONG],
        "space": ["l2", "l2", "pca:2", "l2"],
        "clusterer": ["kmeans", "hdbscan", "kmeans", "kmeans"],
        "k_from": ["truth", "own", "truth", "truth"],
        "k": [4.0, 7.0, 4.0, 4.0],
        "stability": [0.5, 0.1, 0.1, 0.75],
        "ami": [0.25, 0.1, 0.1, 0.5],
        "ami_low": [0.125, 0.1, 0.1, float("nan")],
        "ami_high": [0.375, 0.1, 0.1, float("nan")],
    }
)
VERDICT = {
    "basis": "labels", "answer": "tied", "group": ["pixels", LONG], "smallest": "pixels",
    "reasons": ["Their AMI cannot be told apart."],
}  # fmt: skip


def said(quiet: bool = False) -> None:
    """Say all that there is to say of a comparison."""
    live = LiveTable(Progress(quiet), ["pixels", LONG, "\x1b[2Jred"])
    live.encoded("pixels", 1860, 0, 80.25, False)
    live.failed("\x1b[2Jred", "no luck")
    live.encoded(LONG, 1280, 3_370_000, 500.0, True)
    live.scored(COMPARISON)
    live.decided(VERDICT)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make standard error a terminal of this many columns."""

    def make(columns: int) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)

    return make


def test_without_a_terminal_each_encoder_is_one_plain_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "pixels: dim 1860, 80.2 images/s",
        r"encoder '\x1b[2Jred' failed: no luck",
        f"{LONG}: dim 1280, 3.37 M parameters, stored",
        f"AMI, kmeans, k=4: pixels 0.25 (0.12 to 0.38); {LONG} 0.50",
        f"verdict: pixels and {LONG} are tied as best here, by the labels; the smallest model of "
        f"them is pixels, the fastest {LONG}. Their AMI cannot be told apart.",
    ]


def test_without_labels_the_stability_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    rows = COMPARISON.drop(columns=["ami", "ami_low", "ami_high"])
    LiveTable(Progress(), ["pixels", LONG]).scored(rows)
    assert capsys.readouterr().err == f"stability, kmeans, k=4: pixels 0.50; {LONG} 0.75\n"


def test_quiet_says_nothing(
    terminal: Callable[[int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    said(quiet=True)
    terminal(80)
    said(quiet=True)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_on_a_terminal_the_rows_stand_in_columns_and_fit_it(
    columns: int, terminal: Callable[[int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(columns)
    said()
    out, err = capsys.readouterr()
    text = re.sub(r"\x1b\[[0-9;]*m", "", err)
    lines = [line.rstrip() for line in text.splitlines()]
    assert out == "" and max(map(len, lines)) <= columns
    (dims,) = {line.find("1860") for line in lines if "1860" in line}
    assert [line[dims : dims + 4].strip() for line in lines if "1280" in line] == ["1280"]
    assert sum("images/s" in line for line in lines) == 1  # the headings, once
    letters = "".join(text.split())
    assert "failed: no luck" in text and r"\x1b[2Jred" in text and "\x1b[2J" not in err
    assert "0.12to0.38" in letters and LONG[:11] in text
    assert sum(line[:1] in "\u256d\u2570" for line in lines if line) == 2  # the box of the verdict


def test_a_terminal_without_colours_gets_none(
    terminal: Callable[[int], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal(80)
    said()
    assert "\x1b[31m" in capsys.readouterr().err  # red: what failed
    monkeypatch.setenv("NO_COLOR", "1")
    said()
    assert re.findall(r"\x1b\[[0-9;]*3[0-9]", capsys.readouterr().err) == []


def test_the_box_obeys_no_name() -> None:
    assert "\\x1b[2J" in str(verdict_box("\x1b[2J is best").renderable)


def test_the_budget_is_said_where_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    live = LiveTable(Progress(False), [LONG])
    live.chosen(VERDICT)
    assert capsys.readouterr().err == ""
    live.chosen(VERDICT | {"budget": {"sentences": [f"{LONG} is recommended.", "Second."]}})
    assert capsys.readouterr().err == f"budget: {LONG} is recommended. Second.\n"
