"""Charts of corrupted and mixed-in images: what corruptions cost, where mixed-in images end up."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from embedbench.data.images.corruptions import SEVERITIES
from embedbench.report.charts.robustness import CURVE_HEADINGS, WHERE
from embedbench.report.looks import INK, MUTED
from embedbench.report.plots.style import plot_style
from embedbench.utils.text import shorten

__all__ = ["contamination_figure", "curves_figure"]

_MOST_COLUMNS = 3
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def curves_figure(
    table: pd.DataFrame, colours: Mapping[str, str], clusterer: str, metric: str
) -> Figure:
    """Return a metric over severity, a panel for each corruption and a line for each encoder.

    Severity 0 is the clean images. The band is the interval of the change from them.

    Args:
        table: a row for each encoder, corruption, severity, clusterer and metric: `encoder` and
            `embedbench.results.schema.ROBUSTNESS_COLUMNS`.
        colours: of each encoder.
        clusterer: whose numbers; "" for what needs none.
        metric: which.
    """
    rows = table[(table["clusterer"] == clusterer) & (table["metric"] == metric)]
    kinds = list(dict.fromkeys(table["corruption"].astype(str)))
    encoders = list(dict.fromkeys(table["encoder"].astype(str)))
    columns = len(kinds) if len(kinds) <= _MOST_COLUMNS else 2 if len(kinds) == 4 else 3
    lines = -(-len(kinds) // columns)
    names_across = min(2, columns)
    by = f", {shorten(clusterer)}" if clusterer else ""
    heading = CURVE_HEADINGS.get(metric, metric)
    with plot_style():
        height = 2.3 * lines + 1.0 + 0.24 * -(-len(encoders) // names_across)
        figure = Figure(figsize=(10.4 if columns > 1 else 7.0, height), layout="constrained")
        title = f"{heading[:1].upper()}{heading[1:]} over severity{by}; 0 is the clean images"
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for index, (axes, kind) in enumerate(zip(panels, kinds, strict=False)):
            _draw_panel(axes, rows[rows["corruption"] == kind], encoders, colours)
            axes.set_title(kind, fontsize=9.5)
            lowest = index + columns >= len(kinds)
            axes.tick_params(labelbottom=lowest)
            axes.set_xlabel("severity" if lowest else "")
        _set_range(panels[0], rows)
        for axes in panels[len(kinds) :]:
            axes.set_axis_off()
        handles = [
            Line2D([], [], color=colours[name], marker=_marker(index), markersize=5,
                   label=shorten(name, 48))
            for index, name in enumerate(encoders)
        ]  # fmt: skip
        figure.legend(handles=handles, loc="outside lower left", ncols=names_across,
                      frameon=False, fontsize=8.5)  # fmt: skip
    return figure


def _marker(place: int) -> str:
    return _MARKERS[place % len(_MARKERS)]


def _draw_panel(
    axes: Axes, rows: pd.DataFrame, encoders: Sequence[str], colours: Mapping[str, str]
) -> None:
    axes.set_xticks([0, *SEVERITIES])
    for index, encoder in enumerate(encoders):
        encoder_rows = rows[rows["encoder"] == encoder].sort_values("severity")
        _draw_curve(axes, encoder_rows, colours[encoder], _marker(index))


def _draw_curve(axes: Axes, rows: pd.DataFrame, colour: str, marker: str) -> None:
    """Draw one encoder's line from the clean images on; a number that is missing parts it."""
    if rows.empty:
        return
    clean = float(rows["clean"].mean())
    severities = np.append(0, rows["severity"].to_numpy(float))
    values = np.append(clean, rows["value"].to_numpy(float))
    low = np.append(clean, (rows["clean"] + rows["change_low"]).to_numpy(float))
    high = np.append(clean, (rows["clean"] + rows["change_high"]).to_numpy(float))
    axes.fill_between(severities, low, high, color=colour, alpha=0.1, linewidth=0)
    axes.plot(severities, values, color=colour, linewidth=1.6, markersize=4,
              marker=marker, zorder=3)  # fmt: skip


def _set_range(axes: Axes, rows: pd.DataFrame) -> None:
    """Show 0, and no more above the highest band than it needs."""
    ends = pd.concat([rows["clean"], rows["clean"] + rows["change_low"],
                      rows["clean"] + rows["change_high"], rows["value"]]).dropna()  # fmt: skip
    low, high = (ends.min(), ends.max()) if len(ends) else (0.0, 1.0)
    low, high = min(0.0, low), max(0.0, high)
    room = 0.04 * (high - low or 1.0)
    axes.set_xlim(-0.15, SEVERITIES[-1] + 0.15)
    axes.set_ylim(low - room, high + room)


def contamination_figure(table: pd.DataFrame, colours: Mapping[str, str]) -> Figure:
    """Return where mixed-in images end up: a bar for each encoder, a panel for each clusterer.

    Args:
        table: `encoder` and `embedbench.results.schema.CONTAMINATION_COLUMNS`.
        colours: of each encoder.
    """
    shares = table[table["quantity"].isin(WHERE)]
    encoders = list(dict.fromkeys(shares["encoder"].astype(str)))
    clusterers = list(dict.fromkeys(shares["clusterer"].astype(str)))
    with plot_style():
        figure = Figure(figsize=(10.4, 0.36 * len(encoders) + 1.7), layout="constrained")
        title = "Where the mixed-in images end up, percent"
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        panels = figure.subplots(1, len(clusterers), sharey=True, squeeze=False)[0]
        for axes, clusterer in zip(panels, clusterers, strict=True):
            clusterer_rows = shares[shares["clusterer"] == clusterer]
            values = clusterer_rows.pivot(index="encoder", columns="quantity", values="value")
            _draw_bars(axes, values.reindex(index=encoders, columns=list(WHERE)))
            axes.set_title(shorten(clusterer), fontsize=9.5)
            axes.set_xlim(0, 100)
            axes.grid(visible=False)
        panels[0].set_yticks(
            range(len(encoders)), [shorten(name, 40) for name in encoders], size=8.5
        )
        panels[0].set_ylim(len(encoders) - 0.4, -0.6)
        for position, name in enumerate(encoders):
            panels[0].plot([-0.025], [position], "o", color=colours[name], markersize=6,
                           clip_on=False, transform=panels[0].get_yaxis_transform())  # fmt: skip
        panels[0].tick_params(axis="y", pad=12)
        handles = [Patch(color=colour, label=label) for label, colour in WHERE.values()]
        figure.legend(handles=handles, loc="outside lower left", ncols=3, frameon=False,
                      fontsize=8.5)  # fmt: skip
    return figure


_WIDE = 0.1
"""Narrower parts of a bar have no number in them."""


def _draw_bars(axes: Axes, values: pd.DataFrame) -> None:
    for position, row in enumerate(values.to_numpy(float)):
        if np.isnan(row).any():
            axes.text(2, position, "no number", va="center", size=8, color=MUTED)
            continue
        start = 0.0
        for part, (_, colour) in zip(row, WHERE.values(), strict=True):
            axes.barh(position, 100 * part, left=100 * start, height=0.66, color=colour)
            if part >= _WIDE:
                ink = "white" if colour == WHERE["own_cluster"][1] else INK
                axes.text(100 * (start + part / 2), position, f"{100 * part:.0f}", ha="center",
                          va="center", size=8, color=ink)  # fmt: skip
            start += part
