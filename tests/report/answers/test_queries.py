"""Promises of the queries on the page: the rows of the table, an encoder each, in their order."""

import dataclasses

from embedbench.report.answers.queries import shown_queries
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()


def test_each_query_has_the_answers_of_each_encoder_in_the_order_of_the_table() -> None:
    queries = shown_queries(RESULTS, ENCODERS[::-1])
    table = RESULTS.search_answers
    assert [one.image for one in queries] == table["query"].unique().tolist()
    assert len({one.anchor for one in queries}) == len(queries)
    for query in queries:
        assert [own.encoder for own in query.found] == list(ENCODERS[::-1])
        for own in query.found:
            rows = table[(table["query"] == query.image) & (table["encoder"] == own.encoder)]
            assert [one.image for one in own.answers] == rows["image"].tolist()
            assert [one.is_right for one in own.answers] == rows["is_right"].tolist()
            assert own.average_precision == f"{rows['average_precision'].iloc[0]:.2f}"
    first = queries[0]
    assert first.images == {first.image} | set(table.loc[table["query"] == first.image, "image"])


def test_a_query_tells_its_label_its_right_answers_and_why_it_was_chosen() -> None:
    differ, drawn = shown_queries(RESULTS, ENCODERS)
    labels = RESULTS.images.set_index("image")["truth"]
    have = "9 images of the gallery have its label"
    assert differ.facts == (
        f"{labels[differ.image]} · {have} · chosen because the encoders differ most on it"
    )
    assert drawn.facts == f"{labels[drawn.image]} · {have} · drawn at random"


def test_a_run_without_answers_shows_none() -> None:
    none = dataclasses.replace(RESULTS, search_answers=RESULTS.search_answers.iloc[:0])
    assert shown_queries(none, ENCODERS) == []
