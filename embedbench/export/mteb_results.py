"""Results in the JSON of MTEB, a file an encoder and purpose."""

from typing import Any

from embedbench.errors import InputError
from embedbench.export.columns import encoder_names
from embedbench.export.libraries import errors_of, import_library
from embedbench.export.outcome import Exported, Request
from embedbench.export.places import new_folder
from embedbench.export.scores import score_rows
from embedbench.export.trackers.contents import settings_of
from embedbench.results.results import Results
from embedbench.results.tables.purposes import PURPOSES
from embedbench.results.views import headline_rows, started

__all__ = ["write_mteb"]

_SPLIT, _SUBSET = "test", "default"
_LANGUAGES = ["eng-Latn"]
"""What MTEB's own tasks of images name."""


def write_mteb(results: Results, request: Request) -> Exported:
    """Write `NAME/PURPOSE.json` for each encoder and purpose that has a number.

    The task is called after the purpose, such as `EmbedbenchClustering`; it is none of MTEB's own,
    as the images are not. `main_score` is the metric that the purpose is judged by.

    Raises:
        InputError: mteb is not installed, there are no labels, or the folder cannot be written.
    """
    mteb = import_library("mteb", "mteb")
    names = encoder_names(results)
    rows = {
        encoder: [row for row in score_rows(results, encoder) if "value" in row]
        for encoder in request.encoders
    }
    if not any(rows.values()):
        raise InputError("there are no scores for MTEB: they need labels")
    files = 0
    with errors_of("mteb"), new_folder(request.out) as folder:
        for encoder, found in rows.items():
            (folder / names[encoder]).mkdir()
            for row in found:
                result = mteb.TaskResult(
                    task_name=f"Embedbench{row['purpose'].title()}",
                    dataset_revision=str(settings_of(results).get("fingerprint", "")),
                    mteb_version=mteb.__version__,
                    scores={_SPLIT: [_scores(results, encoder, row)]},
                    evaluation_time=None,
                    date=started(results),
                )
                result.to_disk(folder / names[encoder] / f"{row['purpose']}.json")
                files += 1
    return Exported("mteb", str(request.out), {"files": files})


def _scores(results: Results, encoder: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return the scores of a purpose by the names of their metrics."""
    purpose, metric = row["purpose"], row["metric"]
    scores = {metric: float(row["value"])}
    scores |= {f"{metric}_{end}": float(row[end]) for end in ("low", "high") if end in row}
    known = results.encoders[results.encoders["encoder"] == encoder].iloc[0]
    compared = headline_rows(results)
    headline = compared[compared["encoder"] == encoder].iloc[0]
    for other in PURPOSES.get(purpose, ()):
        for place in (known, headline):
            if other in place and place[other] == place[other]:
                scores.setdefault(other, float(place[other]))
    return {
        "main_score": float(row["value"]),
        **scores,
        "encoder": encoder,
        "hf_subset": _SUBSET,
        "languages": _LANGUAGES,
    }
