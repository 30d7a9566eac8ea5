"""Promises of the tables of findings: none without rows, and their words are the program's."""

import re
from io import BytesIO

import pandas as pd
from PIL import Image

from embedbench.analysis.shortcuts import attributes
from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.report.charts.robustness import WHERE
from embedbench.results.schema import CLUSTER_CHANGES, NEIGHBOUR_RETENTION
from embedbench.results.tables.findings import FINDING_TABLES
from embedbench.results.tables.main import MAIN_TABLES
from tests.support.example_results import example_results


def words(text: str) -> set[str]:
    """Return the words in backticks."""
    return set(re.findall("`([^`]+)`", text))


def test_a_run_without_a_finding_writes_no_file_of_it() -> None:
    assert all(table.optional and table.suffix == "csv" for table in FINDING_TABLES.values())


def test_no_table_is_defined_twice() -> None:
    assert not set(FINDING_TABLES) & set(MAIN_TABLES)


def test_every_attribute_that_is_probed_is_named() -> None:
    """Two images that differ in all of them."""
    thumbnails = []
    for colour in ((200, 40, 40), (20, 20, 60)):
        content = BytesIO()
        Image.new("RGB", (8, 8), colour).save(content, "JPEG")
        thumbnails.append(content.getvalue())
    images = pd.DataFrame(
        {"image": ["a/1.jpg", "b/2.png"], "width": [10, 90], "height": [10, 20],
         "thumbnail": thumbnails}
    )  # fmt: skip
    named = words(FINDING_TABLES["shortcuts"].columns["attribute"].meaning)
    assert named == set(attributes(images))


def test_every_quantity_of_mixed_in_images_is_explained() -> None:
    named = words(FINDING_TABLES["contamination"].columns["quantity"].meaning)
    changes = {f"{metric.name}_change" for metric in METRICS} & named
    assert named == {*WHERE, *changes, "clean_change", "seed_change"} and len(changes) == 3
    assert set(example_results().contamination["quantity"]) <= named


def test_what_is_measured_of_corrupted_images_alone_is_explained_there() -> None:
    named = words(FINDING_TABLES["robustness"].about)
    assert {NEIGHBOUR_RETENTION, CLUSTER_CHANGES} <= named
    ranking = FINDING_TABLES["robustness_ranking"].columns
    assert (
        words(ranking["retention"].meaning) == {NEIGHBOUR_RETENTION} and CLUSTER_CHANGES in ranking
    )


def test_compositions_are_of_the_values_named() -> None:
    named = words(FINDING_TABLES["composition"].columns["by"].meaning)
    assert named == {"label", "domain"}
    assert set(example_results().composition["by"]) <= named
