"""Promises of the verdict's sentences: the same words on a terminal and on the page."""

import dataclasses
from typing import Any

import pandas as pd
import pytest
from markupsafe import Markup

from embedbench.results.results import Results
from embedbench.results.schema import CANNOT_TELL, LIKELY, NONE_BETTER, TOO_FEW
from embedbench.results.sentences import NAMED, answer_sentences, verdict_sentences
from tests.support.example_results import ENCODERS, example_results


def record(answer: str, *group: str, basis: str = "labels", smallest: str | None = None) -> Any:
    return {
        "basis": basis, "answer": answer, "group": list(group), "reasons": ["Because <a> & b."],
        "smallest": smallest,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "fastest", "words"),
    [
        (record("best", "a", smallest="a"), "a", "a is the best here, by the labels."),
        (
            record("tied", "a", "b", "c", smallest="b"),
            "b",
            "a, b and c are tied as best here, by the labels; the smallest and fastest model of "
            "them is b.",
        ),
        (
            record(LIKELY, "a", "b", basis="no labels"),
            "a",
            "One of a and b is likely the best here, without labels.",
        ),
        (
            record(LIKELY, "a"),
            "a",
            "a is likely the best here, by the labels.",
        ),
        (
            record("tied", "a", "b", smallest="b"),
            None,
            "a and b are tied as best here, by the labels; the smallest model of them is b.",
        ),
        (
            record("tied", "a", "b"),  # of one size
            "b",
            "a and b are tied as best here, by the labels; the fastest of them is b.",
        ),
        (record("tied", "a", "b"), None, "a and b are tied as best here, by the labels."),
        (
            record(CANNOT_TELL, "a", basis="no labels"),
            None,
            "Without labels, we cannot tell which encoder is best here.",
        ),
        (record(CANNOT_TELL, basis="nothing"), None, "There is no verdict."),
        (
            record(NONE_BETTER, basis="no labels"),
            None,
            "None of them groups these pictures better than chance.",
        ),
        (
            record(TOO_FEW),
            None,
            "There are too few pictures to tell which encoder is best here.",
        ),
    ],
)
def test_a_verdict_in_sentences(verdict: Any, fastest: str | None, words: str) -> None:
    assert verdict_sentences(verdict, fastest) == [words, "Because <a> & b."]


def test_of_many_tied_encoders_the_first_are_named() -> None:
    names = [f"e{number}" for number in range(NAMED + 3)]
    first = verdict_sentences(record("tied", *names, smallest="e0"), "e0")[0]
    assert first.startswith("e0, e1, e2, e3, e4, e5 and 3 more are tied")


def test_every_foreign_word_is_escaped_where_the_text_escapes() -> None:
    def strong(name: str) -> Markup:
        return Markup("<b>{}</b>").format(name)

    verdict = record("tied", "<i>", "{0}", smallest="<i>")
    first, reason = verdict_sentences(verdict, "{0}", Markup, strong)
    assert first == (
        "<b>&lt;i&gt;</b> and <b>{0}</b> are <b>tied</b> as best here, by the labels; the smallest "
        "model of them is <b>&lt;i&gt;</b>, the fastest <b>{0}</b>."
    )
    assert reason == "Because &lt;a&gt; &amp; b."


def alone(truth: bool = True) -> Results:
    """Return the example's first encoder alone: 40 pictures in four clusters."""
    results = example_results(truth)
    tables: dict[str, Any] = {
        field.name: table[table["encoder"] == ENCODERS[0]]
        for field in dataclasses.fields(results)
        if isinstance(table := getattr(results, field.name), pd.DataFrame) and "encoder" in table
    }
    run = results.run | {"verdict": record(CANNOT_TELL, basis="one encoder")}
    return dataclasses.replace(results, **tables, run=run)


def test_of_one_encoder_the_groups_are_the_answer() -> None:
    results = alone()
    members = results.silhouettes.query("clusterer == 'kmeans'").reset_index(drop=True)
    members.loc[:2, "silhouette"] = -0.5
    names = results.clusters.assign(name=["cats", "", *[""] * (len(results.clusters) - 2)])
    row = results.comparison.iloc[0]
    first, groups, numbers, sure, between, reason = answer_sentences(
        dataclasses.replace(results, silhouettes=members, clusters=names), Markup, str
    )
    assert first == f"{ENCODERS[0]} puts these 40 pictures into 4 groups, as many as classes."
    assert groups.startswith("The groups: ") and "cats (" in groups and "cluster 1 (" in groups
    assert numbers.startswith("Neither elbow nor silhouette nor gap finds a clear number")
    assert f"the labels agree with them with AMI {row['ami']:.2f} (95 % interval" in sure
    assert between == "3 pictures lie nearer to another group than to their own."
    assert reason == "Because &lt;a&gt; &amp; b."  # of a run, the numbers of other purposes


def test_numbers_of_groups_that_stand_out_are_told_and_the_last_may_be_more() -> None:
    results = alone(truth=False)
    elbow = results.elbow.assign(chosen="").reset_index(drop=True)
    elbow.loc[1, "chosen"], elbow.loc[len(elbow) - 1, "chosen"] = "elbow", "gap"
    said = " ".join(answer_sentences(dataclasses.replace(results, elbow=elbow)))
    ks = elbow["k"].tolist()
    assert f"Numbers of groups that stand out: {ks[1]} by elbow and {ks[-1]} or more by gap" in said
    assert "none by silhouette" in said and "labels" not in said


def test_answers_are_the_verdicts_as_objects_with_words() -> None:
    results = example_results()
    found = results.verdicts
    assert list(found) == ["clustering", "search", "classification"]
    assert results.verdict == found["clustering"] and results.verdict.answer == "tied"
    assert results.best == ENCODERS[0]
    assert str(results.verdict) == " ".join(answer_sentences(results))
    search = found["search"]
    assert (search.metric, search.group) == ("retrieval_map", search.group[:1])
    assert search.sentences[0].startswith(f"{search.group[0]} is the best for search here")
    page = results._repr_html_()
    assert "Because" not in page and "&lt; 50 images" in page and "<table" in page


def test_where_none_is_named_there_is_no_best() -> None:
    results = example_results()
    none = results.purposes.assign(recommended=False)
    assert dataclasses.replace(results, purposes=none).best is None
