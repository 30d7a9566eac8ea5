"""The page of a comparison whose encoders have names that bite, and what its tables show."""

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd

from embedbench.io.safe_csv import read_csv
from embedbench.report.page import write_report
from embedbench.report.tables import comparison_columns
from embedbench.results.reading import read_results
from embedbench.results.schema import TABLES
from tests.support.browser import Opened
from tests.support.example_results import ENCODERS, example_results, with_verdict

__all__ = [
    "DOMAIN",
    "NAMES",
    "OWN_K",
    "choose",
    "first_rows",
    "main_names",
    "rows_of",
    "shared",
    "shown",
    "shown_rows",
    "wanted_rows",
    "write_run",
]

NAMES = ("<img src=x onerror=alert(1)>", '=cmd()|"a", b', r"[x]_y\{~^$#%&} @z")
"""The encoders: each is hostile to another form of a table."""

DOMAIN = "+1,007"
"""A domain: not a number, though it looks like one."""

OWN_K = ["elbow", "silhouette", "gap"]


def write_run(folder: Path, truth: bool = True) -> Path:
    """Write a run folder with its page: two spaces, and numbers that differ late."""
    names = dict(zip(ENCODERS, NAMES, strict=True))
    group = list(NAMES[: 2 if truth else 1])
    results = with_verdict(example_results(truth), group=group, smallest=NAMES[0])
    tables: dict[str, Any] = {
        field.name: table.replace({"encoder": names, "other": names, "name": names})
        for field in dataclasses.fields(results)
        if isinstance(table := getattr(results, field.name), pd.DataFrame)
    }
    domains = {"007": DOMAIN}
    for name in ("images", "domains", "domain_pairs", "domain_alignment", "worst_images"):
        tables[name] = tables[name].replace({"domain": domains, "other": domains})
    rows = tables["comparison"]
    rows = pd.concat([rows, rows.assign(space="umap-2")], ignore_index=True)
    if truth:
        rows = rows.assign(ami=rows["ami"] - 0.0001 * ((rows.index * 7) % len(rows)))
    tables["comparison"] = rows
    for name in ("variance", "similarity", "contamination", "composition", "projections"):
        tables[name] = tables[name].iloc[:0]
    dataclasses.replace(results, **tables).write(folder)
    write_report(read_results(folder), folder)
    return folder


def rows_of(folder: Path) -> pd.DataFrame:
    """Return the rows of a run folder's table in the order of the page, computed here again."""
    columns = TABLES["comparison"].columns
    texts = [name for name, column in columns.items() if column.kind == "text"]
    table = read_csv(folder / "comparison.csv", dict.fromkeys(texts, str))
    ways = ["truth", "own", *OWN_K]
    first = {name: list(table[name].unique()).index for name in ("space", "clusterer")}

    def key(row: Any) -> tuple[object, ...]:
        way = max(0, ways.index(row.k_from) - 1)
        ami = float("inf") if pd.isna(row.ami) else -row.ami
        return first["space"](row.space), way, first["clusterer"](row.clusterer), ami, row.Index

    order = sorted(table.itertuples(), key=key)
    return table.loc[[row.Index for row in order]].reset_index(drop=True)


def shared(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at the shared k."""
    return rows[~rows["k_from"].isin(OWN_K)]


def first_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with which the page begins."""
    return shared(rows)[shared(rows)["space"] == "l2"]


def main_names(rows: pd.DataFrame) -> list[str]:
    """Return the names of the main columns, which come first."""
    results = dataclasses.replace(example_results(), comparison=rows)
    return [column.name for column in comparison_columns(results.headline_columns())]


SHOWN = """(table) => {
  const text = (cell) => [...cell.childNodes]
    .filter((node) => node.nodeName !== "SMALL" && node.className !== "span")
    .map((node) => node.textContent).join("").trim();
  const read = (line) => [...line.cells].filter((cell) => !cell.hidden).map(text);
  const lines = [...table.tBodies[0].rows].filter((line) => !line.hidden);
  return [read(table.tHead.rows[0]), ...lines.map(read)];
}"""


def shown(seen: Opened, section: str = "#comparison", number: int = 0) -> list[list[str]]:
    """Return headings and rows of a table as they are shown, without intervals."""
    table = seen.page.locator(f"{section} .box table").nth(number)
    return [[str(text) for text in line] for line in table.evaluate(SHOWN)]


def shown_rows(seen: Opened) -> list[tuple[str, ...]]:
    """Return which rows the comparison shows: encoder, space, clusterer, k from."""
    headings, *lines = shown(seen)
    places = [headings.index(name) for name in ("encoder", "space", "clusterer", "k from")]
    return [tuple(line[place] for place in places) for line in lines]


def wanted_rows(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return rows of the run folder's table as `shown_rows` does."""
    part = rows[["encoder", "space", "clusterer", "k_from"]]
    return [tuple(map(str, row)) for row in part.itertuples(index=False)]


def choose(seen: Opened, **options: str) -> None:
    """Choose an option of each switch; `_` stands for a space in its name."""
    for label, option in options.items():
        select = seen.page.locator("#comparison").get_by_label(label.replace("_", " "), exact=True)
        select.select_option(label=option)
