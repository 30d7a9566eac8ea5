"""Charts of numbers: elbow, silhouettes, clusters against classes, the comparison."""

import numpy as np
import pandas as pd
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.optimize import linear_sum_assignment

from embedbench.report.looks import (
    INK,
    MUTED,
    NOISE,
    cluster_colour,
    cluster_name,
    encoder_colours,
    in_order,
)
from embedbench.report.plots.heatmap import draw_cells
from embedbench.report.plots.style import empty_axes, plot_style
from embedbench.results.schema import K_CRITERIA
from embedbench.results.views import chosen_k
from embedbench.utils.text import shorten, two_decimals

__all__ = [
    "agreement_figure",
    "class_table",
    "classes_figure",
    "elbow_figure",
    "silhouette_chart",
    "silhouette_figure",
]

_BAND = "#DDE3E8"


def elbow_figure(elbow: pd.DataFrame, encoder: str, colour: str) -> Figure:
    """Return inertia, silhouette and gap over k, with the k that each of them chooses.

    Args:
        elbow: the rows of one encoder in `Results.elbow`. The grey band is the null reference,
            data without clusters; where it is missing, no k was searched.
        encoder: the name in the title.
        colour: the encoder's colour.
    """
    table = elbow.sort_values("k")
    has_null = "inertia_null_low" in table and bool(table["inertia_null_low"].notna().any())
    with plot_style():
        figure = Figure(figsize=(10, 3.3), layout="constrained")
        figure.suptitle(f"How many clusters? {shorten(encoder, 60)}", x=0.01, ha="left")
        inertia, silhouette, gap = figure.subplots(1, 3)
        k = table["k"]
        inertia.plot(k, table["inertia"], "o-", color=colour, markersize=3.5)
        silhouette.plot(k, table["silhouette"], "o-", color=colour, markersize=3.5)
        gap.plot(k, table["gap"], "o-", color=colour, markersize=3.5)
        for axes, criterion, name in zip(
            (inertia, silhouette, gap), K_CRITERIA, ("inertia", "silhouette", "gap"), strict=True
        ):
            axes.set(xlabel="k", ylabel=name)
            axes.use_sticky_edges = False
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            if has_null:
                _mark_chosen(axes, criterion, chosen_k(table, criterion), int(k.max()))
        if has_null:
            _draw_null(table, inertia, silhouette, gap, colour)
    return figure


def _draw_null(
    table: pd.DataFrame, inertia: Axes, silhouette: Axes, gap: Axes, colour: str
) -> None:
    """Add what data without clusters gives, and how sure the gap is."""
    k, floor = table["k"], min(0.0, table["silhouette"].min())
    inertia.fill_between(
        k, table["inertia_null_low"], table["inertia_null_high"], color=_BAND, zorder=0
    )
    silhouette.fill_between(k, floor, table["silhouette_null_high"], color=_BAND, zorder=0)
    gap.errorbar(k, table["gap"], table["gap_error"], fmt="none", ecolor=colour)
    inertia.text(
        0.98, 0.95, "grey: without clusters", color=MUTED, size=8, ha="right", va="top",
        transform=inertia.transAxes,
    )  # fmt: skip


def _mark_chosen(axes: Axes, criterion: str, k: int | None, last: int) -> None:
    """Mark the best k; if it is the last one tried, more clusters may be better."""
    if k is None:
        axes.set_title(f"{criterion}: no clear k", color=MUTED)
        return
    axes.set_title(f"{criterion}: k = {k}{' or more' if k == last else ''}")
    axes.axvline(k, color=INK, linewidth=1.2, linestyle=(0, (4, 3)), zorder=0.5)


def silhouette_figure(silhouettes: pd.DataFrame, title: str) -> Figure:
    """Return the silhouettes of all images, sorted in their clusters, with the mean as a line.

    Args:
        silhouettes: columns `cluster` and `silhouette`; nan is not drawn and not in the mean.
        title: what the partition is called.
    """
    images = silhouettes.dropna(subset=["silhouette"])
    left_out = len(silhouettes) - len(images)
    sizes = images["cluster"].value_counts()
    with plot_style():
        height = float(np.clip(0.3 * len(sizes) + 1.3, 3, 12))
        figure = Figure(figsize=(6.4, height), layout="constrained")
        axes = figure.subplots()
        axes.set_title(title)
        if images.empty:
            empty_axes(axes, "no silhouette: it needs two clusters or more")
            return figure
        step = max(1.0, len(images) / 90)
        edge, middles = 0.0, {}
        for cluster in in_order(images["cluster"]):
            values = images.loc[images["cluster"] == cluster, "silhouette"].sort_values()
            rows = edge + np.arange(len(values) + 1)
            axes.stairs(values[::-1], rows, orientation="horizontal", fill=True,
                        color=cluster_colour(cluster))  # fmt: skip
            middles[cluster] = edge + len(values) / 2
            edge = rows[-1] + step
        mean = images["silhouette"].mean()
        axes.axvline(mean, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.axvline(0, color="#C5CCD3", linewidth=1)
        axes.set_yticks(
            list(middles.values()), [_row_name(c, int(sizes[c])) for c in middles], size=8
        )
        axes.set_ylim(edge, -step)
        axes.grid(axis="y", visible=False)
        note = f" · {left_out} without one" if left_out else ""
        axes.set_xlabel(f"silhouette (dashed: mean {mean:.2f}{note})")
    return figure


def _row_name(cluster: int, size: int) -> str:
    return f"{'noise' if cluster < 0 else cluster} ({size})"


def class_table(clusters: pd.Series, truth: pd.Series) -> pd.DataFrame:
    """Return how many images of each class (columns) each cluster (rows) holds.

    Classes stand in the order that puts the largest counts on the diagonal (an optimal
    assignment); clusters that got no class, and noise, come last. Images without a label do not
    count.
    """
    counts = pd.crosstab(clusters, truth)
    counts = counts.loc[in_order(counts.index.to_series())]
    matched = counts.index >= 0
    rows, columns = linear_sum_assignment(-counts[matched].to_numpy())
    return counts.iloc[_first(rows, len(counts)), _first(columns, counts.shape[1])]


def _first(chosen: Int[np.ndarray, " chosen"], count: int) -> list[int]:
    return [*chosen.tolist(), *sorted(set(range(count)) - set(chosen.tolist()))]


def classes_figure(clusters: pd.Series, truth: pd.Series, title: str) -> Figure:
    """Return the heat map of `class_table`."""
    table = class_table(clusters, truth)
    table.index = [cluster_name(int(cluster)) for cluster in table.index]
    table.columns = [shorten(str(name), 22) for name in table.columns]
    with plot_style():
        width = float(np.clip(0.42 * table.shape[1] + 2.4, 4.5, 16))
        height = float(np.clip(0.32 * table.shape[0] + 1.9, 3.4, 16))
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
        if table.empty:
            empty_axes(axes, "no image has a label")
            return figure
        small = table.size <= 900
        texts = table.astype(str).where(table > 0, "") if small else None
        draw_cells(axes, table, texts, bar=not small)
        axes.set_title(title)
        axes.tick_params(axis="x", rotation=45 if table.shape[1] > 6 else 0, labelsize=8)
        axes.tick_params(axis="y", rotation=0, labelsize=8)
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("right" if table.shape[1] > 6 else "center")
            label.set_rotation_mode("anchor")
    return figure


def agreement_figure(comparison: pd.DataFrame) -> Figure:
    """Return the AMI of every encoder, a panel for each clusterer, low to high as whiskers.

    Args:
        comparison: columns `encoder, clusterer, ami, ami_low, ami_high`, one row for each
            encoder x clusterer.
    """
    colours = encoder_colours(comparison["encoder"])
    title = "Agreement with the labels (AMI: 1 is perfect, 0 is chance)"
    return _bars(comparison, "clusterer", "encoder", "ami", colours, title)


def silhouette_chart(comparison: pd.DataFrame) -> Figure:
    """Return the silhouette of every clusterer, a panel for each encoder.

    Each encoder has its own panel because each is measured in a space of its own: bars compare
    inside a panel, never across.

    Args:
        comparison: columns `encoder, clusterer, silhouette`, one row for each encoder x
            clusterer.
    """
    title = "Silhouette, each in the encoder's own space: not comparable between panels"
    colours = {name: NOISE for name in comparison["clusterer"]}
    figure = _bars(comparison, "encoder", "clusterer", "silhouette", colours, title)
    for axes in figure.axes:
        for bar in axes.patches:
            bar.set(hatch="///", edgecolor="white")
    return figure


def _bars(
    table: pd.DataFrame, panel: str, row: str, value: str, colours: dict[str, str], title: str
) -> Figure:
    panels, rows = list(dict.fromkeys(table[panel])), list(dict.fromkeys(table[row]))
    columns = min(len(panels), 3)
    lines = -(-len(panels) // columns)
    with plot_style():
        size = (2.6 + 2.7 * columns, lines * (0.34 * len(rows) + 0.75) + 0.6)
        figure = Figure(figsize=size, layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        for axes, name in zip(grid.flat, panels, strict=False):
            part = table[table[panel] == name].set_index(row).reindex(rows)
            _draw_bars(axes, part, value, [colours[label] for label in rows])
            axes.set_title(shorten(name, 34), fontsize=9.5)
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        grid[0, 0].set_yticks(range(len(rows)), [shorten(label, 32) for label in rows], size=8.5)
        grid[0, 0].set_ylim(len(rows) - 0.4, -0.6)
    return figure


def _draw_bars(axes: Axes, part: pd.DataFrame, value: str, colours: list[str]) -> None:
    low, high = f"{value}_low", f"{value}_high"
    axes.barh(range(len(part)), part[value].fillna(0), color=colours, height=0.62)
    axes.grid(axis="y", visible=False)
    axes.axvline(0, color="#C5CCD3", linewidth=1)
    for position, (_, row) in enumerate(part.iterrows()):
        has_value = pd.notna(row[value])
        end = row[value] if has_value else 0.0
        if has_value and low in part and pd.notna(row[low]):
            axes.plot([row[low], row[high]], [position, position], color=INK, linewidth=1.4)
            end = max(end, row[high])
        text = f" {two_decimals(row[value])}" if has_value else " no number"
        axes.text(
            max(end, 0), position, text, va="center", size=8, color=INK if has_value else MUTED
        )
    axes.margins(x=0.18)
