"""Promises of MTEB's files: MTEB reads back what the tables say."""

import sys
from pathlib import Path

import pytest

from embedbench.errors import InputError
from embedbench.export.mteb_results import write_mteb
from embedbench.export.outcome import Request
from embedbench.results.results import Results
from tests.support.example_results import example_results


@pytest.mark.exports
def test_mteb_reads_the_scores_of_each_encoder_and_purpose(
    real_run: Results, tmp_path: Path
) -> None:
    mteb = pytest.importorskip("mteb")
    told = real_run.export("mteb", tmp_path / "mteb")
    names = {"pixels": "01_pixels", "co:lour/<2>": "02_co_lour_2"}
    for row in real_run.purposes.to_dict("records"):
        file = tmp_path / "mteb" / names[row["encoder"]] / f"{row['purpose']}.json"
        result = mteb.TaskResult.from_disk(file)
        assert result.task_name == f"Embedbench{row['purpose'].title()}"
        assert result.get_score() == pytest.approx(row["value"], abs=1e-6)
        [scores] = result.scores["test"]
        assert scores[row["metric"]] == pytest.approx(row["value"], abs=1e-6)
        assert scores[f"{row['metric']}_low"] == pytest.approx(row["low"], abs=1e-6)
        assert scores["encoder"] == row["encoder"]
        assert result.dataset_revision == real_run.run["dataset"]["fingerprint"]
    assert told.written == {"files": len(real_run.purposes)}


@pytest.mark.exports
def test_without_labels_there_is_nothing_to_write(tmp_path: Path) -> None:
    pytest.importorskip("mteb")
    with pytest.raises(InputError, match="they need labels"):
        example_results(truth=False).export("mteb", tmp_path / "mteb")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mteb", None)
    with pytest.raises(InputError, match=r"'image-embedbench\[mteb\]'"):
        write_mteb(example_results(), Request())
