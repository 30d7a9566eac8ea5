"""Charts of how sure it is: ranks with their intervals, and the two signals without labels."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from embedbench.metrics.embedding.catalogue import ENCODER_METRICS
from embedbench.report.looks import MUTED
from embedbench.report.plots.style import plot_style
from embedbench.results.schema import SIGNALS
from embedbench.utils.text import shorten

__all__ = ["pareto_figure", "ranks_figure", "signals_figure"]

_HEADINGS = {metric.name: metric.heading for metric in ENCODER_METRICS}
_CHANCE = {"shuffled": "|", "random": "x"}


def ranks_figure(ranks: pd.DataFrame, colours: Mapping[str, str], title: str) -> Figure:
    """Return the rank of each encoder as a dot, and the ranks that it may have as a line.

    Args:
        ranks: columns `encoder, rank, rank_low, rank_high`, the best first.
        colours: of each encoder.
        title: what they are ranked by.
    """
    names = ranks["encoder"].astype(str).tolist()
    with plot_style():
        figure = Figure(figsize=(8.2, 0.36 * len(names) + 1.25), layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        axes = figure.subplots()
        _draw_intervals(
            axes, ranks.set_index("encoder"), ("rank", "rank_low", "rank_high"), colours
        )
        _name_rows(axes, names)
        axes.set(
            xlabel="rank, 1 is best", xlim=(0.6, max(len(names), ranks["rank_high"].max()) + 0.4)
        )
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def signals_figure(
    criteria: pd.DataFrame, encoders: Sequence[str], colours: Mapping[str, str]
) -> Figure:
    """Return both signals of each encoder with their intervals, a panel for each that has any.

    What chance gives is marked faintly: `|` where the vectors are shuffled among the images,
    `x` where their directions are random.

    Args:
        criteria: as `Results.label_free`, with a number of one signal at least.
        encoders: the rows, the first on top.
        colours: of each encoder.
    """
    measured_criteria = set(criteria.dropna(subset=["value"])["criterion"])
    shown = [signal for signal in SIGNALS if signal in measured_criteria]
    with plot_style():
        figure = Figure(figsize=(10.4, 0.36 * len(encoders) + 1.6), layout="constrained")
        title = "Two signals without labels (AMI: 1 is perfect, 0 is chance)"
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        for axes, signal in zip(panels, shown, strict=True):
            rows = criteria[criteria["criterion"] == signal].set_index("encoder")
            rows = rows.reindex(list(encoders))
            for column, marker in _CHANCE.items():
                axes.scatter(rows[column], range(len(rows)), s=34, marker=marker, color="#9AA5AF",
                             linewidths=1.3, zorder=2)  # fmt: skip
            _draw_intervals(axes, rows, ("value", "low", "high"), colours)
            axes.set_title(_HEADINGS[signal], fontsize=9.5)
            axes.set_xlim(min(-0.03, rows[["low", "value"]].min().min() - 0.03), 1.03)
        panels[0].set_xlabel("grey: by chance, | shuffled vectors, x random ones", color=MUTED)
        _name_rows(panels[0], encoders)
    return figure


def pareto_figure(points: pd.DataFrame, colours: Mapping[str, str], metric: str) -> Figure:
    """Return quality against speed: a dot an encoder, and a line through those on the front.

    On the front are those that no other encoder beats in both.

    Args:
        points: columns `encoder, speed, value, low, high`; speed in images a second.
        colours: of each encoder.
        metric: what the values are.
    """
    rows = points.sort_values(["speed", "value"], ascending=False)
    front = rows[rows["value"] > rows["value"].cummax().shift(fill_value=float("-inf"))]
    with plot_style():
        figure = Figure(figsize=(6.4, 4.4), layout="constrained")
        axes = figure.subplots()
        axes.plot(front["speed"], front["value"], color=MUTED, linewidth=1, zorder=1)
        numbers = rows[["speed", "value", "low", "high"]].astype(float)
        middle = float((numbers["speed"].min() * numbers["speed"].max()) ** 0.5)
        lower = _lower_names(np.log(numbers["speed"].to_numpy()), numbers["value"].to_numpy())
        for encoder, (speed, value, low, high), lines in zip(
            rows["encoder"].astype(str), numbers.to_numpy(), lower, strict=True
        ):
            axes.vlines(speed, low, high, color=colours[encoder], linewidth=2, alpha=0.6)
            axes.scatter(speed, value, color=colours[encoder], s=36, zorder=3)
            is_right = speed > middle  # its name is written to the left
            place = (-6 if is_right else 6, 4 - 11 * lines)
            axes.annotate(shorten(encoder, 30), (speed, value), place,
                          textcoords="offset points", ha="right" if is_right else "left",
                          fontsize=8.5)  # fmt: skip
        axes.set(xscale="log", xlabel="images a second", ylabel=metric)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(ScalarFormatter())
    return figure


def _lower_names(
    across: Float64[np.ndarray, " dots"], up: Float64[np.ndarray, " dots"]
) -> list[int]:
    """Return by how many lines each dot's name is lowered, below the names of dots close to it."""
    wide, high = np.ptp(across) or 1.0, np.ptp(up) or 1.0
    lines: list[int] = []
    for dot in range(len(across)):
        near = [
            lines[other]
            for other in range(dot)
            if abs(across[other] - across[dot]) < wide / 3 and abs(up[other] - up[dot]) < high / 25
        ]
        lines.append(max(near) + 1 if near else 0)
    return lines


def _draw_intervals(
    axes: Axes, rows: pd.DataFrame, columns: tuple[str, str, str], colours: Mapping[str, str]
) -> None:
    value, low, high = columns
    for position, (name, row) in enumerate(rows.iterrows()):
        if pd.isna(row[value]):
            axes.text(0.02, position, "no number", va="center", size=8, color=MUTED,
                      transform=axes.get_yaxis_transform())  # fmt: skip
            continue
        colour = colours[str(name)]
        if pd.notna(row[low]):
            axes.plot([row[low], row[high]], [position, position], color=colour, linewidth=2.4,
                      solid_capstyle="round", alpha=0.55)  # fmt: skip
        axes.plot([row[value]], [position], "o", color=colour, markersize=7, zorder=3)


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [shorten(name, 40) for name in names], size=8.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
