"""Promises of progress: on standard error only, printable, and nothing when quiet."""

import pytest

from embedbench.utils.progress import Progress


def test_a_line_goes_to_standard_error_and_is_printable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Progress().say("reading a\x1b[2J.png")
    assert capsys.readouterr() == ("", "reading a\\x1b[2J.png\n")


def test_quiet_progress_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(quiet=True)
    progress.say("reading")
    with progress.bar("reading", 10, "images") as bar:
        bar.update(5)
    assert capsys.readouterr() == ("", "")
    assert bar.disable


def test_no_bar_is_shown_if_standard_error_is_not_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Progress().bar("reading", 10, "images") as bar:
        bar.update(5)
    assert capsys.readouterr() == ("", "")


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
