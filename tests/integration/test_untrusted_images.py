"""Promises of a folder that nobody has cleaned: what is good is compared, the rest is listed."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import embedbench
from embedbench.encoder import Encoder
from embedbench.results.reading import read_results
from embedbench.results.results import Results
from tests.support.hostile_files import BROKEN, GOOD, write_hostile


def check(results: Results, out: Path, expected: dict[str, str]) -> None:
    """Hold a run against what had to become of each file."""
    failures = results.failures.set_index("name")["error"]
    compared = set(results.images["image"])
    assert compared.isdisjoint(failures.index) and failures.index.is_unique
    assert compared | set(failures.index) == set(expected)
    outcomes = {name: "compared" if name in compared else failures[name] for name in expected}
    wanted = [name for name, outcome in expected.items() if outcome == GOOD]
    assert {name: outcomes[name] for name in wanted} == dict.fromkeys(wanted, "compared")
    assert not compared.intersection(name for name, end in expected.items() if end == BROKEN)
    assert failures.str.len().gt(0).all() and not failures.str.contains(r"[\x00-\x1f]").any()
    written = read_results(out)
    assert written.failures["name"].tolist() == results.failures["name"].tolist()
    assert set(written.images["image"]) == compared
    listed = pd.read_csv(out / "failures.csv", keep_default_na=False)
    assert len(listed) == len(failures)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page and "<script>alert" not in page
    assert page.rstrip().endswith("</html>")


def test_good_images_among_hostile_files_are_compared(
    tmp_path: Path, colour_encoder: Callable[..., Encoder]
) -> None:
    expected = write_hostile(tmp_path / "photos", 180, seed=6)
    out = tmp_path / "run"
    results = embedbench.compare(
        tmp_path / "photos", {"colour": colour_encoder(1)}, clusterers=["kmeans"], k="2..3",
        seeds=1, copies=0, projections=["pca"], out=out,
    )  # fmt: skip
    check(results, out, expected)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
def test_thousands_of_hostile_files_stop_nothing(tmp_path: Path, seed: int) -> None:
    expected = write_hostile(tmp_path / "photos", 2_200, seed)
    out = tmp_path / "run"
    program = "from embedbench.cli import main; main()"
    command = [sys.executable, "-c", program, "run", str(tmp_path / "photos"), "-e", "pixels"]
    command += ["--seeds", "2", "--k", "2..4", "--out", str(out), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1_200)
    assert done.returncode == 3, done.stderr
    check(read_results(out), out, expected)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(f"{len(expected)} files, peak memory of a process {peak / 1e6:.0f} MB")
    assert peak < 4.1e9
