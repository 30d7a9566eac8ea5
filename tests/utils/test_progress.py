"""Promises of progress: on standard error only, printable, and nothing when quiet."""

import time

import pytest

from embedbench.utils import progress
from embedbench.utils.progress import Progress


def test_a_line_goes_to_standard_error_and_is_printable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Progress().say("reading a\x1b[2J.png")
    assert capsys.readouterr() == ("", "reading a\\x1b[2J.png\n")


def test_quiet_progress_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = Progress(quiet=True)
    quiet.say("reading")
    with quiet.bar("reading", 10, "images") as bar:
        bar.update(5)
    assert capsys.readouterr() == ("", "")
    assert bar.disable


def test_a_task_that_is_short_says_nothing_if_standard_error_is_not_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Progress().bar("reading", 10, "images") as bar:
        bar.update(5)
    assert capsys.readouterr() == ("", "")


def lines_of(
    bar: tuple[str, int, str], counted: int, monkeypatch: pytest.MonkeyPatch, quiet: bool = False
) -> None:
    monkeypatch.setattr(progress, "_LINE_SECONDS", 0.02)
    with Progress(quiet).bar(*bar) as shown:
        shown.update(counted)
        time.sleep(0.3)
    time.sleep(0.1)


@pytest.mark.parametrize(
    ("bar", "counted", "line"),
    [
        (("clustering", 45, "steps"), 12, "clustering: 12 of 45 steps (0:00)"),
        (("timm: measuring", 0, "images"), 0, "timm: measuring (0:00)"),
        (("timm: loading", 0, "B"), 26_000_000, "timm: loading: 26 MB (0:00)"),
    ],
)
def test_where_there_is_no_terminal_a_long_task_says_where_it_is(
    bar: tuple[str, int, str],
    counted: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines_of(bar, counted, monkeypatch)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == "" and set(lines) == {line}
    assert 2 <= len(lines) <= 15  # none after the task has ended


def test_a_quiet_long_task_says_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines_of(("clustering", 45, "steps"), 12, monkeypatch, quiet=True)
    assert capsys.readouterr() == ("", "")


def test_a_bar_on_a_terminal_ticks_while_its_task_stands_still(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "_TICK_SECONDS", 0.05)
    with Progress().bar("loading", 0, "models"):
        time.sleep(1.3)
    assert "loading (00:01)" in capsys.readouterr().err


def test_a_bar_on_a_terminal_shows_task_and_unit_and_without_a_total_the_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with Progress().bar("reading\x07", 10, "images") as bar:
        bar.update(5)
        bar.refresh()
    shown = capsys.readouterr()
    assert shown.out == "" and "reading\\x07" in shown.err and "5/10" in shown.err
    assert "images" in shown.err
    with Progress().bar("loading", 0, "models"):
        pass
    assert "loading (00:00)" in capsys.readouterr().err
