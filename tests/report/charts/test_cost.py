"""Promises of quality against cost: each encoder's numbers, the recommended one, and bytes."""

import dataclasses

import pytest

from embedbench.report.charts.cost import cost_chart
from embedbench.results.views import timings_of
from tests.support.example_results import ENCODERS, example_results, with_verdict

RESULTS = example_results()


def test_costs_are_those_of_the_tables_and_bytes_are_four_a_dimension() -> None:
    chart = cost_chart(RESULTS)
    assert chart is not None and chart.look is not None
    names = [dot["name"] for dot in chart.views[0].panels[0]["dots"]]
    costs = {cost["name"]: cost for cost in chart.look["costs"]}
    dims = RESULTS.encoders.set_index("encoder")["dim"]
    speeds = timings_of(RESULTS, "images_per_second")
    assert costs["dimensions"]["values"] == [dims[name] for name in names]
    assert costs["bytes an image, float32"]["values"] == [4 * dims[name] for name in names]
    assert costs["images a second"]["values"] == pytest.approx([speeds[name] for name in names])
    assert [name for name, cost in costs.items() if cost["more"]] == ["images a second"]


def test_scores_agree_with_labels_where_there_are_labels_and_are_the_signals_else() -> None:
    with_labels, without = cost_chart(RESULTS), cost_chart(example_results(truth=False))
    assert with_labels is not None and without is not None
    assert [view.name for view in with_labels.views][0] == "AMI"
    assert [view.name for view in without.views] == ["cluster retention", "consensus"]


def test_the_recommended_encoder_is_named() -> None:
    encoders = RESULTS.encoders.assign(recommended=RESULTS.encoders["encoder"] == ENCODERS[1])
    chart = cost_chart(dataclasses.replace(RESULTS, encoders=encoders))
    assert chart is not None and chart.look is not None
    assert chart.look["recommended"] == ENCODERS[1]


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        ({"group": list(ENCODERS[:2]), "smallest": ENCODERS[1]},
         "it is the smallest of the 2 encoders that the verdict cannot order"),
        ({"group": list(ENCODERS), "smallest": None},
         "it is the first of the 3 encoders of one size that the verdict names"),
        ({"group": [ENCODERS[1]], "smallest": ENCODERS[1]}, "the verdict names it alone"),
    ],
)  # fmt: skip
def test_why_it_is_recommended_is_told(verdict: dict[str, object], reason: str) -> None:
    chart = cost_chart(with_verdict(RESULTS, **verdict))
    assert chart is not None and chart.look is not None
    assert chart.look["because"] == reason


def test_one_encoder_has_no_quality_against_cost() -> None:
    one = RESULTS.comparison[RESULTS.comparison["encoder"] == ENCODERS[0]]
    encoders = RESULTS.encoders[RESULTS.encoders["encoder"] == ENCODERS[0]]
    assert cost_chart(dataclasses.replace(RESULTS, comparison=one, encoders=encoders)) is None
