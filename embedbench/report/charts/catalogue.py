"""All charts of the page, in the order in which they stand in their sections."""

from collections.abc import Callable

from embedbench.report.charts.chart import Chart
from embedbench.report.charts.cost import cost_chart
from embedbench.report.charts.domains import composition_chart, domains_chart
from embedbench.report.charts.elbow import elbow_chart
from embedbench.report.charts.purposes import few_shot_chart, purposes_chart, sizes_charts
from embedbench.report.charts.robustness import contamination_chart, curves_chart
from embedbench.report.charts.scores import ranks_chart, scores_chart, signals_chart
from embedbench.report.charts.similarity import similarity_chart, variance_chart
from embedbench.results.results import Results

__all__ = ["charts_of"]

_CHARTS: tuple[Callable[[Results], Chart | None], ...] = (
    signals_chart,
    cost_chart,
    scores_chart,
    purposes_chart,
    few_shot_chart,
    ranks_chart,
    similarity_chart,
    variance_chart,
    elbow_chart,
    curves_chart,
    contamination_chart,
    domains_chart,
    composition_chart,
)


def charts_of(results: Results) -> list[Chart]:
    """Return the charts that these results have."""
    charts = [chart for make in _CHARTS if (chart := make(results)) is not None]
    return [*charts, *sizes_charts(results)]
