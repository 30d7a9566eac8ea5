"""The steps that tell what each purpose costs: by search score, by labels, by bytes of a vector."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from embedbench.analysis.inputs import AnalysisInputs
from embedbench.analysis.label_free import EncoderScores
from embedbench.analysis.purposes.pairs import (
    concatenation_rows,
    concatenation_scores,
    pairs_of,
)
from embedbench.analysis.purposes.scores import FORM_METRICS, few_shot_rows, search_rows, size_rows
from embedbench.analysis.purposes.search_answers import search_answers
from embedbench.comparison.tables import stack_by_encoder
from embedbench.encoder import Vectors
from embedbench.results.purposes import metric_heading
from embedbench.results.tables.purposes import CLASSIFICATION, SEARCH
from embedbench.utils.text import two_decimals

__all__ = ["pair_remarks", "purpose_calls", "purpose_tables", "search_table"]

Calls = dict[str, dict[Any, tuple[Any, ...]]]


def purpose_calls(
    inputs: AnalysisInputs, vectors: Mapping[str, Vectors], names: Iterable[str], k: int
) -> Calls:
    """Return the calls by table and encoder; none without labels.

    Args:
        inputs: of the analysis.
        vectors: by encoder.
        names: of the encoders that were clustered.
        k: the number of clusters at which encoders are compared.
    """
    if not _can_be_judged(inputs):
        return {}
    targets, resamples, seed = inputs.targets, inputs.bootstrap, inputs.seeds[0]
    purposes = tuple(name for name in inputs.purposes if name in FORM_METRICS)
    calls: Calls = {
        "sizes": {
            name: (size_rows, vectors[name], targets, purposes, k, seed, inputs.limit, resamples)
            + (inputs.truncate_dims.get(name, ()),)
            for name in names
        }
    }
    if inputs.pairs and len(vectors) > 1:
        calls["concatenations"] = {
            some: (concatenation_scores, vectors[some[0]], vectors[some[1]] if some[1:] else None)
            + (targets, purposes, k, seed, inputs.limit)
            for some in pairs_of(list(names))
        }
    if CLASSIFICATION in purposes:
        calls["few_shot"] = {
            name: (few_shot_rows, vectors[name], targets, seed, resamples) for name in names
        }
    return calls


def purpose_tables(
    results: Mapping[str, Mapping[Any, Any]],
    inputs: AnalysisInputs,
    vectors: Mapping[str, Vectors],
) -> dict[str, pd.DataFrame]:
    """Return the tables of what `purpose_calls` called, by their names.

    Args:
        results: of these calls, and maybe of others, by table and encoder.
        inputs: of the analysis.
        vectors: by encoder.
    """
    names = [name for name in ("few_shot", "sizes") if name in results]
    tables = {name: stack_by_encoder(results[name]) for name in names}
    if "concatenations" in results:
        dims = {name: rows.shape[1] for name, rows in vectors.items()}
        joined = concatenation_rows(results["concatenations"], dims, inputs.bootstrap)
        tables["concatenations"] = joined
    return tables


def pair_remarks(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return a remark for each purpose on whether a pair beats the best encoder; none without."""
    remarks = []
    table = tables.get("concatenations", pd.DataFrame({"purpose": []}))
    for purpose, rows in table.groupby("purpose", sort=False):
        by = metric_heading(str(rows["metric"].iloc[0]))
        best, better = rows["best"].iloc[0], rows[rows["is_better"]]
        if better.empty:
            remarks.append(
                f"for {purpose} ({by}), no two encoders side by side are better than {best} by "
                "more than chance explains"
            )
            continue
        top = better.sort_values("value", ascending=False, kind="stable").iloc[0]
        low, high = (two_decimals(float(top[f"difference_{end}"])) for end in ("low", "high"))
        remarks.append(
            f"for {purpose} ({by}), {top['encoder']} and {top['other']} side by side are better "
            f"than {best}, by {two_decimals(float(top['difference']))} ({low} to {high})"
        )
    return remarks


def search_table(
    inputs: AnalysisInputs, criteria: Mapping[str, EncoderScores]
) -> dict[str, pd.DataFrame]:
    """Return the tables `search` and `search_answers`; an empty mapping without labels.

    Args:
        inputs: of the analysis.
        criteria: the scores of each encoder.
    """
    if SEARCH not in inputs.purposes or not _can_be_judged(inputs):
        return {}
    found = {name: own.retrieval for name, own in criteria.items() if own.retrieval is not None}
    if not found:
        return {}
    scores = {name: search_rows(own, inputs.bootstrap) for name, own in found.items()}
    answers = search_answers(found, inputs.targets, inputs.image_names, inputs.seeds[0])
    return {"search": stack_by_encoder(scores), "search_answers": stack_by_encoder(answers)}


def _can_be_judged(inputs: AnalysisInputs) -> bool:
    labels = inputs.targets.labels
    return labels is not None and bool((labels >= 0).any())
