"""Promises of the section of purposes: the numbers of the table, ties marked, names escaped."""

import dataclasses

import pandas as pd
from markupsafe import escape

from embedbench.report.answers.purposes import purposes_part
from tests.support.example_results import ENCODERS, example_results


def test_each_encoder_has_its_number_interval_chance_and_mark_for_each_purpose() -> None:
    results = example_results()
    part = purposes_part(results)
    assert part is not None
    assert [column.heading for column in part["columns"]] == [
        "encoder", "clustering: AMI", "search: retrieval mAP", "classification: linear probe",
    ]  # fmt: skip
    rows = {row.encoder: row.cells for row in part["rows"]}
    assert set(rows) == set(ENCODERS)
    best = rows[ENCODERS[2]][2]
    assert (best.text, best.mark, best.chance) == ("0.700", "best", "0.25")
    assert rows[ENCODERS[0]][3].mark == "best" and rows[ENCODERS[1]][3].mark == "near"
    assert rows[ENCODERS[2]][3].mark == "" and rows[ENCODERS[0]][1].chance == ""


def test_every_purpose_has_its_answer_and_foreign_names_are_escaped() -> None:
    results = example_results()
    hostile = "<img src=x onerror=alert(1)>"
    verdicts = {
        name: one | {"group": [hostile], "smallest": hostile}
        for name, one in results.run["verdicts"].items()
    }
    part = purposes_part(
        dataclasses.replace(
            results,
            run=results.run | {"verdicts": verdicts},
            encoders=results.encoders.replace(ENCODERS[0], hostile),
            purposes=results.purposes.replace(ENCODERS[0], hostile),
        )
    )
    assert part is not None
    assert [tab.name for tab in part["tabs"]] == ["clustering", "search", "classification"]
    for text in (part["sentence"], *(tab.answer for tab in part["tabs"])):
        assert hostile not in text and escape(hostile) in text


def test_a_tab_ranks_the_encoders_of_its_purpose_with_range_chance_and_ties() -> None:
    part = purposes_part(example_results())
    assert part is not None
    clustering, search, _ = part["tabs"]
    assert [column.heading for column in search.columns] == [
        "encoder", "rank", "retrieval mAP", "recommended",
    ]  # fmt: skip
    assert [row.encoder for row in search.rows] == list(reversed(ENCODERS))
    _, rank, value, recommended = search.rows[0].cells
    assert (rank.text, rank.interval) == ("1", "1 to 1")
    assert (value.text, value.mark, value.chance) == ("0.700", "best", "0.25")
    assert value.interval == "0.65 to 0.75"
    assert recommended.text == "yes" and search.rows[1].cells[3].text == ""
    assert clustering.rows[1].cells[2].mark == "near" and not clustering.has_chance
    assert search.queries and not clustering.queries


def test_a_single_purpose_has_its_tab_and_no_sentence_that_joins() -> None:
    results = example_results()
    alone = results.purposes[results.purposes["purpose"] == "search"]
    part = purposes_part(dataclasses.replace(results, purposes=alone))
    assert part is not None and part["sentence"] == ""
    assert [tab.name for tab in part["tabs"]] == ["search"]


def test_without_labels_there_is_no_section() -> None:
    assert purposes_part(example_results(truth=False)) is None


def test_the_tab_of_words_says_how_labels_are_read() -> None:
    results = example_results()
    search = results.purposes[results.purposes["purpose"] == "search"]
    words = search.assign(purpose="words", metric="zero_shot_accuracy")
    read = {"templates": ["a photo of a {}.", "{}"], "texts": 3}
    verdicts = results.run["verdicts"] | {"words": results.run["verdicts"]["search"]}
    part = purposes_part(
        dataclasses.replace(
            results,
            run=results.run | {"verdicts": verdicts, "read_as_texts": read},
            purposes=pd.concat([results.purposes, words], ignore_index=True),
        )
    )
    assert part is not None
    *others, tab = part["tabs"]
    assert tab.note == (
        "Labels are read as words in “a photo of a {}.” and “{}”. 3 texts describe images. "
        "All scores are in words.csv."
    )
    assert {one.note for one in others} == {""}
