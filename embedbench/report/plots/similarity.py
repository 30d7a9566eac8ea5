"""Charts of how alike encoders are."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedbench.report.charts.similarity import SIMILARITIES
from embedbench.report.plots.heatmap import draw_cells
from embedbench.report.plots.style import plot_style
from embedbench.utils.text import shorten, two_decimals

__all__ = ["similarity_figure"]

_NUMBERS_UP_TO = 12


def similarity_figure(similarity: pd.DataFrame) -> Figure:
    """Return three heat maps of how alike each two encoders are, darker is more, 0 to 1.

    Columns bear the numbers of the rows. Numbers stand in the cells of up to 12 encoders.

    Args:
        similarity: as `Results.similarity`, of two encoders or more.
    """
    names = list(dict.fromkeys(similarity["encoder"].astype(str)))
    side = float(np.clip(0.46 * len(names), 1.7, 4.2))
    labels = [f"{shorten(name, 34)}  {number}" for number, name in enumerate(names, start=1)]
    margin = 0.075 * max(len(label) for label in labels)
    with plot_style():
        figure = Figure(figsize=(3 * side + margin + 0.8, side + 0.9), layout="constrained")
        figure.suptitle("How alike the encoders are (1: the same)", x=0.01, ha="left", fontsize=11)
        panels = figure.subplots(1, len(SIMILARITIES), sharey=True)
        for axes, (column, title) in zip(panels, SIMILARITIES.items(), strict=True):
            table = similarity.pivot(index="encoder", columns="other", values=column)
            _draw_matrix(axes, table.reindex(index=names, columns=names))
            axes.set_title(title, fontsize=9.5)
        panels[0].set_yticks(np.arange(len(names)) + 0.5, labels, size=8, rotation=0)
    return figure


def _draw_matrix(axes: Axes, table: pd.DataFrame) -> None:
    small = len(table) <= _NUMBERS_UP_TO
    values = pd.DataFrame(table.to_numpy(dtype=float, copy=True))
    texts = values.map(lambda value: "" if np.isnan(value) else two_decimals(value))
    draw_cells(axes, values, texts if small else None, high=1.0, square=True)
    axes.grid(False)
    numbers = [str(number) for number in range(1, len(table) + 1)]
    axes.set_xticks(np.arange(len(table)) + 0.5, numbers, size=8, rotation=0)
