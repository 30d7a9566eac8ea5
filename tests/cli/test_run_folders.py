"""Promises of the commands on a run folder: they encode nothing, and refuse what is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from embedbench.results.schema import SCHEMA_VERSION
from tests.support.command_line import call
from tests.support.example_results import example_results


def test_figures_are_drawn_and_then_stand_in_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    example_results().write(run)
    code, out, err = call(capsys, "figures", run, "--only", "01_pixels", "--quiet")
    drawn = {path.name for path in (run / "figures" / "01_pixels").iterdir()}
    assert (code, out) == (0, "") and {"elbow.png", "map_tsne.png"} <= drawn
    assert err == f"{len(drawn)} figures: {run / 'figures'}\n"
    assert call(capsys, "report", run)[0] == 0
    page = (run / "report.html").read_text()
    assert "over the number of clusters, pixels" in page
    assert "over the number of clusters, timm" not in page
    code, _, err = call(capsys, "figures", run, "--only", "rank", "--quiet")
    assert code == 2 and err.startswith("error: no figure is called 'rank'; there are: comparison")


@pytest.mark.parametrize("command", ["figures", "report", "suggest-labels"])
@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"schema": SCHEMA_VERSION - 1}, "made by an older version"),
        ({"schema": SCHEMA_VERSION + 1}, "made by a newer version"),
        ({"schema": str(SCHEMA_VERSION)}, "names no schema"),
        ({}, "names no schema"),
    ],
)
def test_a_run_folder_of_another_version_is_refused_in_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    written: dict[str, Any],
    words: str,
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text(json.dumps(written))
    code, out, err = call(capsys, command, run)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: '{run}'") and len(err.splitlines()) == 1 and words in err
    assert list(run.iterdir()) == [run / "run.json"]
