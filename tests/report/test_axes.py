"""Promises of figures as axes: by name, as `embedbench figures` draws them, shown in notebooks."""

import dataclasses
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from embedbench.errors import InputError
from embedbench.report.plots.figures import figure_specs
from tests.support.example_results import ENCODERS, example_results

RESULTS = example_results()


def test_results_plot_as_axes_by_name() -> None:
    results = example_results()
    assert results.plot.ranks().get_xlabel() == "rank, 1 is best"
    assert len(results.plot.map(ENCODERS[0]).collections)
    assert results.plot.elbow(ENCODERS[0]).get_xlabel()
    with pytest.raises(InputError, match="no encoder 'nobody'; there are: "):
        results.plot.map("nobody")
    with pytest.raises(InputError, match="no figure 'nothing'; there are: "):
        results.plot.named("nothing")


def test_on_the_front_are_those_that_no_other_beats_in_both() -> None:
    axes = example_results().plot.pareto()
    line = axes.lines[0].get_xydata()
    dots = np.vstack([one.get_offsets() for one in axes.collections if len(one.get_offsets())])
    beaten = [any((other >= dot).all() and (other > dot).any() for other in dots) for dot in dots]
    front = {tuple(dot) for dot, is_beaten in zip(dots, beaten, strict=True) if not is_beaten}
    assert {tuple(point) for point in line} == front
    timings = RESULTS.timings[RESULTS.timings["encoder"].isin(["", ENCODERS[0]])]
    for results in (example_results(False), dataclasses.replace(RESULTS, timings=timings)):
        with pytest.raises(InputError, match="needs labels and two measured speeds"):
            results.plot.pareto()
        assert "pareto.png" not in {spec.file for spec in figure_specs(results)}


def test_a_notebook_is_told_how_to_show_figures_that_pyplot_does_not_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[tuple[Any, set[str]]] = []
    shell: Any = ModuleType("IPython")
    kernel = SimpleNamespace(kernel="a kernel")
    shell.get_ipython = lambda: kernel
    tools: Any = ModuleType("IPython.core.pylabtools")
    tools.select_figure_formats = lambda *given: told.append(given)
    for name, module in (("IPython", shell), (tools.__name__, tools)):
        monkeypatch.setitem(sys.modules, name, module)
    assert RESULTS.plot.ranks().figure is not None
    assert told == [(kernel, {"png"})]
