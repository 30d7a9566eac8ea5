"""Promises of the table in LaTeX: one row an encoder, the numbers that decide, marked honestly."""

import dataclasses
import re

import pandas as pd
import pytest

from embedbench.report.papers.table import latex_table
from embedbench.results.results import Results
from embedbench.results.views import ranked
from tests.support.example_results import ENCODERS, example_results, with_verdict


def rows(results: Results) -> list[list[str]]:
    """Return the cells of the rows of encoders."""
    body = latex_table(results).split(r"\midrule")[1].split(r"\bottomrule")[0]
    return [line.rstrip("\\ ").strip().split(" & ") for line in body.strip().splitlines()]


def by_hand(value: float, low: float, high: float) -> str:
    """Return a number with its interval as it stands in a cell, without marks."""
    return rf"{value:.2f} {{\small [{low:.2f}, {high:.2f}]}}".replace("-", "$-$")


def bare(cell: str) -> str:
    """Return a cell without what marks it."""
    return re.sub(r"\\textbf\{(.*?)\}", r"\1", cell).replace(r"$^{\dagger}$", "")


def test_with_labels_each_purpose_has_a_column_of_values_with_intervals() -> None:
    results = example_results()
    table = rows(results)
    assert len(table) == len(ENCODERS)
    for cells, name in zip(table, ranked(results), strict=True):
        own = results.purposes[results.purposes["encoder"] == name]
        wanted = [by_hand(*row) for row in own[["value", "low", "high"]].itertuples(index=False)]
        assert [bare(cell) for cell in cells[1:]] == wanted


def test_the_best_is_bold_and_those_tied_with_it_are_marked() -> None:
    text, (first, second, third) = latex_table(example_results()), rows(example_results())
    assert first[1].startswith(r"\textbf{1.00}$^{\dagger}$ ")
    assert r"\textbf" not in second[1] and r"$^{\dagger}$" in second[1]
    assert r"\textbf" not in third[1] and r"$^{\dagger}$" not in third[1]
    assert "Bold: the best." in text and r"$^{\dagger}$~tied" in text


@pytest.mark.parametrize("answer", ["none better than chance", "cannot tell", "too few pictures"])
def test_where_the_verdict_names_none_none_is_bold_and_the_caption_says_so(answer: str) -> None:
    results = with_verdict(example_results(), answer=answer)
    assert not any("textbf" in cells[1] or "dagger" in cells[1] for cells in rows(results))
    assert f"Clustering: {answer}." in latex_table(results)


def test_one_that_is_the_best_alone_is_not_called_tied() -> None:
    results = with_verdict(example_results(), answer="best", group=[ENCODERS[0]])
    assert rows(results)[0][1].startswith(r"\textbf{1.00} ")


def test_without_labels_it_has_probabilities_and_the_two_signals() -> None:
    results = example_results(truth=False)
    signals = {
        (criterion, name): by_hand(*numbers)
        for criterion, name, *numbers in results.label_free[
            ["criterion", "encoder", "value", "low", "high"]
        ].itertuples(index=False)
    }
    for cells, name in zip(rows(results), ranked(results), strict=True):
        assert cells[-2:] == [signals["cluster_retention", name], signals["consensus", name]]
    assert rows(results)[0][1] == r"\textbf{0.65}$^{\ddagger}$"
    text = latex_table(results)
    assert "within 0.02 of the best" in text and r"$^{\ddagger}$~likely" in text


def test_one_encoder_has_the_numbers_of_its_clusters() -> None:
    results = example_results()
    alone = dataclasses.replace(
        results,
        comparison=results.comparison[results.comparison["encoder"] == ENCODERS[0]],
        purposes=results.purposes.head(0),
    )
    ((name, ami, silhouette, stability),) = rows(alone)
    assert (name, ami) == ("pixels", by_hand(1, 0.85, 1))
    assert silhouette.count("[") == 1 and stability == by_hand(0.9, 0.85, 0.95)


def test_an_encoder_without_a_number_and_a_name_that_bites_keep_their_row() -> None:
    results = example_results()
    name = r"a_b&c%d#e\f~g^h{i$j"
    new = {ENCODERS[2]: name}
    purposes = results.purposes.replace({"encoder": new})
    purposes.loc[purposes["encoder"] == name, ["value", "low", "high"]] = pd.NA
    changed = dataclasses.replace(
        results,
        comparison=results.comparison.replace({"encoder": new}),
        encoders=results.encoders.replace({"encoder": new}),
        purposes=purposes,
    )
    cells = next(cells for cells in rows(changed) if cells[0].startswith("a"))
    assert cells[0] == (
        r"a\_b\&c\%d\#e\textbackslash{}f\textasciitilde{}g\textasciicircum{}h\{i\$j"
    )
    assert set(cells[1:]) == {"--"}
