"""Promises of quality against cost: each encoder's numbers, the recommended one, and bytes."""

import dataclasses

import pytest

from embedbench.report.charts.cost import cost_chart
from embedbench.results.views import timings_of
from tests.support.example_results import ENCODERS, example_results, with_verdict
from tests.support.purpose_tables import THIRD

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


def test_each_purpose_has_its_metric_and_its_own_recommended_encoder() -> None:
    """The tables recommend the third encoder for search, and the first of two tied elsewhere."""
    chart = cost_chart(RESULTS)
    assert chart is not None
    names = ["clustering: AMI", "search: mAP", "classification: linear probe"]
    assert [view.name for view in chart.views] == names
    panels = {view.name: view.panels[0] for view in chart.views}
    for purpose, rows in RESULTS.purposes.groupby("purpose", sort=False):
        [panel] = [panels[name] for name in names if name.startswith(f"{purpose}:")]
        expected = rows.set_index("encoder")["value"].to_dict()
        assert {one["name"]: one["value"] for one in panel["dots"]} == pytest.approx(
            expected, rel=1e-4
        )
    search = panels["search: mAP"]
    assert search["recommended"] == THIRD and search["because"] == "the verdict names it alone"
    assert panels["clustering: AMI"]["recommended"] == ENCODERS[0]


def test_without_labels_the_scores_are_the_two_signals() -> None:
    chart = cost_chart(example_results(truth=False))
    assert chart is not None
    assert [view.name for view in chart.views] == ["cluster retention", "consensus"]
    assert [view.panels[0]["recommended"] for view in chart.views] == [ENCODERS[0]] * 2


def test_latency_and_weights_are_costs() -> None:
    chart = cost_chart(RESULTS)
    assert chart is not None and chart.look is not None
    costs = {cost["name"]: cost["values"] for cost in chart.look["costs"]}
    assert costs["ms for one image"] == [160, 80, 200]
    assert costs["weights, MB"] == [18.6, 19.6, 20.6]


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        ({"group": list(ENCODERS[:2]), "smallest": ENCODERS[0]},
         "it is the smallest of the 2 encoders that the verdict cannot order"),
        ({"group": list(ENCODERS), "smallest": None},
         "it is the first of the 3 encoders of one size that the verdict names"),
        ({"group": [ENCODERS[0]], "smallest": ENCODERS[0]}, "the verdict names it alone"),
        ({"group": list(ENCODERS[:2]), "budget": {"asked": "at most 9 B an image"}},
         "it is the smallest within the budget of those that the verdict names"),
        ({"group": [ENCODERS[1]], "budget": {"asked": "at most 9 B an image"}},
         "it ranks first of those within the budget"),
    ],
)  # fmt: skip
def test_why_it_is_recommended_is_told(verdict: dict[str, object], reason: str) -> None:
    chart = cost_chart(with_verdict(RESULTS, **verdict))
    assert chart is not None
    assert chart.views[0].panels[0]["recommended"] == ENCODERS[0]
    assert chart.views[0].panels[0]["because"] == reason


def test_one_encoder_has_no_quality_against_cost() -> None:
    one = RESULTS.comparison[RESULTS.comparison["encoder"] == ENCODERS[0]]
    encoders = RESULTS.encoders[RESULTS.encoders["encoder"] == ENCODERS[0]]
    assert cost_chart(dataclasses.replace(RESULTS, comparison=one, encoders=encoders)) is None
