"""Promises of scores: they are the numbers of the tables, under names that say what they are."""

import math

from embedbench.export.scores import facts_of, named_scores, score_rows, selected, written_tables
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()


def test_scores_are_those_of_the_purposes() -> None:
    for encoder in ENCODERS:
        scores = named_scores(RESULTS, encoder)
        rows = RESULTS.purposes[RESULTS.purposes["encoder"] == encoder]
        for row in rows.to_dict("records"):
            assert scores[f"{row['purpose']}/{row['metric']}"] == row["value"]
            assert scores[f"{row['purpose']}/{row['metric']}_low"] == row["low"]
            assert scores[f"{row['purpose']}/rank"] == row["rank"]
        assert all(map(math.isfinite, scores.values()))
    assert named_scores(RESULTS, ENCODERS[1])["measured/images_per_second"] == 25.0


def test_without_labels_there_is_no_metric() -> None:
    results = example_results(truth=False)
    scores = named_scores(results, ENCODERS[0])
    assert not any(name.endswith(("_low", "ami")) and "rank" not in name for name in scores)
    assert all("value" not in row for row in score_rows(results, ENCODERS[0]))


def test_facts_leave_out_what_is_not_known() -> None:
    facts = facts_of(RESULTS, "pixels")
    assert (facts["dim"], facts["licence"]) == (4, "apache-2.0")
    assert type(facts["dim"]) is int and "pooling" not in facts


def test_tables_of_a_row_an_image_are_left_out() -> None:
    tables = written_tables(RESULTS)
    assert {"comparison", "purposes", "timings"} <= set(tables)
    assert not {"images", "nearest", "partitions"} & set(tables)
    timings = selected(tables["timings"], ["pixels"])
    assert set(timings["encoder"]) == {"", "pixels"}
    assert len(selected(tables["worst_images"] if "worst_images" in tables
                        else tables["zero_shot"], ["pixels"]))  # fmt: skip
