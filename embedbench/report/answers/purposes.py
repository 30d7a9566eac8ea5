"""Which encoder is best for what: a table of all purposes, and a tab for each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from markupsafe import Markup

from embedbench.report.answers.queries import Query, shown_queries
from embedbench.report.answers.summary import strong
from embedbench.report.charts.purposes import section_of_purpose
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
from embedbench.results.tables.purposes import SEARCH, WORDS
from embedbench.results.views import fastest_of, ranked, timings_of
from embedbench.utils.text import agreeing, join_names, pluralise, two_decimals

__all__ = ["PurposePart", "purposes_part"]


@dataclass(frozen=True)
class PurposePart:
    """The tab of one purpose.

    Attributes:
        name: of the purpose.
        anchor: id of its place on the page, and section of its charts.
        answer: which encoder, with the reasons.
        columns: of its ranks.
        rows: an encoder each, the best first.
        has_chance: whether chance is a number.
        queries: with what each encoder finds; none for other purposes than search.
        keeps_duplicates: whether near-duplicates of a query are among what is found.
        note: how labels are read as words; empty for other purposes than words.
    """

    name: str
    anchor: str
    answer: Markup
    columns: list[Column]
    rows: list[Row]
    has_chance: bool
    queries: list[Query]
    keeps_duplicates: bool
    note: str


def purposes_part(results: Results) -> dict[str, Any] | None:
    """Return what the section of purposes shows; None without labels, and with one encoder.

    Keys: `sentence`, which joins the purposes, empty with a single one; `columns` and `rows`, an
    encoder each; `tabs`, a `PurposePart` each; `images`, the names of the images in them.
    """
    table, verdicts = results.purposes, results.run.get("verdicts") or {}
    if table["value"].isna().all() or results.comparison["encoder"].nunique() < 2:
        return None
    purposes = [str(name) for name in table["purpose"].unique() if name in verdicts]
    if not purposes:
        return None
    speeds = timings_of(results, "images_per_second")
    columns, rows = _table(results, purposes)
    tabs = [_tab(results, name, _answer(verdicts[name], speeds)) for name in purposes]
    return {
        "sentence": purpose_sentence(results, Markup, strong),
        "columns": columns,
        "rows": rows,
        "tabs": tabs,
        "images": {name for tab in tabs for query in tab.queries for name in query.images},
    }


def _tab(results: Results, purpose: str, answer: Markup) -> PurposePart:
    table = results.purposes[results.purposes["purpose"] == purpose]
    records = table.sort_values("rank", kind="stable").to_dict("records")
    names = ["encoder", "rank", str(table["metric"].iloc[0]), "recommended"]
    columns = [
        replace(column, numeric=column.name not in ("encoder", "recommended"))
        for column in comparison_columns(names)
    ]
    rows = [
        Row(
            str(row["encoder"]),
            [
                Cell(str(row["encoder"])),
                Cell(format_value("rank", row["rank"]), interval=_range(row)),
                _cell(row),
                Cell("yes" if row["recommended"] else ""),
            ],
        )
        for row in records
    ]
    encoders = [row.encoder for row in rows]
    queries = shown_queries(results, encoders) if purpose == SEARCH else []
    has_chance = bool(table["chance"].notna().any())
    anchor = section_of_purpose(purpose)
    note = _how_read(results) if purpose == WORDS else ""
    found = (has_chance, queries, bool(results.run.get("keep_duplicates")))
    return PurposePart(purpose, anchor, answer, columns, rows, *found, note)


def _how_read(results: Results) -> str:
    """Return how labels are read as words, and how many texts there are."""
    read = results.run.get("read_as_texts") or {}
    templates, count = read.get("templates") or [], int(read.get("texts") or 0)
    parts = []
    if templates:
        parts.append(
            f"Labels are read as words in {join_names([f'“{one}”' for one in templates])}."
        )
    if count:
        parts.append(f"{pluralise(count, 'text')} {agreeing(count, 'describe')} images.")
    return " ".join([*parts, "All scores are in words.csv."])


def _range(row: Mapping[Any, Any]) -> str:
    low, high = row["rank_low"], row["rank_high"]
    return "" if pd.isna(low) or pd.isna(high) else f"{low} to {high}"


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
