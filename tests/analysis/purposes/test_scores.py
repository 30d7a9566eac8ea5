"""Promises of what a purpose costs: numbers of the metrics, differences that are paired."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_mutual_info_score, average_precision_score
from sklearn.preprocessing import normalize

from embedbench.analysis.inputs import Targets
from embedbench.analysis.purposes.scores import (
    FORM_METRICS,
    few_shot_rows,
    search_rows,
    size_rows,
)
from embedbench.clustering.limits import DEFAULT_LIMIT
from embedbench.metrics.embedding.few_shot import few_shot
from embedbench.metrics.embedding.retrieval import retrieval
from embedbench.results.schema import TABLES

IMAGES, CLASSES = 120, 4
LABELS = np.repeat(np.arange(CLASSES), IMAGES // CLASSES)
TARGETS = Targets(LABELS, "abcd", np.arange(IMAGES))
ALL = tuple(FORM_METRICS)


def vectors(noise: float, dim: int = 48) -> np.ndarray:
    random = np.random.default_rng(1)
    centres = random.normal(size=(CLASSES, dim))[LABELS]
    return (centres + random.normal(0, noise, (IMAGES, dim))).astype(np.float32)


def sizes(found: np.ndarray, purposes: tuple[str, ...] = ALL) -> pd.DataFrame:
    return size_rows(found, TARGETS, purposes, CLASSES, 0, DEFAULT_LIMIT, TARGETS.bootstrap(0))


def test_the_whole_vectors_have_the_metric_and_no_difference_to_themselves() -> None:
    found = vectors(2.0)
    whole = sizes(found).query("form == 'float32'").set_index("purpose")
    assert whole[["difference", "difference_low", "difference_high"]].eq(0).all(axis=None)
    cosines = normalize(found.astype(np.float64)) @ normalize(found.astype(np.float64)).T
    precisions = [
        average_precision_score(np.delete(LABELS == LABELS[row], row), np.delete(cosines[row], row))
        for row in range(IMAGES)
    ]
    assert whole["value"]["search"] == pytest.approx(np.mean(precisions))
    assert whole["bytes"].eq(4 * 48).all()


def test_what_a_form_costs_is_the_difference_of_the_values_with_an_interval_around_it() -> None:
    table = sizes(vectors(1.5))
    known = table[table["reason"] == ""]
    for _, rows in known.groupby("purpose"):
        whole = rows.loc[rows["form"] == "float32", "value"].iloc[0]
        assert rows["difference"].to_numpy() == pytest.approx(rows["value"].to_numpy() - whole)
        assert (rows["difference_low"] <= rows["difference"]).all()
        assert (rows["difference"] <= rows["difference_high"]).all()
        assert rows["bytes"].is_monotonic_decreasing


def test_the_smallest_form_is_the_last_whose_difference_may_be_nothing() -> None:
    table = sizes(vectors(2.5))
    for _, rows in table[table["reason"] == ""].groupby("purpose"):
        (smallest,) = rows.index[rows["smallest"]]
        assert rows["difference_high"][smallest] >= 0
        later = rows.loc[smallest:].iloc[1:]
        assert (later["difference_high"] < 0).all()
        assert (later["bytes"] <= rows["bytes"][smallest]).all()


def test_a_form_that_loses_everything_is_never_the_smallest() -> None:
    """Signs lose what stands in the size of the numbers."""
    random = np.random.default_rng(0)
    found = np.abs(random.normal(1, 0.01, (IMAGES, 4)))
    found[:, 0] += 3.0 * LABELS
    table = sizes(found.astype(np.float32), ("search",)).set_index("form")
    assert table["difference_high"]["binary"] < 0 and not table["smallest"]["binary"]


def test_forms_that_do_not_apply_are_told_with_the_reason_for_each_purpose_asked_for() -> None:
    table = sizes(vectors(1.0), ("search", "classification"))
    assert table["purpose"].unique().tolist() == ["search", "classification"]
    missing = table[table["reason"] != ""]
    assert missing["value"].isna().all() and not missing["smallest"].any()
    assert missing.query("form == 'pca:64' and purpose == 'search'")["reason"].tolist() == [
        "form 'pca:64' needs more than 64 dimensions and 65 pictures; "
        "here are 48 dimensions and 120 pictures"
    ]
    assert ["encoder", *table.columns] == list(TABLES["sizes"].columns)


def test_vectors_that_are_all_equal_have_numbers_of_chance_and_no_crash() -> None:
    table = sizes(np.ones((IMAGES, 8), np.float32))
    known = table[table["reason"] == ""]
    assert known["value"].notna().all()
    assert known.loc[known["purpose"] == "clustering", "value"].abs().max() < 1e-9
    assert adjusted_mutual_info_score(LABELS, np.zeros(IMAGES)) == 0


def test_the_curve_has_a_row_for_each_number_of_labels_or_a_reason() -> None:
    table = few_shot_rows(vectors(2.0), TARGETS, 0, TARGETS.bootstrap(0)).set_index("shots")
    expected = few_shot(vectors(2.0), LABELS, np.arange(IMAGES))
    assert table.index.tolist() == [1, 2, 5, 10, 20]
    for shots, estimate in expected.estimates.items():
        assert table["value"][shots] == pytest.approx(estimate.mean)
        assert table["low"][shots] < table["value"][shots] < table["high"][shots]
    assert table["chance"].eq(1 / CLASSES).all() and table["classes"].eq(CLASSES).all()
    few = Targets(LABELS[::10], "abcd", np.arange(12))
    table = few_shot_rows(vectors(2.0)[::10], few, 0, few.bootstrap(0)).set_index("shots")
    assert table["value"].isna().tolist() == [False, False, True, True, True]
    assert table["reason"][5].startswith("5 labelled pictures a class need two classes of 6")
    assert ["encoder", "shots", *table.columns] == list(TABLES["few_shot"].columns)


def test_search_has_every_score_with_its_interval_and_counts_queries_without_an_answer() -> None:
    labels = LABELS.copy()
    labels[0] = CLASSES
    targets = Targets(labels, "abcde", np.arange(IMAGES))
    found = retrieval(vectors(2.0), labels, targets.groups)
    table = search_rows(found, targets.bootstrap(0)).set_index("metric")
    assert table.index.tolist() == [
        "retrieval_map", "r_precision", "reciprocal_rank", "precision_at_1", "recall_at_1",
        "precision_at_5", "recall_at_5", "precision_at_10", "recall_at_10",
    ]  # fmt: skip
    assert table["queries"].eq(IMAGES - 1).all() and table["unanswered"].eq(1).all()
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()
    assert ["encoder", "metric", *table.columns] == list(TABLES["search"].columns)


def test_where_a_form_changes_no_prediction_the_difference_may_still_be_something() -> None:
    table = sizes(vectors(0.5), ("classification",)).set_index("form")
    row = [table[name]["float16"] for name in ("difference", "difference_low", "difference_high")]
    # Agresti and Min's interval of no discordant pair of 120: 1.96 / 122 to either side.
    assert row == pytest.approx([0, -1.96 / 122, 1.96 / 122], abs=0.0015)
