"""Promises of the answer by purpose: the names of the verdicts, each once."""

import dataclasses

import pandas as pd
from markupsafe import Markup

from embedbench.results.purposes import (
    budget_sentence,
    leading_rows,
    purpose_sentence,
    quality_and_speed,
)
from embedbench.results.results import Results
from tests.support.example_results import ENCODERS, example_results


def test_a_purpose_for_which_none_is_named_says_why() -> None:
    results = example_results()
    verdicts = results.run["verdicts"] | {
        "search": results.run["verdicts"]["search"]
        | {"answer": "none better than chance", "group": []}
    }
    nobody = results.purposes.assign(
        recommended=results.purposes["recommended"] & (results.purposes["purpose"] != "search")
    )
    changed = dataclasses.replace(
        results, run=results.run | {"verdicts": verdicts}, purposes=nobody
    )
    assert "for search none better than chance" in purpose_sentence(changed)


def test_the_sentence_joins_purposes_with_the_same_answer() -> None:
    results = example_results()
    assert purpose_sentence(results) == (
        f"For clustering and classification {ENCODERS[0]} and {ENCODERS[1]} are tied; "
        f"for search {ENCODERS[2]}."
    )


def test_names_in_the_sentence_are_escaped() -> None:
    results = example_results()
    hostile = "<img src=x onerror=alert(1)>"
    changed = dataclasses.replace(
        results,
        purposes=results.purposes.replace(ENCODERS[2], hostile),
        run=results.run
        | {"verdicts": results.run["verdicts"] | {
            "search": results.run["verdicts"]["search"] | {"group": [hostile]}}},
    )  # fmt: skip
    sentence = purpose_sentence(changed, Markup, lambda name: Markup("<b>{}</b>").format(name))
    assert "<img" not in sentence and "&lt;img" in sentence and "<b>" in sentence


def faster(results: Results, value: float) -> Results:
    """The third encoder is ten times as fast as the first, and has this number."""
    timings, purposes = results.timings.copy(), results.purposes.copy()
    is_speed = (timings["quantity"] == "images_per_second") & (timings["encoder"] == ENCODERS[2])
    timings.loc[is_speed, "value"] = 125.0
    is_ami = (purposes["purpose"] == "clustering") & (purposes["encoder"] == ENCODERS[2])
    purposes.loc[is_ami, "value"] = value
    return dataclasses.replace(results, timings=timings, purposes=purposes)


def test_a_much_faster_encoder_is_told_with_what_it_loses_unless_that_is_much() -> None:
    results = example_results()
    best = leading_rows(results)["value"][ENCODERS[0]]
    assert purpose_sentence(faster(results, best - 0.03)).endswith(
        f"; {ENCODERS[2]} is 10 times as fast as {ENCODERS[0]}, and its AMI is 0.03 lower."
    )
    assert "times as fast" not in purpose_sentence(faster(results, best - 0.2))


def test_without_labels_what_is_likely_is_no_tie() -> None:
    results = example_results(truth=False)
    several = results.run["verdicts"]["search"] | {"group": list(ENCODERS[:2])}
    results.run["verdicts"] = results.run["verdicts"] | {"search": several}
    assert purpose_sentence(results) == (
        f"For clustering and classification likely {ENCODERS[0]}; for search likely {ENCODERS[0]} "
        f"or {ENCODERS[1]}."
    )


def test_an_older_run_has_no_sentence() -> None:
    results = example_results()
    older = {key: value for key, value in results.run.items() if key != "verdicts"}
    changed = dataclasses.replace(
        results, run=older, purposes=pd.DataFrame(columns=results.purposes.columns)
    )
    assert purpose_sentence(changed) == ""


def test_within_a_budget_purposes_with_the_same_answer_are_told_together_in_their_order() -> None:
    """A run folder holds the verdicts in the order of the alphabet."""
    results = example_results()
    assert budget_sentence(results) == ""
    answers = {"classification": "b", "clustering": "a", "search": None}
    verdicts = {
        name: results.run["verdicts"][name] | {"budget": {"recommended": chosen}}
        for name, chosen in answers.items()
    }
    told = dataclasses.replace(results, run=results.run | {"verdicts": verdicts})
    assert budget_sentence(told) == "a for clustering; none for search; b for classification"


def test_quality_stands_beside_speed_where_both_are_known() -> None:
    results = example_results()
    first = results.timings["encoder"] == ENCODERS[0]
    timings = results.timings[~first | (results.timings["quantity"] != "images_per_second")]
    table = quality_and_speed(dataclasses.replace(results, timings=timings))
    assert dict(zip(table["encoder"], table["speed"], strict=True)) == {
        ENCODERS[1]: 25.0,
        ENCODERS[2]: 10.0,
    }
    assert quality_and_speed(example_results(truth=False)).empty
