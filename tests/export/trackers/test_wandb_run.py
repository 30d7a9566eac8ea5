"""Promises of a run of Weights & Biases: its records on disk say what the tables say."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from embedbench.errors import InputError
from embedbench.export.outcome import Request
from embedbench.export.scores import named_scores
from embedbench.export.trackers.wandb_run import write_wandb
from embedbench.results.results import Results
from tests.support.example_results import example_results
from tests.support.wandb_records import records_of


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("WANDB_MODE", raising=False)
    return pytest.importorskip("wandb", reason="`make exports` has wandb")


@pytest.mark.exports
def test_its_records_have_the_numbers_tables_and_figures(
    real_run: Results, tmp_path: Path, wandb: Any
) -> None:
    told = real_run.export("wandb", tmp_path / "store", name="mine")
    place = Path(told.place)
    [file] = place.glob("*.wandb")
    assert place.parent.parent == tmp_path / "store" and told.next == f"wandb sync {place}"
    summary: dict[str, Any] = {}
    environment = ""
    for record in records_of(file):
        for one in record.summary.update:
            if one.key:
                summary[one.key] = json.loads(one.value_json)
        if record.HasField("environment"):
            environment += str(record.environment)
        if record.HasField("run"):
            assert record.run.project == "mine"
    for encoder in ("pixels", "co:lour/<2>"):
        for name, value in named_scores(real_run, encoder).items():
            assert summary[f"{encoder}/{name}"] == pytest.approx(value)
    assert summary["verdict"].startswith(f"clustering: {real_run.verdict}")
    assert str(tmp_path) not in environment
    [table] = place.glob("files/media/table/tables/purposes_*.json")
    content = json.loads(table.read_text())
    assert content["columns"] == list(real_run.purposes.columns)
    value = content["columns"].index("value")
    assert [row[value] for row in content["data"]] == pytest.approx(
        real_run.purposes["value"].tolist()
    )
    images = {one.name.rpartition("_0_")[0] for one in place.glob("files/media/images/**/*.*")}
    assert {"comparison", "map_tsne", "ranks"} <= images
    assert len(list(place.glob("files/media/html/page_*.html"))) == 1


@pytest.mark.exports
def test_names_that_bite_are_taken_and_a_bad_project_is_told(tmp_path: Path, wandb: Any) -> None:
    example_results(truth=False).export("wandb", tmp_path)
    with pytest.raises(InputError, match="wandb failed: .*project"):
        example_results().export("wandb", tmp_path, name="a/b")


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(InputError, match=r"'image-embedbench\[wandb\]'"):
        write_wandb(example_results(), Request())
