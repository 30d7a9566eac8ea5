"""Which encoder is best for what, as a table of all encoders and a sentence for each purpose."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from markupsafe import Markup

from embedbench.report.answers.summary import strong
from embedbench.report.tables import (
    NOTHING,
    Cell,
    Column,
    Row,
    bar,
    comparison_columns,
    format_value,
    interval_text,
)
from embedbench.results.purposes import purpose_sentence
from embedbench.results.results import Results
from embedbench.results.sentences import verdict_sentences
from embedbench.results.views import fastest_of, ranked, timings_of
from embedbench.utils.text import two_decimals

__all__ = ["purposes_part"]


def purposes_part(results: Results) -> dict[str, Any] | None:
    """Return what the section of purposes shows; None with a single purpose, or encoder.

    Keys: `sentence`; `answers`, a pair of purpose and text each; `columns` and `rows`, an encoder
    each.
    """
    sentence = purpose_sentence(results, Markup, strong)
    if not sentence or results.comparison["encoder"].nunique() < 2:
        return None
    speeds, verdicts = timings_of(results, "images_per_second"), results.run["verdicts"]
    purposes = [str(name) for name in results.purposes["purpose"].unique() if name in verdicts]
    columns, rows = _table(results, purposes)
    return {
        "sentence": sentence,
        "answers": [(name, _answer(verdicts[name], speeds)) for name in purposes],
        "columns": columns,
        "rows": rows,
    }


def _answer(verdict: Mapping[str, Any], speeds: Mapping[str, float]) -> Markup:
    sentences = verdict_sentences(verdict, fastest_of(verdict["group"], speeds), Markup, strong)
    return Markup(" ").join(sentences)


def _table(results: Results, purposes: list[str]) -> tuple[list[Column], list[Row]]:
    """Return each encoder's number for each purpose, with interval, chance and ties marked."""
    records = results.purposes.to_dict("records")
    found = {(str(one["purpose"]), str(one["encoder"])): one for one in records}
    metrics = {str(one["purpose"]): str(one["metric"]) for one in records}
    first, *columns = comparison_columns(["encoder", *(metrics[name] for name in purposes)])
    headed = [
        replace(column, heading=f"{purpose}: {column.heading}")
        for purpose, column in zip(purposes, columns, strict=True)
    ]
    rows = [
        Row(encoder, [Cell(encoder), *(_cell(found.get((name, encoder))) for name in purposes)])
        for encoder in ranked(results)
        if any((name, encoder) in found for name in purposes)
    ]
    return [first, *headed], rows


def _cell(row: Mapping[Any, Any] | None) -> Cell:
    if row is None:
        return Cell(NOTHING)
    return Cell(
        format_value(str(row["metric"]), row["value"]),
        mark="best" if row["rank"] == 1 else "near" if row["tied_with_best"] else "",
        span=bar(row["value"], row["low"], row["high"]),
        interval=interval_text(row["low"], row["high"]),
        chance="" if pd.isna(row["chance"]) else two_decimals(float(row["chance"])),
    )
