"""Promises of what the command line prints: tables stand alone, and names are shown as they are."""

import dataclasses
import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embedbench.cli.output import (
    echo_err,
    print_json,
    print_results,
    print_table,
    print_tuned,
    stdout_reserved,
)
from tests.support.example_results import FAILED, example_results


def test_what_others_print_does_not_stand_among_the_tables(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with stdout_reserved():
        print("a library")
        os.write(1, b"from below Python\n")
    print_table(["name"], [["x"]])
    out, err = capfd.readouterr()
    assert "a library" in err and "from below Python" in err
    assert out.split() == ["name", "------", "x"]


def test_standard_output_is_there_again_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no luck"), stdout_reserved():
        raise ValueError("no luck")
    os.write(1, b"here\n")
    assert capfd.readouterr().out == "here\n"


def test_the_summary_counts_what_was_compared_and_says_where_the_reasons_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_results(example_results(), Path("run"))
    lines = capsys.readouterr().err.splitlines()
    counted, left = lines[:3], lines[-3:]
    assert counted == [
        "40 images, 3 encoders",
        f"1 image skipped: {Path('run/failures.csv')} says why",
        f"1 encoder failed: {Path('run/failures.csv')} says why",
    ]
    assert lines[3:5] == [
        f"encoder '{FAILED}' failed: no & network",
        "note: one of the <names> stands there twice",
    ]
    assert lines[5].startswith("verdict: pixels and timm:resnet50,pretrained=false are tied")
    by_purpose = "by purpose: For clustering and classification pixels and timm:resnet50,"
    assert left[0].startswith(by_purpose)
    assert left[1:] == [
        f"report: {Path('run/report.html')}",
        "next: every clusterer and number: embedbench show run --full",
    ]
    print_results(example_results(), Path("run"), is_said=True)
    assert capsys.readouterr().err.splitlines() == [*counted, *left]


def test_without_labels_the_next_step_is_to_label_some(capsys: pytest.CaptureFixture[str]) -> None:
    print_results(example_results(truth=False), Path("my run"))
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.endswith("embedbench ask 'my run'")


def test_json_has_the_numbers_as_numbers_and_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    results = example_results()
    print_results(results, Path("run"), as_json=True)
    out, err = capsys.readouterr()
    found = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert err == "" and found["out"] == "run"
    assert [one["encoder"] for one in found["encoders"]] == results.encoders["encoder"].tolist()
    amis = results.comparison.set_index("encoder")["ami"]
    first = found["comparison"][0]
    assert first["ami"] == amis[first["encoder"]].iloc[0]
    assert found["verdict"]["group"] == results.run["verdict"]["group"]
    assert found["failures"][0]["what"] == "image"


def test_json_has_null_for_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [float("nan"), np.float32(0.5), pd.NA, None], 3: (np.int64(2), float("inf"))})
    assert json.loads(capsys.readouterr().out) == {"a": [None, 0.5, None, None], "3": [2, None]}


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_terminal_of_any_width_shows_every_letter(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    results = example_results()
    print_results(results, Path("run"))
    out, err = (re.sub(r"\x1b\[[0-9;]*m", "", text) for text in capsys.readouterr())
    table = [line for line in out.splitlines() if line.strip()]
    assert max(map(len, table)) <= width
    letters = "".join(out.split())
    assert all(name[:6] in letters for name in results.comparison["encoder"])
    boxed = [line for line in err.splitlines() if line[:1] in "\u256d\u2502\u2570"]
    assert len(boxed) >= 3 and max(map(len, boxed)) <= width and "verdict" in boxed[0]
    assert "tied" in err and ("left out here" in err) == (width == 40)
    assert "AMI" in out and ("images/s" in out) == (width > 40)


def test_where_nothing_failed_nothing_is_said_of_failures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    results = example_results()
    whole = dataclasses.replace(
        results, failures=results.failures.iloc[:0], run=results.run | {"remarks": []}
    )
    print_results(whole, Path("run"))
    err = capsys.readouterr().err
    assert "failures.csv" not in err and "note:" not in err


def test_a_budget_is_told_for_each_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    results = example_results()
    sentence = "Within the budget of at least 50 images a second, pixels is recommended."
    budget = {"recommended": "pixels", "sentences": [sentence]}
    verdicts = {name: one | {"budget": budget} for name, one in results.run["verdicts"].items()}
    lead = next(iter(verdicts.values()))
    told = dataclasses.replace(results, run=results.run | {"verdict": lead, "verdicts": verdicts})
    print_results(told, Path("run"))
    err = capsys.readouterr().err
    last = "recommended within the budget: pixels for clustering, search and classification."
    assert {f"budget: {sentence}", last} <= set(err.splitlines())
    print_results(told, Path("run"), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"]["sentences"][-1] == sentence
    assert found["verdicts"]["search"]["budget"] == budget


@pytest.mark.parametrize("name", ["007", "1e5", "nan", "{0} %s", "<b>", "0.99999999"])
def test_a_name_that_looks_like_a_number_or_a_format_is_printed_as_it_is(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_table(["name"], [[name]])
    assert capsys.readouterr().out.splitlines()[-1] == name
    echo_err(name)
    assert capsys.readouterr().err == f"{name}\n"


def test_a_terminal_obeys_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name"], [["\x1b[2Jred"]])
    assert capsys.readouterr().out.splitlines()[-1] == r"\x1b[2Jred"


def test_what_was_not_measured_is_empty_and_numbers_are_rounded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = {"precision": "mixed", "batch_size": 32, "compiled": False}
    choice = {"told": told, "precision_cosine": None, "precision_neighbours": 0.1 + 0.2,
              "images_per_second": 41.5}  # fmt: skip
    print_tuned([{"encoder": "timm:{0}", "machine": "mine", "choices": [choice]}])
    assert capsys.readouterr().out.splitlines()[-1].split() == [
        "timm:{0}", "mixed", "32", "False", "0.3", "41.5", "mine",
    ]  # fmt: skip


def test_a_table_without_rows_has_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["encoder", "status"], [])
    assert capsys.readouterr().out.split("\n")[0].split() == ["encoder", "status"]
