"""Promises of what the command line prints: tables stand alone, and names are shown as they are."""

import dataclasses
import os
from pathlib import Path

import pytest

from embedbench.cli.output import echo_err, print_table, print_tuned, stdout_reserved, summarise
from tests.support.example_results import example_results


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
    summarise(example_results(), Path("run"))
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[1:5] == [
        "40 images, 3 encoders",
        f"1 image skipped: {Path('run/failures.csv')} says why",
        f"1 encoder failed: {Path('run/failures.csv')} says why",
        "note: one of the <names> stands there twice",
    ]
    assert lines[5].startswith("verdict: pixels and timm:resnet50,pretrained=false are tied")
    assert lines[6:] == [f"report: {Path('run/report.html')}"]


def test_where_nothing_failed_nothing_is_said_of_failures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    results = example_results()
    whole = dataclasses.replace(
        results, failures=results.failures.iloc[:0], run=results.run | {"remarks": []}
    )
    summarise(whole, Path("run"))
    err = capsys.readouterr().err
    assert "failures.csv" not in err and "note:" not in err


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
