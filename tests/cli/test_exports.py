"""Promises of the commands that export: they say what was written, and what was left out."""

import json
from pathlib import Path

import pandas as pd
import pytest

from embedbench.cli.exports import export
from embedbench.export.exporting import EXPORTERS
from tests.support.command_line import call
from tests.support.example_results import example_results
from tests.support.results_on_disk import results_on_disk


def test_sorting_ends_with_3_where_images_are_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, run = results_on_disk(tmp_path / "photos"), tmp_path / "run"
    results.write(run)
    out = tmp_path / "out"
    code, shown, err = call(capsys, "sort", run, "-e", "pixels", "--out", out)
    assert (code, shown, err) == (0, "", f"40 images and 4 folders: {out}\n")
    for image in results.images["image"][:30]:
        (tmp_path / "photos" / image).unlink()
    code, _, err = call(capsys, "sort", run, "-e", "pixels", "--out", tmp_path / "again")
    assert code == 3 and len(err.splitlines()) == 22
    assert err.endswith(": the picture is gone\nskipped 10 more\n")
    code, shown, _ = call(
        capsys, "sort", run, "-e", "pixels", "--out", tmp_path / "third", "--json"
    )
    assert code == 3 and len(json.loads(shown)["skipped"]) == 30


def test_sorting_names_the_encoders_of_several(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example_results().write(tmp_path / "run")
    code, _, err = call(capsys, "sort", tmp_path / "run", "--out", tmp_path / "out")
    assert code == 2 and "name the encoder with --encoder; there are: pixels" in err


def test_an_export_prints_what_opens_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = tmp_path / "run", tmp_path / "x.parquet"
    example_results().write(run)
    code, shown, err = call(capsys, "export", run, "--to", "parquet", "--out", out)
    assert (code, shown) == (0, "")
    first, second = err.splitlines()
    assert first == f"40 images and 3 encoders: {out}"
    assert second.startswith("next: embedding-atlas ")
    assert len(pd.read_parquet(out)) == 40
    code, shown, err = call(
        capsys, "export", run, "--to", "parquet", "--out", tmp_path / "y.parquet", "--json"
    )
    assert (code, err) == (0, "") and json.loads(shown)["written"]["images"] == 40


def test_half_a_run_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    example_results().write(run)
    (run / "nearest.parquet").unlink()
    code, _, err = call(capsys, "export", run, "--to", "parquet", "--out", tmp_path / "x.parquet")
    assert code == 2 and err.endswith("nearest.parquet is missing; run again\n")
    assert not (tmp_path / "x.parquet").exists()


def test_the_help_names_every_tool() -> None:
    [option] = [one for one in export.params if one.name == "to"]
    words = str(option.to_info_dict()["help"]).replace(" or ", ", ").rstrip(".").split(", ")
    assert words == list(EXPORTERS)
