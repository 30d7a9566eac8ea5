"""Promises of the commands on a run folder: they encode nothing, and refuse what is none."""

import dataclasses
import json
import signal
import subprocess
import sys
import threading
import urllib.request
import webbrowser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import embedbench
from embedbench.results.schema import SCHEMA_VERSION
from tests.support.command_line import as_json, call
from tests.support.example_results import example_results
from tests.support.image_server import without_proxy


def test_figures_are_drawn_and_an_unknown_one_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    example_results().write(run)
    code, out, err = call(capsys, "figures", run, "--only", "01_pixels", "--quiet")
    drawn = {path.name for path in (run / "figures" / "01_pixels").iterdir()}
    assert (code, out) == (0, "") and {"elbow.png", "map_tsne.png"} <= drawn
    assert err == f"{len(drawn)} figures: {run / 'figures'}\n"
    code, _, err = call(capsys, "figures", run, "--only", "rank", "--quiet")
    assert code == 2 and err.startswith("error: no figure is called 'rank'; there are: comparison")


def test_figures_the_page_and_labels_to_give_are_listed_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, file = tmp_path / "run", tmp_path / "labels.csv"
    example_results(truth=False).write(run)
    drawn = as_json(capsys, "figures", run, "--only", "signals", "--quiet")
    assert drawn == {"files": [str(run / "figures" / "signals.png")]}
    assert Path(drawn["files"][0]).is_file()
    (run / "elbow.csv").unlink()
    told = as_json(capsys, "report", run)
    assert told["report"] == str(run / "report.html") and (run / "report.html").is_file()
    assert [one.partition(",")[0] for one in told["remarks"]] == ["elbow.csv is missing"]
    example_results(truth=False).write(run)
    asked = as_json(capsys, "suggest-labels", run, "-n", 5, "--out", file)
    assert asked == {
        "images": 5,
        "file": str(file),
        "next": f"embedbench run '<photos>' -e pixels --labels {file}",
    }
    assert len(pd.read_csv(file)) == 5


def test_a_page_without_pictures_holds_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    example_results().write(run)
    assert call(capsys, "report", run, "--without-pictures")[0] == 0
    assert "data:image/webp" not in (run / "report.html").read_text()
    assert call(capsys, "report", run)[0] == 0
    assert "data:image/webp" in (run / "report.html").read_text()


def test_a_page_is_written_without_what_is_lost_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    example_results().write(run)
    (run / "elbow.csv").unlink()
    code, _, err = call(capsys, "report", run)
    note = "note: elbow.csv is missing, so 'Encoders' on the page is not whole; run again for it\n"
    assert (code, err) == (0, f"{note}report: {run / 'report.html'}\n")
    (run / "encoders.csv").unlink()
    code, _, err = call(capsys, "report", run)
    assert code == 2 and err.endswith("encoders.csv is missing; run again\n")


@pytest.mark.parametrize("command", ["ask", "figures", "report", "suggest-labels"])
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


def test_the_page_opens_in_the_browser_or_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def note(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", note)
    assert call(capsys, "open", tmp_path)[0] == 2  # there is no page
    (tmp_path / "report.html").write_text("")
    assert call(capsys, "open", tmp_path) == (0, f"page: {tmp_path / 'report.html'}\n", "")
    assert opened == [(tmp_path / "report.html").as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert "there is no browser here" in call(capsys, "open", tmp_path)[2]


def test_originals_are_served_until_a_signal_comes(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_proxy(monkeypatch)
    run = tmp_path / "run"
    embedbench.compare(photographs, ["pixels"], k=3, copies=0, out=run, store=tmp_path / "store")
    command = [sys.executable, "-m", "embedbench", "open", str(run), "--originals"]
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdout=pipe, stderr=none, stdin=none, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().removeprefix("page: ").strip()
            with urllib.request.urlopen(f"{address}originals/0", timeout=20) as answer:
                assert answer.headers["Content-Type"] == "image/jpeg"
                assert answer.read()[:2] == b"\xff\xd8"
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_labels_asked_for_are_kept_and_the_command_says_how_to_go_on(
    photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], shared_store: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    without_proxy(monkeypatch)
    run, file = tmp_path / "run", tmp_path / "my labels.csv"
    embedbench.compare(
        photographs,
        {"one": "pixels", "two": "pixels"},
        labels="none",
        k="3",
        seeds=2,
        out=run,
        store=shared_store,
    )

    def browse(address: str) -> bool:
        """Label two pictures and end, as the page does."""

        def send(path: str, content: Any) -> Any:
            headers = {"Content-Type": "application/json"}
            request = urllib.request.Request(
                address + path, content and json.dumps(content).encode(), headers
            )
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)

        def label() -> None:
            images = send("state", None)["images"]
            for picture, name in zip(images, ("cat", "dog"), strict=False):
                send("label", {"image": picture["name"], "label": name})
            send("end", {"now": True})

        threading.Thread(target=label).start()
        return True

    monkeypatch.setattr(webbrowser, "open", browse)
    code, out, err = call(capsys, "ask", run, "--out", file)
    assert code == 0 and out.startswith("page: http://127.0.0.1:")
    assert "There are too few pictures to tell" in out
    again = err.splitlines()[-1]
    assert again.startswith(f"next: embedbench run {photographs} -e one -e two --k 3 --seeds 2 ")
    assert again.endswith(f" --labels '{file}'") and again.count("--labels") == 1
    assert pd.read_csv(file)["label"].tolist() == ["cat", "dog"]
    (run / "labels.csv").write_text("image,label\nother.jpg,x\n")
    code, _, err = call(capsys, "ask", run, "--out", run / "labels.csv")
    assert code == 2 and "has labels of other images" in err


def test_diff_tells_what_differs_and_what_moved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = example_results()
    results.write(tmp_path / "one")
    table = results.purposes.assign(high=lambda rows: rows["value"] + 0.01)
    table["low"] = table["value"] - 0.01
    table[["value", "low", "high"]] -= 0.3
    run = results.run | {"seeds": [7]}
    dataclasses.replace(results, purposes=table, run=run).write(tmp_path / "two")
    code, out, err = call(capsys, "diff", tmp_path / "one", tmp_path / "two")
    assert code == 0
    assert "-0.30" in out and "moved" in out and "seeds:" in err and " moved by more than" in err
    _, out, _ = call(capsys, "diff", "--json", tmp_path / "one", tmp_path / "one")
    found = json.loads(out)
    assert found["remarks"] == [] and not any(row["moved"] for row in found["changes"])
