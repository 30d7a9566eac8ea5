"""Promises of the section of purposes: the numbers of the table, ties marked, names escaped."""

import dataclasses

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
    assert [name for name, _ in part["answers"]] == ["clustering", "search", "classification"]
    for text in (part["sentence"], *(answer for _, answer in part["answers"])):
        assert hostile not in text and escape(hostile) in text


def test_with_one_purpose_there_is_no_section() -> None:
    assert purposes_part(example_results(truth=False)) is None
