"""Promises of what is copied from the page's tables: as it is shown, and harmless where it goes."""

import csv
import re
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from embedbench.io.safe_csv import defused
from embedbench.report.tables import NOTHING, comparison_columns, format_value, interval_text
from embedbench.utils.text import escape_markdown
from tests.support.browser import Opened, address, opened
from tests.support.example_results import DOMAINS
from tests.support.page_tables import (
    DOMAIN,
    NAMES,
    OWN_K,
    choose,
    first_rows,
    main_names,
    rows_of,
    shown,
    write_run,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', {value: undefined})"
REFUSED = "navigator.clipboard.writeText = () => Promise.reject(new Error('no'))"
LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
} | {sign: f"\\{sign}" for sign in "&%$#_{}"}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("tables") / "run")


@pytest.fixture(scope="module")
def rows(folder: Path) -> pd.DataFrame:
    return rows_of(folder)


@pytest.fixture(params=[NO_CLIPBOARD, REFUSED], ids=["no clipboard", "refused"])
def seen(browser: "Browser", folder: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """The page where nothing reaches the clipboard, so that its text is offered instead."""
    with opened(browser, "about:blank") as found:
        found.page.add_init_script(request.param)
        found.page.goto(address(folder / "report.html"))
        yield found
        assert found.said == [] and found.requests == []


def copied(seen: Opened, form: str, section: str = "#comparison") -> str:
    """Return what a button offers as selected text."""
    part = seen.page.locator(section)
    part.get_by_role("button", name=f"Copy the table as {form}").first.click()
    area = part.locator(".by-hand textarea:visible")
    text = area.input_value()
    selected = "one => one.value.slice(one.selectionStart, one.selectionEnd)"
    assert area.evaluate(selected) == text and area.evaluate("a => a === document.activeElement")
    assert "Copy the selected text" in part.locator(".copy [role=status]").first.inner_text()
    return text


def headings_of(names: list[str]) -> list[str]:
    return [column.heading for column in comparison_columns(names)]


def text_of(row: pd.Series, name: str) -> str:
    unclear = name == "k" and pd.isna(row[name]) and row["k_from"] != "own"
    return "no clear k" if unclear else format_value(name, row[name])


def in_words(row: pd.Series, name: str) -> str:
    """Return a cell as Markdown and LaTeX have it: the number and its interval."""
    interval = interval_text(row.get(f"{name}_low"), row.get(f"{name}_high"))
    return f"{text_of(row, name)} ({interval})" if interval else text_of(row, name)


def lines_of(rows: pd.DataFrame, names: list[str]) -> list[list[str]]:
    return [[in_words(row, name) for name in names] for _, row in rows.iterrows()]


def latex(text: str) -> str:
    escaped = "".join(LATEX.get(sign, sign) for sign in text)
    return "{}" + escaped if escaped[0] in "[*" else escaped


def markdown(text: str) -> str:
    """Return a cell as Markdown: numbers stand as they are."""
    return text if re.match(r"-?\d+(\.\d+)?( \(|$)", text) else escape_markdown(text)


def written(names: list[str], escape: Callable[[str], str], rows: pd.DataFrame) -> list[list[str]]:
    lines = [headings_of(names), *lines_of(rows, names)]
    return [[escape(text) for text in line] for line in lines]


def alignments(names: list[str], of_words: str, of_numbers: str) -> list[str]:
    words = {"encoder", "space", "clusterer", "k_from"}
    return [of_words if name in words else of_numbers for name in names]


def test_markdown_is_the_table_as_it_is_shown(seen: Opened, rows: pd.DataFrame) -> None:
    names = main_names(rows)
    head, *lines = written(names, markdown, first_rows(rows))
    wanted = [head, alignments(names, "---", "---:"), *lines]
    assert copied(seen, "Markdown") == "".join(f"| {' | '.join(line)} |\n" for line in wanted)


def test_latex_is_the_table_as_it_is_shown(seen: Opened, rows: pd.DataFrame) -> None:
    names = main_names(rows)
    head, *lines = written(names, latex, first_rows(rows))
    rule = "".join(alignments(names, "l", "r"))
    ends = [" & ".join(line) + r" \\" for line in (head, *lines)]
    wanted = [rf"\begin{{tabular}}{{{rule}}}", r"\toprule", ends[0], r"\midrule", *ends[1:]]
    wanted += [r"\bottomrule", r"\end{tabular}"]
    assert copied(seen, "LaTeX") == "".join(f"{line}\n" for line in wanted)


def csv_line(row: pd.Series, names: list[str]) -> list[str]:
    """Return a row as CSV has it: the ends of intervals in cells of their own."""
    line = []
    for column in comparison_columns(names):
        text = text_of(row, column.name)
        line.append("" if text == NOTHING else text if column.numeric else defused(text))
        if f"{column.name}_low" in row:
            ends = (row[f"{column.name}_{end}"] for end in ("low", "high"))
            low, _, high = interval_text(*ends).partition(" to ")
            line += [low, high]
    return line


def test_csv_has_columns_for_the_ends_and_no_formulas(seen: Opened, rows: pd.DataFrame) -> None:
    """Every choice is made first: what is copied is what is shown, in this order."""
    choose(seen, Space="all", Choice_of_k="all", Columns="every number")
    seen.page.get_by_role("button", name="AMI", exact=True).first.click()
    text = copied(seen, "CSV")
    head, *lines = list(csv.reader(StringIO(text)))
    known, headline = rows["ami"].notna(), main_names(rows)
    order = rows[known].sort_values("ami", ascending=False, kind="stable")
    names = list(dict.fromkeys([*headline, *rows.columns]))
    wanted = [csv_line(row, names) for _, row in pd.concat([order, rows[~known]]).iterrows()]
    assert lines == wanted
    assert {"AMI", "AMI low", "AMI high"} <= set(head) and len(head) == len(wanted[0])
    assert {line[0] for line in lines} == {NAMES[0], f"'{NAMES[1]}", NAMES[2]}


def test_a_name_that_looks_like_a_number_stays_a_name(seen: Opened) -> None:
    found = csv.DictReader(StringIO(copied(seen, "CSV", "#domains")))
    assert {line["domain"] for line in found} == {DOMAINS[0], f"'{DOMAIN}"}


def test_what_is_filtered_out_is_not_copied(seen: Opened, rows: pd.DataFrame) -> None:
    seen.page.get_by_role("searchbox", name="Encoder").fill("=CMD")
    choose(seen, Clusterer="kmeans", Choice_of_k=f"{OWN_K[0]}: each encoder with its own k")
    [line] = list(csv.reader(StringIO(copied(seen, "CSV"))))[1:]
    assert line[0] == f"'{NAMES[1]}"


@pytest.mark.parametrize(
    "section",
    [
        "#sure",
        "#with-labels",
        "#without-labels",
        "#shortcuts",
        "#robustness",
        "#domains",
        "#encoders",
        "#skipped",
    ],
)
def test_every_other_table_is_copied_too(seen: Opened, section: str) -> None:
    seen.page.locator(f"{section} details").evaluate_all("all => all.forEach(d => d.open = true)")
    names, *lines = shown(seen, section)
    found = list(csv.DictReader(StringIO(copied(seen, "CSV", section))))
    assert len(found) == len(lines)
    for line, copy in zip(lines, found, strict=True):
        for name, text in zip(names, line, strict=True):
            number = text.replace("\N{MINUS SIGN}", "-").replace(",", "").removeprefix("+")
            assert copy[name] in {defused(text), number} or (text, copy[name]) == (NOTHING, "")
    assert copied(seen, "Markdown", section).count("\n") == len(lines) + 2
    assert copied(seen, "LaTeX", section).count("\n") == len(lines) + 6


def test_a_copy_reaches_the_clipboard_and_is_said(
    browser: "Browser", folder: Path, rows: pd.DataFrame
) -> None:
    rights = ["clipboard-read", "clipboard-write"]
    with opened(browser, address(folder / "report.html"), permissions=rights) as seen:
        status = seen.page.locator("#comparison .copy [role=status]")
        assert status.inner_text() == ""
        for form, start in (("Markdown", "| encoder |"), ("LaTeX", "\\begin{tabular}")):
            seen.page.get_by_role("button", name=f"Copy the table as {form}").first.click()
            seen.page.get_by_text(f"copied as {form}").wait_for()
            assert str(seen.value("navigator.clipboard.readText()")).startswith(start)
        assert seen.page.locator("textarea:visible").count() == 0
        assert seen.said == [] and seen.requests == []


def test_the_offered_text_can_be_closed(seen: Opened) -> None:
    copied(seen, "CSV")
    seen.page.get_by_role("button", name="Close").first.click()
    assert seen.page.locator("textarea:visible").count() == 0
