"""Promises of the curves over k: what is chosen is marked, what chance gives is a band."""

import dataclasses

import numpy as np

from embedbench.report.charts.elbow import elbow_chart
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()


def test_each_encoder_has_its_three_curves_and_that_of_all() -> None:
    chart = elbow_chart(RESULTS)
    assert chart is not None
    assert {view.name for view in chart.views} == set(RESULTS.elbow["encoder"])
    for view in chart.views:
        rows = RESULTS.elbow[RESULTS.elbow["encoder"] == view.name]
        for panel in view.panels:
            points = np.array(panel["lines"][0]["points"])
            assert np.allclose(points[:, :2], rows[["k", panel["y"]]], rtol=1e-4)


def test_the_chosen_k_is_marked_and_the_last_one_may_be_more() -> None:
    elbow = RESULTS.elbow.copy()
    first = elbow["encoder"] == ENCODERS[0]
    ks = sorted(elbow.loc[first, "k"])
    elbow["chosen"] = ""
    elbow.loc[first & (elbow["k"] == ks[1]), "chosen"] = "elbow"
    elbow.loc[first & (elbow["k"] == ks[-1]), "chosen"] = "silhouette"
    chart = elbow_chart(dataclasses.replace(RESULTS, elbow=elbow))
    assert chart is not None
    knee, silhouette, gap, agreement = next(
        one for one in chart.views if one.name == ENCODERS[0]
    ).panels
    assert (knee["title"], knee["mark"]) == (f"elbow: k = {ks[1]}", ks[1])
    assert (silhouette["title"], silhouette["mark"]) == (
        f"silhouette: k = {ks[-1]} or more", ks[-1],
    )  # fmt: skip
    assert (gap["title"], gap["mark"]) == ("gap: no clear k", None)
    assert (agreement["title"], agreement["mark"]) == ("agreement of all encoders: k = 5", 5)


def test_the_shared_k_is_told_with_its_reason_and_where_it_is_in_doubt() -> None:
    without = example_results(truth=False)
    groups: dict[str, int | None] = {"shared": 4, "elbow": 4, "agreement": 5, "coarse": None}

    def note(**changes: int | None) -> str:
        run = without.run | {"groups": groups | changes}
        chart = elbow_chart(dataclasses.replace(without, run=run))
        assert chart is not None
        return chart.note

    assert note().startswith("All encoders share k = 4, where their mean inertia bends. Grey:")
    assert "k = 4, the middle of the range." in note(elbow=None)
    assert "agree best at k = 9: how many groups there are is in doubt" in note(
        agreement=9, coarse=4
    )
    chart = elbow_chart(dataclasses.replace(RESULTS, run=RESULTS.run | {"groups": groups}))
    assert chart is not None and chart.note.startswith("Grey:")  # the labels give k


def test_where_no_k_was_searched_nothing_is_said_of_it() -> None:
    plain = RESULTS.elbow[["encoder", "k", "inertia", "silhouette", "gap", "chosen"]]
    chart = elbow_chart(dataclasses.replace(RESULTS, elbow=plain))
    assert chart is not None and chart.note == ""
    assert [panel["title"] for panel in chart.views[0].panels] == ["elbow", "silhouette", "gap"]
    assert not any("band" in panel for panel in chart.views[0].panels)
