"""Promises of the verdict's sentences: the same words on a terminal and on the page."""

from typing import Any

import pytest
from markupsafe import Markup

from embedbench.results.schema import CANNOT_TELL, NONE_BETTER, TOO_FEW
from embedbench.results.sentences import NAMED, verdict_sentences


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
            "a, b and c are tied as best here, by the labels; the smallest and fastest of them is "
            "b.",
        ),
        (
            record("tied", "a", "b", smallest="b", basis="no labels"),
            "a",
            "a and b are tied as best here, without labels; the smallest of them is b, the "
            "fastest a.",
        ),
        (
            record("tied", "a", "b", smallest="b"),
            None,
            "a and b are tied as best here, by the labels; the smallest of them is b.",
        ),
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
        "of them is <b>&lt;i&gt;</b>, the fastest <b>{0}</b>."
    )
    assert reason == "Because &lt;a&gt; &amp; b."
