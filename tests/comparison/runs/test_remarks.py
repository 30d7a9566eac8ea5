"""Promises of what is said of runs that differ."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embedbench import merge, read_results

pytestmark = pytest.mark.usefixtures("one_core")


def test_labels_and_options_of_the_first_run_count_and_the_others_are_told(
    run: Callable[..., Path], tmp_path: Path
) -> None:
    labels = tmp_path / "labels.csv"
    one = read_results(run("one", 1, 2))
    table = pd.DataFrame({"path": one.images["image"], "label": one.images["truth"]})
    table.loc[:2, "label"] = "another"
    table.to_csv(labels, index=False)
    other = run("other", 3, labels=str(labels), k="4", seeds=1)
    merged = merge([one, other])
    assert list(merged.images["truth"]) == list(one.images["truth"])
    assert set(merged.comparison.loc[merged.comparison["clusterer"] == "kmeans", "k"]) == {3}
    remarks = merged.run["remarks"]
    assert "3 images have another label in other: that of one counts" in remarks
    assert "`k` is 3 in one and 4 in other: that of one counts" in remarks
    assert "`seeds` is 0, 1 in one and 0 in other: that of one counts" in remarks


def test_other_versions_and_machines_are_told(run: Callable[..., Path]) -> None:
    one, other = (read_results(run(name, side)) for name, side in (("one", 1), ("other", 2)))
    changed = {
        "versions": other.run["versions"] | {"numpy": "1.0"},
        "hardware": other.run["hardware"] | {"cores": 1000},
    }
    remarks = merge([one, replace(other, run=other.run | changed)]).run["remarks"]
    assert f"versions in one and other: numpy {np.__version__} and 1.0" in remarks
    assert any(text.startswith("one and other come from different machines") for text in remarks)


def test_other_images_mixed_in_are_left_out(run: Callable[..., Path]) -> None:
    options = {"labels": "none", "copies": 4}
    one, other = run("one", 1, **options, mix="digits:0.2"), run("other", 3, **options)
    merged = merge([one, other])
    assert merged.contamination.empty and not read_results(one).contamination.empty
    told = "not every run has the same mixed images: some are left out"
    assert told in merged.run["remarks"]


def test_a_run_without_changed_copies_is_told(run: Callable[..., Path]) -> None:
    one, other = run("one", 1, 2, labels="none", copies=6), run("other", 3, labels="none")
    remarks = merge([one, other]).run["remarks"]
    assert "side 3 has no vectors of changed images" in remarks
    assert "`copies` is 6 in one and 0 in other: that of one counts" in remarks


def test_a_run_without_labels_is_told_from_one_with_others(run: Callable[..., Path]) -> None:
    one, other = run("one", 1, 2), run("other", 3, labels="none")
    told = merge([one, other])
    assert "other has no labels: those of one count" in told.run["remarks"] and told.has_truth
    told = merge([other, one])
    assert any(
        text.startswith("other has no labels, so those of one") for text in told.run["remarks"]
    )
    assert not told.has_truth
