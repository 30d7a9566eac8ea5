"""Promises of the main tables: their meanings name the words that the program writes."""

import re

from embedbench.analysis.projections import PROJECTIONS
from embedbench.results.schema import FAILURE_COLUMNS, K_CRITERIA, TABLES
from embedbench.results.views import MEASURED
from tests.support.example_results import FAILED, example_results


def words(table: str, column: str) -> set[str]:
    """Return the words in backticks in the meaning of a column."""
    return set(re.findall("`([^`]+)`", TABLES[table].columns[column].meaning))


def test_the_ways_of_choosing_k_are_those_of_the_page() -> None:
    assert words("comparison", "k_from") == {"truth", "given", "shared", "own", *K_CRITERIA}


def test_every_quantity_that_is_measured_is_explained() -> None:
    known = words("timings", "quantity")
    assert known == {"started", "seconds", "images_encoded", *MEASURED}
    assert set(example_results().timings["quantity"]) <= known


def test_every_projection_is_named() -> None:
    assert words("projections", "projection") == set(PROJECTIONS)


def test_every_state_and_kind_of_failure_is_named() -> None:
    results = example_results()
    assert set(results.encoders["status"]) == words("encoders", "status")
    assert FAILED in set(results.encoders["encoder"][results.encoders["status"] == "failed"])
    assert set(results.failures["what"]) < words("failures", "what")
    assert list(results.failures.columns) == FAILURE_COLUMNS
