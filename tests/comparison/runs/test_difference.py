"""Promises of the difference of two runs: what moved, by how much, and what else differs."""

from dataclasses import replace

import numpy as np
import pytest

from embedbench.comparison.runs.difference import difference
from embedbench.errors import InputError
from embedbench.results.results import Results
from tests.support.example_results import ENCODERS, example_results

BASE = example_results()


def moved(by: float, half: float = 0.05) -> Results:
    """The results with the AMI of the first encoder this much higher, and intervals this wide."""
    table = BASE.purposes.copy()
    table["low"], table["high"] = table["value"] - half, table["value"] + half
    is_first = (table["encoder"] == ENCODERS[0]) & (table["purpose"] == "clustering")
    table.loc[is_first, ["value", "low", "high"]] += by
    return replace(BASE, purposes=table)


def test_a_run_has_not_moved_from_itself() -> None:
    found = difference(BASE, BASE)
    assert found.remarks == () and not found.table["moved"].any()
    assert (found.table["change"] == 0).all()


@pytest.mark.parametrize(("by", "is_moved"), [(0.2, True), (-0.2, True), (0.06, False)])
def test_a_change_beyond_both_intervals_has_moved(by: float, is_moved: bool) -> None:
    table = difference(moved(0.0), moved(by)).table
    row = table[(table["encoder"] == ENCODERS[0]) & (table["purpose"] == "clustering")].iloc[0]
    assert row["change"] == pytest.approx(by) and row["moved"] == is_moved
    # Of independent runs the variances add: 0.05 each.
    assert row["high"] - row["change"] == pytest.approx(np.sqrt(2) * 0.05)
    others = table.drop(row.name)
    assert not others["moved"].any()


def test_what_else_differs_is_told() -> None:
    images = BASE.images.iloc[1:].copy()
    images.loc[images.index[0], "truth"] = "another"
    prints = {name: "x" for name in ENCODERS}
    one = replace(
        BASE, run=BASE.run | {"fingerprints": prints, "seeds": [0], "versions": {"a": "1"}}
    )
    other = replace(
        BASE,
        images=images,
        run=one.run
        | {
            "fingerprints": {ENCODERS[0]: "y", "new": "x"},
            "seeds": [0, 1],
            "versions": {"a": "2"},
        },
    )
    told = difference(one, other).remarks
    assert told[0].startswith("1 image is only in the first run, 0 only in the second")
    assert told[1] == "1 image has another label"
    assert told[2].startswith(f"{ENCODERS[0]}: another fingerprint")
    assert told[3] == f"only in the first run: {ENCODERS[1]} and {ENCODERS[2]}"
    assert told[4] == "only in the second run: new"
    assert told[5] == "seeds: 0 before, 0, 1 after"
    assert told[6] == "versions: a 1 to 2"


def test_without_labels_the_signals_are_compared() -> None:
    blind = example_results(truth=False)
    table = difference(blind, blind).table
    assert set(table["purpose"]) == {"without labels"}
    assert set(table["metric"]) <= {"cluster_retention", "consensus"}


def test_runs_without_a_number_in_common_are_refused() -> None:
    none = replace(BASE, purposes=BASE.purposes.iloc[:0], label_free=BASE.label_free.iloc[:0])
    with pytest.raises(InputError, match="no encoder with a number in both"):
        difference(BASE, none)


def test_consensus_is_not_compared_where_other_encoders_take_part() -> None:
    metrics = set(difference(BASE, BASE).table["metric"])
    assert "consensus" in metrics
    fewer = BASE.comparison[BASE.comparison["encoder"] != ENCODERS[2]]
    found = difference(BASE, replace(BASE, comparison=fewer))
    assert set(found.table["metric"]) == metrics - {"consensus"}
    assert "consensus is left out: it follows from which encoders take part" in found.remarks
