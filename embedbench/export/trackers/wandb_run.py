"""A run of Weights & Biases; on this disk alone, unless WANDB_MODE says otherwise."""

import os
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

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

__all__ = ["write_wandb"]


def write_wandb(results: Results, request: Request) -> Exported:
    """Write a run with the numbers and the verdict in its summary, tables, figures and the page.

    A number is named `ENCODER/PURPOSE/METRIC`. No folder above the images is told.

    Raises:
        InputError: its library is not installed, or it refuses.
    """
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # read as it is imported
    wandb = import_library("wandb", "wandb")
    folder = Path(request.out or ".")
    mode = os.environ.get("WANDB_MODE", "offline")
    results = shared(results)
    encoders = {name: facts_of(results, name) for name in request.encoders}
    with errors_of("wandb"), TemporaryDirectory() as drawn:
        figures = draw_page(results, Path(drawn))
        folder.mkdir(parents=True, exist_ok=True)
        run = wandb.init(
            project=request.name,
            name=title_of(results),
            dir=str(folder),
            mode=mode,
            job_type="comparison",
            config=settings_of(results) | {"encoders": encoders},
            settings=wandb.Settings(
                console="off",
                disable_git=True,
                save_code=False,
                silent=True,
                x_disable_meta=True,
                x_disable_stats=True,
                x_save_requirements=False,
            ),
        )
        with run:
            for encoder in request.encoders:
                scores = named_scores(results, encoder)
                run.summary.update({f"{encoder}/{name}": one for name, one in scores.items()})
            run.summary["verdict"] = verdict_of(results)
            run.summary["recommended"] = results.best or ""
            media = _tables(wandb, results, request)
            for file in figures:
                name = file.relative_to(Path(drawn) / "figures").with_suffix("").as_posix()
                media[f"figures/{name}"] = wandb.Image(str(file))
            media["page"] = wandb.Html(str(Path(drawn) / "report.html"), inject=False)
            run.log(media)
            place = str(Path(run.dir).parent)
    written = {"runs": 1, "figures": len(figures)}
    command = shlex.join(["wandb", "sync", place]) if mode == "offline" else ""
    return Exported("wandb", place, written, next=command)


def _tables(wandb: Any, results: Results, request: Request) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for name, table in written_tables(results).items():
        rows = selected(table, request.encoders)
        if len(rows):
            cells = rows.astype(object).where(rows.notna(), None).to_numpy().tolist()
            tables[f"tables/{name}"] = wandb.Table(
                list(rows.columns), cells, allow_mixed_types=True
            )
    return tables
