"""The page as a whole: what each section shows, and the file it is written to."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any

import pandas as pd

from embedbench.report.answers.pairwise import pairwise_results
from embedbench.report.answers.purposes import purposes_part
from embedbench.report.answers.summary import summary
from embedbench.report.charts.catalogue import charts_of
from embedbench.report.charts.chart import Chart
from embedbench.report.charts.plain import plain_numbers
from embedbench.report.cluster_words import ambiguous_images
from embedbench.report.disagreements import disputed, splits
from embedbench.report.domains import domains_part
from embedbench.report.encoders import encoder_parts
from embedbench.report.label_free import with_labels_table, without_labels_table
from embedbench.report.layout.sections import sections_of
from embedbench.report.layout.templates import template
from embedbench.report.looks import encoder_colours
from embedbench.report.page_data.sections import LivePart, live_part
from embedbench.report.page_data.sharing import shareable
from embedbench.report.robustness import robustness_part
from embedbench.report.shortcuts import shortcut_table, shortcut_warnings
from embedbench.report.tables import (
    Column,
    Row,
    comparison_columns,
    comparison_table,
    highlights,
    plain_table,
    tied_by_ami,
)
from embedbench.results.results import Results
from embedbench.results.schema import K_CRITERIA, SIGNALS
from embedbench.results.views import MEASURED, headline_rows, started, with_timings
from embedbench.utils.text import join_names, pluralise

__all__ = ["write_report"]

HIDDEN_KEYS = {
    "command",
    "made_of",
    "objects",
    "has_vectors",
    "remarks",
    "schema",
    "tables",
    "verdict",
    "verdicts",
}
"""Parts of a run's record that stand elsewhere in the page, or mean nothing there."""

FACTS = (
    "encoder", "status", "dim", "parameters", "weights_mb", "image_size", "pooling", *MEASURED,
    "precision", "precision_cosine", "licence", "pretrained_on", "weights", "revision", "device",
    "fingerprint",
)  # fmt: skip
"""What the table of encoders shows; errors stand below it, the rest has sections of its own."""


def write_report(
    results: Results,
    folder: Path,
    pictures: bool = True,
    lacking: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """Write `folder/report.html`, one file that needs no other and no network; return its path.

    It tells no folder above the source, so it can be sent on.

    Args:
        results: the comparison.
        folder: where it goes.
        pictures: whether it holds thumbnails.
        lacking: why tables could not be read, by their names; the page says so in their sections.
    """
    results = shareable(results, pictures)
    encoders = encoder_parts(results)
    findings = _findings(results)
    charts = charts_of(results)
    live = live_part(results, _used(findings), charts)
    drawn: dict[str, list[Chart]] = defaultdict(list)
    for chart in charts:
        drawn[chart.section].append(chart)
    page = template("page.html.j2").render(
        title=_title(results),
        subtitle=_subtitle(results),
        summary=summary(results),
        sections=sections_of(results, _empty_sections(findings, live, drawn), lacking),
        drawn=drawn,
        numbers={chart.name: plain_numbers(chart) for chart in charts},
        first_clusterer=str(results.comparison["clusterer"].iloc[0]),
        tables=_comparison(results),
        at_a_glance=_at_a_glance(results, findings["without_labels"]),
        colours=encoder_colours(results.encoders["encoder"].astype(str)),
        encoder_table=plain_table(_facts(results)),
        encoders=encoders,
        live=live,
        thumbnails=defaultdict(str, live.sheets.classes()),
        image_count=len(results.images),
        failures=plain_table(results.failures),
        remarks=[str(remark) for remark in results.run.get("remarks") or []],
        command=str(results.run.get("command") or ""),
        objects=join_names([str(name) for name in results.run.get("objects") or ()]),
        record=_flat({k: v for k, v in results.run.items() if k not in HIDDEN_KEYS}),
        **findings,
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _empty_sections(
    findings: Mapping[str, Any], live: LivePart, drawn: Mapping[str, list[Chart]]
) -> set[str]:
    """Return the names of the sections that have nothing to show."""
    shown = {
        "purposes": findings["purposes"],
        "sure": findings["pairwise"] or "sure" in drawn,
        "with-labels": findings["with_labels"][1],
        "without-labels": findings["without_labels"][1],
        "why": findings["splits"] or findings["disputed"] or "why" in drawn,
        "shortcuts": findings["shortcuts"][1],
        "maps": live.mapped or "maps" in drawn,
        "clusters": live.clustered,
        "ambiguous": findings["ambiguous"][1],
        "robustness": findings["robustness"],
        "domains": findings["domains"],
    }
    return {name for name, found in shown.items() if not found}


def _title(results: Results) -> str:
    encoders = pluralise(results.comparison["encoder"].nunique(), "encoder")
    sources = [str(source) for source in results.run.get("sources") or []]
    names = [PurePath(source).name or source for source in sources]
    return f"{encoders} on {' and '.join(names)}" if names else f"{encoders} compared"


def _subtitle(results: Results) -> list[str]:
    parts = [pluralise(len(results.images), "image")]
    if results.has_truth and "truth" in results.images:
        parts.append(pluralise(int(results.images["truth"].nunique()), "class"))
    day = started(results)
    return [*parts, f"{day.day} {day:%B %Y}"] if day else parts


def _comparison(results: Results) -> dict[str, Any]:
    table = results.comparison
    headline = _in_order(headline_rows(results), results.has_truth)
    everything = _in_order(table, results.has_truth)
    first_space = table["space"] == table["space"].iloc[0]
    own_k = table[first_space & table["k_from"].isin(K_CRITERIA)]
    other_spaces = table[~first_space & ~table["k_from"].isin(K_CRITERIA)]
    main = [name for name in results.headline_columns() if name != "space" or not first_space.all()]
    every = comparison_columns(dict.fromkeys([*results.headline_columns(), *table.columns]))
    other_columns = [column for column in every if column.name in main]
    if "silhouette_noise" in main and headline["silhouette_noise"].isna().all():
        main.remove("silhouette_noise")
    columns = [column for column in every if column.name in main]
    tied = tied_by_ami(results)
    marked = {
        column.name: highlights(headline, column.name, results.pairwise, tied) for column in columns
    }
    of_all = pd.DataFrame(marked, index=headline.index).reindex(everything.index, fill_value="")
    group = "clusterer" if results.has_truth else "encoder"
    return {
        "columns": columns,
        "headline": comparison_table(headline, columns, marked, group),
        "own_k": comparison_table(own_k, columns),
        "other_columns": other_columns,
        "other_spaces": comparison_table(other_spaces, other_columns),
        "every_column": every,
        "every": comparison_table(
            everything, every, {name: list(of_all[name]) for name in marked}, bars=False
        ),
        "main": [column.name for column in columns],
        "group": group,
        "own_ways": K_CRITERIA,
        "meanings": [column for column in other_columns if column.sentence],
        "other_meanings": [column for column in every if _is_new(column, other_columns)],
        "marked": {mark for marks in marked.values() for mark in marks},
        "has_truth": results.has_truth,
    }


def _at_a_glance(
    results: Results, signals: tuple[list[Column], list[Row]]
) -> tuple[list[Column], list[Row]]:
    """Return what decides, a row for each encoder, for windows too narrow for the whole table.

    With labels that is the AMI of the first clusterer, else the probability and the two signals.

    Args:
        results: the comparison.
        signals: the table of what needs no labels.
    """
    if not results.has_truth:
        columns, rows = signals
        places = {column.name: place for place, column in reversed(list(enumerate(columns)))}
        names = ("encoder", "probability", *SIGNALS)  # of the purpose that leads, the first one
        shown = [places[name] for name in names if name in places]
        cells = [replace(row, cells=[row.cells[place] for place in shown]) for row in rows]
        return [columns[place] for place in shown], cells
    headline = _in_order(headline_rows(results), True)
    first = headline[headline["clusterer"] == headline["clusterer"].iloc[0]]
    columns = comparison_columns(["encoder", "ami"])
    marks = highlights(first, "ami", results.pairwise, tied_by_ami(results))
    return columns, comparison_table(first, columns, {"ami": marks})


def _in_order(rows: pd.DataFrame, has_truth: bool) -> pd.DataFrame:
    """Return rows by space and by what their k is from, the shared one first.

    With labels then by clusterer, in each the highest AMI first.
    """
    ways = {criterion: place for place, criterion in enumerate(K_CRITERIA, 1)}
    keys = pd.DataFrame(
        {"space": pd.factorize(rows["space"])[0], "way": rows["k_from"].map(ways).fillna(0)},
        index=rows.index,
    )
    if has_truth:
        keys = keys.assign(clusterer=pd.factorize(rows["clusterer"])[0], ami=-rows["ami"])
    ordered: pd.DataFrame = rows.loc[
        keys.sort_values([str(name) for name in keys], kind="stable").index
    ]
    return ordered


def _is_new(column: Column, known: list[Column]) -> bool:
    """Whether a column needs a sentence beyond those of the columns known."""
    twin = column.name.endswith("_clustered")
    return bool(column.sentence) and column not in known and not twin


def _findings(results: Results) -> dict[str, Any]:
    """Return what the sections between the comparison and the encoders show."""
    return {
        "pairwise": pairwise_results(results),
        "purposes": purposes_part(results),
        "with_labels": with_labels_table(results),
        "without_labels": without_labels_table(results),
        "splits": splits(results),
        "disputed": disputed(results),
        "shortcuts": shortcut_table(results),
        "warnings": shortcut_warnings(results),
        "ambiguous": ambiguous_images(results),
        "robustness": robustness_part(results),
        "domains": domains_part(results),
    }


def _used(findings: Mapping[str, Any]) -> set[str]:
    """Return the names of the images that the page shows without its script."""
    used = {name for split in findings["splits"] for pair in split.pairs for name in pair}
    used |= {image.image for image in findings["ambiguous"][0]}
    used |= findings["domains"].images if findings["domains"] else set()
    used |= findings["purposes"]["images"] if findings["purposes"] else set()
    return used | set(findings["disputed"].images if findings["disputed"] else ())


def _facts(results: Results) -> pd.DataFrame:
    encoders = with_timings(results)
    return encoders[[name for name in FACTS if name in encoders]]


def _flat(record: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return what the run tells of itself, one line a value, in the order of the names."""
    lines: list[tuple[str, str]] = []
    for key, value in sorted(record.items()):
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            lines += _flat(value, f"{name} · ")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for number, part in enumerate(value, start=1):
                lines += _flat(part, f"{name} {number} · ")
        elif isinstance(value, (list, tuple)):
            lines.append((name, ", ".join(str(part) for part in value)))
        elif value is not None and value != "":
            lines.append((name, str(value)))
    return [(name, text) for name, text in lines if text]
