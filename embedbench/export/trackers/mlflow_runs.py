"""Runs of MLflow: one of the comparison, and in it one of each encoder."""

import os
import re
import shlex
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from embedbench.errors import InputError
from embedbench.export.libraries import errors_of, import_library
from embedbench.export.outcome import Exported, Request
from embedbench.export.scores import facts_of, named_scores, selected, written_tables
from embedbench.export.trackers.contents import (
    draw_page,
    settings_of,
    shared,
    title_of,
    verdict_of,
)
from embedbench.results.results import Results
from embedbench.utils.offline import reachable

__all__ = ["write_mlflow"]

_LONGEST = 500
"""Letters of a parameter or tag that MLflow keeps in any version."""

_DATABASE = "mlflow.db"
_ARTIFACTS = "mlartifacts"


def write_mlflow(results: Results, request: Request) -> Exported:
    """Add a run of the comparison to an experiment, with a run in it of each encoder.

    The runs of encoders have numbers, such as `search/retrieval_map`, and parameters. That of the
    comparison has the verdict, the tables, figures and the page. No folder above the images is
    told.

    Raises:
        InputError: MLflow is not installed, its server does not answer, or it refuses.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read as it is imported
    mlflow = import_library("mlflow", "mlflow")
    address = _address(request.out)
    results = shared(results)
    with errors_of("MLflow"), TemporaryDirectory() as drawn:
        figures = draw_page(results, Path(drawn))
        client = mlflow.MlflowClient(tracking_uri=address)
        experiment = _experiment(client, request.name, address)
        run = client.create_run(experiment, run_name=title_of(results)).info.run_id
        try:
            _fill(client, run, results, request)
            client.log_artifacts(run, drawn)
            for encoder in request.encoders:
                _add_encoder(mlflow, client, run, results, encoder)
        except BaseException:
            client.set_terminated(run, "FAILED")
            raise
        client.set_terminated(run)
    written = {"runs": 1 + len(request.encoders), "figures": len(figures)}
    is_server = address.startswith("http")
    command = shlex.join(["mlflow", "ui", "--backend-store-uri", address])
    return Exported("mlflow", address, written, next="" if is_server else command)


def _address(out: str | None) -> str:
    """Return the address of the store: a database in the folder `out`, or what it names.

    Raises:
        InputError: its server does not answer.
    """
    address = out or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{_DATABASE}"
    if address.startswith(("http://", "https://")):
        if not reachable(address):
            raise InputError(f"the MLflow server at '{address}' does not answer")
        return address
    if re.match(r"[a-z][a-z0-9+.-]+:", address):
        return address
    folder = Path(address).absolute()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"cannot write '{out}': it is a file")
    with errors_of("MLflow"):
        folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / _DATABASE}"


def _experiment(client: Any, name: str, address: str) -> str:
    """Return the id of the experiment, which is made if it is not there."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    place = None
    if address.startswith("sqlite:///"):  # else MLflow puts files where this program was called
        database = Path(address.removeprefix("sqlite:///").partition("?")[0]).absolute()
        place = (database.parent / _ARTIFACTS).as_uri()
    return str(client.create_experiment(name, artifact_location=place))


def _fill(client: Any, run: str, results: Results, request: Request) -> None:
    for name, value in settings_of(results).items():
        client.log_param(run, name, str(value)[:_LONGEST])
    verdict = verdict_of(results)
    client.set_tag(run, "verdict", verdict[:_LONGEST])
    client.set_tag(run, "recommended", results.best or "")
    client.log_text(run, verdict + "\n", "verdict.txt")
    client.log_dict(run, results.run, "run.json")
    for name, table in written_tables(results).items():
        rows = selected(table, request.encoders)
        if len(rows):
            client.log_table(run, rows.astype(object).where(rows.notna(), None),
                             f"tables/{name}.json")  # fmt: skip


def _add_encoder(mlflow: Any, client: Any, parent: str, results: Results, encoder: str) -> None:
    """Add the run of an encoder, in that of the comparison."""
    entities, now = mlflow.entities, int(time.time() * 1000)
    tags = {"mlflow.parentRunId": parent, "encoder": encoder[:_LONGEST]}
    experiment = client.get_run(parent).info.experiment_id
    run = client.create_run(experiment, tags=tags, run_name=encoder[:250]).info.run_id
    facts = {"encoder": encoder} | facts_of(results, encoder)
    client.log_batch(
        run,
        [entities.Metric(name, value, now, 0)
         for name, value in named_scores(results, encoder).items()],
        [entities.Param(name, str(value)[:_LONGEST]) for name, value in facts.items()],
    )  # fmt: skip
    client.set_terminated(run)
