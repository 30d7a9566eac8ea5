"""Promises of runs in MLflow: MLflow reads back what the tables say."""

import dataclasses
import socket
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from embedbench.errors import InputError
from embedbench.export.outcome import Request
from embedbench.export.scores import named_scores
from embedbench.export.trackers import mlflow_runs
from embedbench.results.results import Results
from tests.support.example_results import ENCODERS, example_results


@pytest.fixture
def mlflow() -> Any:
    return pytest.importorskip("mlflow", reason="`make exports` has MLflow")


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(InputError, match="it is a file"):
        mlflow_runs._address(str(tmp_path / "x"))


def test_a_server_that_does_not_answer_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(InputError, match=f"the MLflow server at '{address}' does not answer"):
        mlflow_runs._address(address)


def test_the_store_is_a_database_in_a_folder_or_what_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert mlflow_runs._address(str(tmp_path / "a")) == f"sqlite:///{tmp_path}/a/mlflow.db"
    assert mlflow_runs._address(None) == "sqlite:///mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////x/y.db")
    assert mlflow_runs._address(None) == "sqlite:////x/y.db"


@pytest.mark.exports
def test_mlflow_reads_the_numbers_tables_and_page(
    real_run: Results, tmp_path: Path, mlflow: Any
) -> None:
    told = real_run.export("mlflow", tmp_path / "store", name="mine")
    client = mlflow.MlflowClient(tracking_uri=told.place)
    experiment = client.get_experiment_by_name("mine")
    runs = client.search_runs([experiment.experiment_id])
    encoders = {run.data.tags["encoder"]: run for run in runs if "encoder" in run.data.tags}
    [parent] = [run for run in runs if "encoder" not in run.data.tags]
    assert set(encoders) == {"pixels", "co:lour/<2>"}
    for encoder, run in encoders.items():
        assert run.data.metrics == pytest.approx(named_scores(real_run, encoder))
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        known = real_run.encoders.set_index("encoder").loc[encoder]
        assert run.data.params["dim"] == str(known["dim"]) and run.info.status == "FINISHED"
    assert parent.data.tags["recommended"] == (real_run.best or "")
    assert parent.data.tags["verdict"].startswith(f"clustering: {real_run.verdict}"[:100])
    files = {one.path for one in client.list_artifacts(parent.info.run_id)}
    assert files == {"figures", "report.html", "run.json", "tables", "verdict.txt"}
    mlflow.set_tracking_uri(told.place)  # where `load_table` looks, whatever the client
    table = client.load_table(
        experiment.experiment_id, "tables/purposes.json", run_ids=[parent.info.run_id]
    )
    pd.testing.assert_frame_equal(
        table[list(real_run.purposes.columns)], real_run.purposes, check_dtype=False
    )
    assert "mlartifacts" in client.get_run(parent.info.run_id).info.artifact_uri


@pytest.mark.exports
def test_names_that_bite_and_a_second_export_are_taken(tmp_path: Path, mlflow: Any) -> None:
    for truth in (True, False):
        told = example_results(truth).export("mlflow", tmp_path, encoders=ENCODERS[:2])
    client = mlflow.MlflowClient(tracking_uri=told.place)
    experiment = client.get_experiment_by_name("embedbench")
    assert len(client.search_runs([experiment.experiment_id])) == 6


def test_a_missing_library_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    with pytest.raises(InputError, match=r"'image-embedbench\[mlflow\]'"):
        mlflow_runs.write_mlflow(example_results(), dataclasses.replace(Request(), out="x"))
