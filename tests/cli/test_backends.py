"""Promises of the commands for who writes an encoder: one is begun, and each check has a result."""

from pathlib import Path

import pytest

from embedbench.conformance import CHECKS
from tests.support.command_line import as_json, call

pytestmark = pytest.mark.usefixtures("one_core")


def test_check_passes_for_pixels(capsys: pytest.CaptureFixture[str]) -> None:
    code, table, _ = call(capsys, "check", "pixels")
    assert code == 0
    assert all(line.split()[-1] == "ok" for line in table.splitlines()[2:])


def test_check_as_json_has_a_result_for_each_check(capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, "check", "pixels")
    assert found["encoder"] == "pixels"
    assert [one["check"] for one in found["checks"]] == [one.__name__ for one in CHECKS]
    assert {(one["ok"], one["error"]) for one in found["checks"]} == {(True, None)}


def test_a_new_backend_is_listed_file_by_file_as_json_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, "new-backend", "mine", "--out", tmp_path / "one")
    assert code == 0 and err.startswith("now: pip install -e ")
    found = as_json(capsys, "new-backend", "mine", "--out", tmp_path / "two")
    assert found["encoder"] == "mine" and found["next"].endswith("embedbench check mine")
    assert all(Path(file).is_file() for file in found["files"])
    names = [
        Path(file).relative_to(tmp_path / place)
        for place, files in (("one", out.splitlines()), ("two", found["files"]))
        for file in files
    ]
    assert names[: len(names) // 2] == names[len(names) // 2 :]
