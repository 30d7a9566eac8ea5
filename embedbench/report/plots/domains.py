"""Charts of domains: each measured by itself, and which of them each cluster holds."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from embedbench.report.charts.domains import DOMAIN_COLOURS, cluster_shares, domain_panels
from embedbench.report.looks import INK, MARKERS, MUTED, NOISE
from embedbench.report.plots.heatmap import draw_cells
from embedbench.report.plots.style import empty_axes, plot_style
from embedbench.utils.text import shorten

__all__ = ["composition_figure", "domains_figure"]

_NUMBERS_UP_TO = 600
_LEGEND_SIZE = 8.5


def domains_figure(table: pd.DataFrame, colours: Mapping[str, str], clusterer: str) -> Figure:
    """Return the main metrics of each encoder and domain, with their intervals, a panel each.

    With labels they are AMI, nearest-neighbour accuracy and retrieval. Without, stability, which
    compares everywhere, and the silhouette in grey, which compares domains of one encoder only.

    Args:
        table: columns `encoder, domain, clusterer, metric, value, low, high`, as
            `Results.domains`; encoders and domains are shown in its order.
        colours: of each encoder.
        clusterer: whose clusters are shown.
    """
    shown = domain_panels(table, clusterer)
    encoders = list(dict.fromkeys(table["encoder"].astype(str)))
    domains = list(dict.fromkeys(table["domain"].astype(str)))
    with plot_style():
        height = len(encoders) * (0.15 * len(domains) + 0.26) + 1.5
        width = max(7.4, 2.6 + 2.7 * len(shown))
        figure = Figure(figsize=(width, height), layout="constrained")
        title = "Each domain alone, with 95 % intervals"
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        columns = max(1, len(shown))
        panels = figure.subplots(1, columns, sharey=True, squeeze=False)[0]
        if not shown:
            empty_axes(panels[0], "no domain could be measured")
            return figure
        for axes, (heading, rows) in zip(panels, shown.items(), strict=True):
            _draw_panel(axes, rows, encoders, domains)
            axes.set_title(heading, fontsize=9.5)
        _name_encoders(panels[0], encoders, colours)
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(
            handles, names, loc="outside lower left", ncols=_legend_columns(names, width),
            frameon=False, fontsize=_LEGEND_SIZE, handletextpad=0.2, columnspacing=1.4,
        )  # fmt: skip
    return figure


def _legend_columns(names: Sequence[str], width: float) -> int:
    """Return how many columns of names fit in a legend `width` inches wide, at most 6."""
    longest = max(TextPath((0, 0), name, size=_LEGEND_SIZE).get_extents().width for name in names)
    column = longest + _LEGEND_SIZE * (2 + 0.2 + 1.4)  # The line's handle and both spaces, in em.
    return int(np.clip((72 * width - 2 * _LEGEND_SIZE) // column, 1, min(6, len(names))))


def _draw_panel(
    axes: Axes, rows: pd.DataFrame, encoders: Sequence[str], domains: Sequence[str]
) -> None:
    own_space = bool(rows["metric"].eq("silhouette").all())
    step = 0.72 / len(domains)
    for number, domain in enumerate(domains):
        values = rows[rows["domain"] == domain].set_index("encoder").reindex(list(encoders))
        colour = NOISE if own_space else DOMAIN_COLOURS[number % len(DOMAIN_COLOURS)]
        positions = np.arange(len(encoders)) + step * (number - (len(domains) - 1) / 2)
        axes.hlines(positions, values["low"], values["high"], color=colour, linewidth=2, alpha=0.55)
        axes.plot(
            values["value"], positions, MARKERS[number % len(MARKERS)], color=colour,
            markersize=5.5, markeredgecolor="white", markeredgewidth=0.5, zorder=3,
            label=shorten(domain, 28),
        )  # fmt: skip
    for edge in range(1, len(encoders)):
        axes.axhline(edge - 0.5, color="#E6EAEE", linewidth=0.8, zorder=0)
    axes.grid(axis="y", visible=False)
    lowest = float(rows[["low", "value"]].min().min())
    axes.set_xlim(min(-0.03, lowest - 0.03), 1.03)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    if own_space:
        axes.set_xlabel("compare within an encoder only", color=MUTED, fontsize=8.5)
    axes.set_ylim(len(encoders) - 0.45, -0.55)


def _name_encoders(axes: Axes, encoders: Sequence[str], colours: Mapping[str, str]) -> None:
    """Write the names beside dots of their colours, as the page does."""
    axes.set_yticks(range(len(encoders)), [shorten(name, 34) for name in encoders], size=8.5)
    axes.tick_params(axis="y", pad=14, labelcolor=INK)
    for position, name in enumerate(encoders):
        axes.plot([-0.035], [position], "o", color=colours[name], markersize=6, clip_on=False,
                  transform=axes.get_yaxis_transform())  # fmt: skip


def composition_figure(composition: pd.DataFrame, title: str) -> Figure:
    """Return the share of each domain (columns) in each cluster (rows), 0 to 1.

    Clusters of the same commonest domain stand together, the purest first, noise last. The last
    row is all images: a cluster that takes no heed of the domain looks like it.

    Args:
        composition: columns `cluster, value, images, share_of_cluster`, the rows of one encoder,
            one clusterer and one `by` in `Results.composition`.
        title: what the partition is called.
    """
    shares = cluster_shares(composition)
    with plot_style():
        width = float(np.clip(0.75 * shares.shape[1] + 2.6, 5.2, 14))
        height = float(np.clip(0.23 * len(shares) + 1.7, 2.6, 16))
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
        axes.set_title(title, fontsize=10)
        if shares.empty:
            empty_axes(axes, "no image has a domain")
            return figure
        shares.columns = pd.Index([shorten(str(name), 22) for name in shares.columns])
        _draw_shares(axes, shares)
    return figure


def _draw_shares(axes: Axes, shares: pd.DataFrame) -> None:
    small = shares.size <= _NUMBERS_UP_TO
    texts = shares.map(lambda share: f"{100 * share:.0f} %" if share > 0 else "")
    draw_cells(axes, shares, texts if small else None, bar=not small, high=1.0)
    axes.axhline(len(shares) - 1, color=MUTED, linewidth=1.6)
    slanted = shares.shape[1] > 6
    axes.tick_params(axis="x", rotation=45 if slanted else 0, labelsize=8.5)
    axes.tick_params(axis="y", rotation=0, labelsize=8)
    for label in axes.get_xticklabels() if slanted else ():
        label.set(horizontalalignment="right", rotation_mode="anchor")
