"""Cells shaded from white to blue, with or without numbers in them."""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

__all__ = ["draw_cells"]


def draw_cells(
    axes: Axes,
    values: pd.DataFrame,
    texts: pd.DataFrame | None,
    *,
    high: float | None = None,
    bar: bool = False,
    square: bool = False,
) -> None:
    """Draw a table of numbers from 0 on as cells, darker is more; nan stays empty.

    Args:
        axes: where to.
        values: the numbers.
        texts: what stands in the cells; None where they are too many for it: then the cells have
            no lines between them.
        high: the darkest number; the highest of them if None.
        bar: whether a bar tells the shades.
        square: whether the cells are as wide as high.
    """
    sns.heatmap(
        values,
        ax=axes,
        annot=False if texts is None else texts,
        fmt="",
        annot_kws={"size": 8},
        mask=values.isna(),
        cmap="Blues",
        cbar=bar,
        square=square,
        linewidths=0 if texts is None else 0.5,
        linecolor="#EEF1F4",
        vmin=0,
        vmax=high,
    )
    axes.set(xlabel="", ylabel="")
