"""Promises of budgets: the verdict stays, the recommended encoder costs no more than was asked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench import compare
from embedbench.comparison.stages.budget import within_budget
from embedbench.comparison.stages.verdict import VerdictTables
from embedbench.results.budget import Budget
from embedbench.results.reading import read_results
from embedbench.results.results import Results
from embedbench.results.schema import CANNOT_TELL, NONE_BETTER, ONE_ENCODER

NAMES = ("large", "middle", "small", "noise")
"""The best first; the first two are tied, the last is no better than chance."""

SPEEDS: Mapping[str, float | None] = {"large": 10.0, "middle": 49.96, "small": 80.0, "noise": 900.0}
FORMS = (("float32", 400, 0.0), ("int8", 100, 0.01), ("pca:8", 32, 0.0), ("binary", 13, -0.05))
"""Forms with their bytes and the upper end of what they cost: the last is measurably worse."""


def found(
    names: Sequence[str] = NAMES, group: Sequence[str] = ("large", "middle"), **verdict: Any
) -> VerdictTables:
    """Return a verdict on search, whose encoders have 100 dimensions."""
    count = len(names)
    encoders = pd.DataFrame(
        {"encoder": names, "dim": 100, "parameters": range(count, 0, -1), "status": "ok"}
    )
    ranks = pd.DataFrame(
        {"encoder": names, "purpose": "search", "value": [0.9, 0.89, 0.8, 0.1][:count]}
    ).assign(rank=range(1, count + 1))
    base = {"basis": "labels", "answer": "tied", "group": tuple(group), "metric": "retrieval_map"}
    verdicts = {"search": base | verdict}
    tables = {"encoders": encoders, "purposes": ranks.iloc[::-1]}
    return VerdictTables(tables, verdicts, {"search": [name for name in names if name != "noise"]})


def sizes(names: Sequence[str] = NAMES) -> pd.DataFrame:
    rows = [
        {"encoder": name, "purpose": "search", "form": form, "bytes": size, "difference_high": high}
        for name in names
        for form, size, high in (*FORMS, ("pq:64", np.nan, np.nan))
    ]
    return pd.DataFrame(rows)


def answer(
    budget: Budget,
    tables: VerdictTables | None = None,
    speeds: Mapping[str, float | None] = SPEEDS,
    forms: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Return what the verdict says of the budget; the tables recommend the same."""
    tables = tables or found()
    told = within_budget(tables, budget, speeds, sizes() if forms is None else forms)
    verdict = told.verdicts["search"]
    assert {name: verdict[name] for name in tables.verdicts["search"]} == tables.verdicts["search"]
    own: dict[str, Any] = verdict["budget"]
    for name in ("encoders", "purposes"):
        table = told.tables[name]
        chosen = table.loc[table["recommended"], "encoder"].tolist()
        assert chosen == [own["recommended"]] * (own["recommended"] is not None)
    return own


def test_without_a_budget_nothing_changes() -> None:
    tables = found()
    assert within_budget(tables, Budget(), SPEEDS, None) is tables


def test_the_smallest_of_the_named_that_meets_the_budget_is_recommended() -> None:
    own = answer(Budget(9.0))
    assert own["recommended"] == "middle" and own["missed"] == {} and own["unknown"] == []
    assert own["sentences"] == [
        "Within the budget of at least 9 images a second, middle is recommended."
    ]
    slow = answer(Budget(9.0), speeds={**SPEEDS, "middle": 8.99})
    assert slow["recommended"] == "large"
    assert slow["sentences"][1] == "Beyond it: middle (8.99 images a second)."


def test_where_none_of_the_named_meets_it_the_next_above_chance_is_told_with_what_it_costs() -> (
    None
):
    own = answer(Budget(50.0))
    assert own["recommended"] == "small"
    assert own["sentences"] == [
        "Within the budget of at least 50 images a second, small is recommended: its mAP is 0.10 "
        "lower than that of large.",
        "Beyond it: large (10 images a second) and middle (49.96 images a second).",
    ]


def test_an_encoder_no_better_than_chance_is_never_recommended() -> None:
    own = answer(Budget(100.0))
    assert own["recommended"] is None
    assert own["sentences"][0] == (
        "No encoder that is better than chance meets the budget of at least 100 images a second, "
        "so none is recommended: the fastest of these, small, encodes 80 images a second."
    )


def test_smaller_forms_that_are_not_measurably_worse_count_and_the_largest_that_fits_is_named() -> (
    None
):
    assert answer(Budget(None, 400))["sentences"] == [
        "Within the budget of at most 400 bytes an image, middle is recommended."
    ]
    assert answer(Budget(None, 399))["sentences"] == [
        "Within the budget of at most 399 bytes an image, middle, stored as int8 in 100 bytes, is "
        "recommended."
    ]
    own = answer(Budget(None, 31))  # binary has 13 bytes, and is measurably worse
    assert own["recommended"] is None and own["missed"]["large"] == "32 bytes as pca:8"
    assert (
        "the smallest vectors, those of large, take 32 bytes an image as pca:8"
        in (own["sentences"][0])
    )


def test_without_labels_whole_vectors_count_and_none_is_recommended_that_is_not_named() -> None:
    tables = found(basis="no labels", metric="", group=("large",), answer="best")
    tables.above["search"] = ["large"]
    bare = within_budget(tables, Budget(None, 399), SPEEDS, None).verdicts["search"]["budget"]
    assert bare["recommended"] is None and bare["missed"]["small"] == "400 bytes"
    assert within_budget(tables, Budget(None, 400), SPEEDS, None).tables["encoders"][
        "recommended"
    ].tolist() == [True, False, False, False]
    own = answer(Budget(50.0), tables)
    assert own["sentences"][0].startswith("No encoder that the verdict names meets the budget of")


def test_an_unknown_speed_is_told_and_does_not_count_as_within() -> None:
    own = answer(Budget(40.0), speeds={**SPEEDS, "middle": None})
    assert own["recommended"] == "small" and own["unknown"] == ["middle"]
    assert own["sentences"][-1] == "Not known, so not counted as within it: the speed of middle."
    nothing = answer(Budget(40.0), speeds={})
    assert nothing["sentences"][0] == (
        "No encoder that is better than chance is known to meet the budget of at least 40 images "
        "a second, so none is recommended."
    )
    assert answer(Budget(None, 1000), speeds={})["unknown"] == []


@pytest.mark.parametrize("other", [CANNOT_TELL, NONE_BETTER])
def test_a_verdict_that_names_none_recommends_none_and_says_who_meets_the_budget(
    other: str,
) -> None:
    own = answer(Budget(50.0), found(answer=other, group=("large",)))
    assert own["recommended"] is None
    assert own["sentences"][0] == (
        "small and noise meet the budget of at least 50 images a second. The verdict names none, "
        "so none is recommended."
    )


def test_of_one_encoder_it_is_told_whether_it_meets_the_budget() -> None:
    tables = found(("large",), (), basis=ONE_ENCODER, answer=CANNOT_TELL)
    tables.tables["purposes"] = tables.tables["purposes"].iloc[:0]
    met, missed = answer(Budget(10.0), tables), answer(Budget(11.0), tables)
    assert met["sentences"] == ["large meets the budget of at least 10 images a second."]
    assert missed["sentences"][0] == (
        "No encoder meets the budget of at least 11 images a second: the fastest, large, encodes "
        "10 images a second."
    )
    small = answer(Budget(None, 399), tables)
    assert small["sentences"] == [
        "large, stored as int8 in 100 bytes, meets the budget of at most 399 bytes an image."
    ]


def test_a_run_tells_its_budget_and_the_same_run_again_leaves_it_as_it_is(
    photographs: Path, tmp_path: Path, colour_encoder: Any
) -> None:
    """Vectors of 2 x 2 colours take 48 bytes, those of 9 x 9 colours 972."""
    encoders = {"plain": colour_encoder(), "finer": colour_encoder(side=9)}
    out, store = tmp_path / "run", tmp_path / "store"

    def run(**options: Any) -> Results:
        return compare(
            photographs, encoders, k="3", seeds=2, projections=["pca"], out=out, store=store,
            **options,
        )  # fmt: skip

    first = run(at_most="1kB", at_least="0.001/s")
    assert first.run["at_most"] == "1kB" and "--at-most 1kB" in first.run["command"]
    assert first.run["verdict"]["budget"]["recommended"] == "plain"
    said = first.run["verdict"]["budget"]["sentences"][0]
    assert said in (out / "report.html").read_text()
    assert f"clustering: {said}" in (out / "comparison.md").read_text()
    written = (out / "run.json").read_bytes()
    assert run(at_most="1kB", at_least="0.001/s").run == read_results(out).run
    assert (out / "run.json").read_bytes() == written
    other = run(at_least="1000000/s")
    assert other.run["verdict"]["budget"]["recommended"] is None
    assert not other.encoders["recommended"].any() and not other.purposes["recommended"].any()
    assert {**other.run["verdict"], "budget": 0} == {**first.run["verdict"], "budget": 0}
