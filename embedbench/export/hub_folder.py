"""A folder for the Hugging Face Hub: cards that it reads, and the results; nothing is uploaded."""

import json
import shlex
from pathlib import Path
from typing import Any

from embedbench.export.columns import encoder_names
from embedbench.export.libraries import errors_of, import_library
from embedbench.export.outcome import Exported, Request
from embedbench.export.places import new_folder
from embedbench.export.scores import facts_of, named_scores, score_rows, selected, written_tables
from embedbench.export.trackers.contents import settings_of, shared, title_of
from embedbench.io.safe_csv import write_csv
from embedbench.results.purposes import metric_heading
from embedbench.results.results import Results
from embedbench.utils.text import escape_markdown

__all__ = ["write_hub"]

_TASKS = {
    "classification": "image-classification",
    "words": "zero-shot-image-classification",
}
"""The Hub's tasks by purpose; it has none for clustering and search, which use features."""

_FEATURES = "image-feature-extraction"


def write_hub(results: Results, request: Request) -> Exported:
    """Write the card of a dataset with the tables and `results.json`, and a card of each encoder.

    `models/NAME/README.md` has the numbers of one encoder as `model-index`. No folder above the
    images is told, and no picture is in it.

    Raises:
        InputError: huggingface_hub is not installed, or the folder cannot be written.
    """
    hub = import_library("huggingface_hub", "hub")
    results, names = shared(results), encoder_names(results)
    tables = {
        name: selected(table, request.encoders) for name, table in written_tables(results).items()
    }
    tables = {name: table for name, table in tables.items() if len(table)}
    with errors_of("huggingface_hub"), new_folder(request.out) as folder:
        (folder / "tables").mkdir()
        for name, table in tables.items():
            write_csv(table, folder / "tables" / f"{name}.csv")
        _write(folder / "results.json", json.dumps(_record(results, request), indent=1))
        _write(folder / "README.md", _dataset_card(hub, results, request, list(tables)))
        for encoder in request.encoders:
            place = folder / "models" / names[encoder]
            place.mkdir(parents=True)
            _write(place / "README.md", _model_card(hub, results, request, encoder))
    written = {"tables": len(tables), "cards": 1 + len(request.encoders)}
    words = ["hf", "upload", "--repo-type", "dataset", f"USER/{request.name}", str(request.out)]
    return Exported("hub", str(request.out), written, next=shlex.join(words))


def _record(results: Results, request: Request) -> dict[str, Any]:
    return {
        "comparison": settings_of(results),
        "verdicts": {purpose: str(answer) for purpose, answer in results.verdicts.items()},
        "encoders": {
            name: {"facts": facts_of(results, name), "scores": named_scores(results, name)}
            for name in request.encoders
        },
    }


def _dataset_card(hub: Any, results: Results, request: Request, tables: list[str]) -> str:
    data = hub.DatasetCardData(
        pretty_name=f"Comparison of image encoders: {title_of(results)}",
        tags=["embedbench", "image-embeddings", "benchmark"],
        configs=[{"config_name": name, "data_files": f"tables/{name}.csv"} for name in tables],
    )
    lines = [f"# Comparison of image encoders: {escape_markdown(title_of(results))}", ""]
    lines += [f"- **{purpose}**: {escape_markdown(str(answer))}"
              for purpose, answer in results.verdicts.items()]  # fmt: skip
    lines += ["", *_table(results, request), ""]
    lines += ["`results.json` has these numbers with their intervals, `tables/` every table."]
    return _card(data, lines)


def _model_card(hub: Any, results: Results, request: Request, encoder: str) -> str:
    facts = facts_of(results, encoder)
    data = hub.ModelCardData(
        model_name=encoder,
        tags=["embedbench", "image-embeddings"],
        eval_results=_eval_results(hub, results, encoder),
    )
    lines = [f"# {escape_markdown(encoder)} on {escape_markdown(title_of(results))}", ""]
    lines += [f"- {name}: {escape_markdown(str(value))}" for name, value in facts.items()]
    return _card(data, lines)


def _eval_results(hub: Any, results: Results, encoder: str) -> list[Any] | None:
    """Return the metric of each purpose with the ends of its interval; None without labels."""
    settings = settings_of(results)
    found = []
    for row in score_rows(results, encoder):
        purpose, metric = row["purpose"], row.get("metric")
        for part, ending in (("value", ""), ("low", "_low"), ("high", "_high")):
            if metric and part in row:
                heading = metric_heading(metric)
                found.append(hub.EvalResult(
                    task_type=_TASKS.get(purpose, _FEATURES),
                    task_name=purpose,
                    dataset_type="imagefolder",
                    dataset_name=title_of(results),
                    dataset_config=purpose,
                    dataset_revision=settings.get("fingerprint"),
                    metric_type=f"{metric}{ending}",
                    metric_name=f"{heading}{ending.replace('_', ', ')}",
                    metric_value=float(row[part]),
                ))  # fmt: skip
    return found or None


def _table(results: Results, request: Request) -> list[str]:
    """Return a Markdown table: the metric of each purpose, a row an encoder."""
    rows = {name: score_rows(results, name) for name in request.encoders}
    purposes = list(dict.fromkeys(row["purpose"] for found in rows.values() for row in found))
    lines = [f"| encoder | {' | '.join(purposes)} |", f"|---|{'---|' * len(purposes)}"]
    for name, found in rows.items():
        values = {row["purpose"]: _cell(row) for row in found}
        cells = [values.get(purpose, "") for purpose in purposes]
        lines.append(f"| {escape_markdown(name)} | {' | '.join(cells)} |")
    return lines


def _cell(row: dict[str, Any]) -> str:
    if "value" in row and row.get("metric"):
        return f"{metric_heading(row['metric'])} {row['value']:.3f}"
    return f"probability {row['probability']:.2f}" if "probability" in row else ""


def _card(data: Any, lines: list[str]) -> str:
    return f"---\n{data.to_yaml()}\n---\n\n" + "\n".join(lines) + "\n"


def _write(file: Path, text: str) -> None:
    file.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
