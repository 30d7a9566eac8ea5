"""Pictures in a plane and in rows: maps as dots and as thumbnails, contact sheets."""

from io import BytesIO

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageOps, UnidentifiedImageError
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from embedbench.errors import InputError
from embedbench.report.looks import NOISE, cluster_colour, cluster_marker, cluster_name, in_order
from embedbench.report.plots.charts import class_table
from embedbench.report.plots.style import plot_style
from embedbench.utils.text import pluralise, shorten

__all__ = ["contact_sheet", "grid_cells", "map_figure", "picture_map", "read_thumbnail"]

SHEET_COLUMNS = 14
SHEET_CLUSTERS = 40
LEGEND_ENTRIES = 30
MAP_PICTURES = 1000
_CANVAS = 1500


def read_thumbnail(thumbnail: bytes | None, size: int) -> Image.Image:
    """Return a thumbnail in RGB, cut to a square of `size` pixels; grey if it cannot be read."""
    try:
        with Image.open(BytesIO(thumbnail or b"")) as image:
            return ImageOps.fit(image.convert("RGB"), (size, size))
    except (UnidentifiedImageError, OSError):
        return Image.new("RGB", (size, size), NOISE)


def map_figure(
    points: pd.DataFrame,
    names: dict[int, str],
    title: str,
    shares: tuple[float, float] | None = None,
) -> Figure:
    """Return the map of one encoder as dots coloured by cluster, and by label where there are any.

    A label takes the colour of the cluster that holds it, as `class_table` matches them.

    Args:
        points: columns `x, y, cluster`, and `truth` where labels are known.
        names: what a cluster is named, where it has a name.
        title: what the map shows.
        shares: of the variance along x and y, where the axes are principal components.
    """
    labelled = "truth" in points and bool(points["truth"].notna().any())
    with plot_style():
        figure = Figure(figsize=(12.5 if labelled else 6.8, 5.2), layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        panels = figure.subplots(1, 2 if labelled else 1, squeeze=False)[0]
        clusters = points["cluster"]
        _draw_dots(panels[0], points, clusters, "by cluster")
        legend = {
            code: cluster_name(code, shorten(names.get(code, ""), 20))
            for code in in_order(clusters)
        }
        _add_legend(panels[0], legend)
        _add_numbers(panels[0], points)
        if shares:
            panels[0].set(xlabel=f"PC 1 ({shares[0]:.0%})", ylabel=f"PC 2 ({shares[1]:.0%})")
        if labelled:
            codes = _label_codes(clusters, points["truth"])
            labels = points["truth"].map(codes).fillna(-1).astype(int)
            _draw_dots(panels[1], points, labels, "by label")
            _add_legend(panels[1], {code: shorten(label, 24) for label, code in codes.items()})
    return figure


def _label_codes(clusters: pd.Series, truth: pd.Series) -> dict[str, int]:
    """Return a number for each label: that of its cluster, then numbers that no cluster has."""
    table = class_table(clusters, truth)
    cluster_codes = [int(cluster) for cluster in table.index if cluster >= 0][: table.shape[1]]
    free = range(int(clusters.max()) + 1, int(clusters.max()) + 1 + table.shape[1])
    codes = [*cluster_codes, *free][: table.shape[1]]
    return dict(sorted(zip(table.columns, codes, strict=True), key=lambda pair: pair[1]))


def _add_numbers(axes: Axes, points: pd.DataFrame) -> None:
    for number in in_order(points.loc[points["cluster"] >= 0, "cluster"]):
        group = points[points["cluster"] == number]
        edge = {"boxstyle": "round,pad=0.25", "facecolor": "white", "alpha": 0.9}
        axes.text(
            group["x"].median(), group["y"].median(), str(number), ha="center", va="center",
            size=8, weight="bold", bbox=edge | {"edgecolor": cluster_colour(number)},
        )  # fmt: skip


def _draw_dots(axes: Axes, points: pd.DataFrame, codes: pd.Series, title: str) -> None:
    size = float(np.clip(14000 / max(len(points), 1), 9, 60))
    for code in in_order(codes):
        part = points[codes == code]
        marker = cluster_marker(code)
        axes.scatter(
            part["x"], part["y"], s=size, marker=marker, color=cluster_colour(code),
            linewidths=1.0 if code < 0 else 0.4, zorder=1 if code < 0 else 2,
            edgecolors=None if code < 0 else "white",
        )  # fmt: skip
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    axes.set_title(title, fontsize=10)
    for spine in axes.spines.values():
        spine.set_visible(True)


def _add_legend(axes: Axes, names: dict[int, str]) -> None:
    """Name the colours and markers."""
    shown = list(names.items())[:LEGEND_ENTRIES]
    handles = [
        axes.scatter([], [], s=28, marker=cluster_marker(code), color=cluster_colour(code))
        for code, _ in shown
    ]
    # matplotlib leaves out names that start with _.
    labels = [f" {name}" if name.startswith("_") else name for _, name in shown]
    if len(names) > len(shown):
        handles.append(axes.scatter([], [], s=0))
        labels.append(f"and {len(names) - len(shown)} more")
    axes.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=8,
        handletextpad=0.2, borderaxespad=0,
    )  # fmt: skip


def picture_map(points: pd.DataFrame, title: str) -> Figure:
    """Return the map of one encoder as thumbnails, each framed in its cluster's colour.

    Every picture stands in the cell of a grid that the optimal assignment gives it, so that none
    hides another. Of more than 1,000 images every second, third, ... is shown.

    Args:
        points: columns `x, y, cluster, thumbnail`.
        title: what the map shows.
    """
    step = -(-len(points) // MAP_PICTURES)
    shown = points.iloc[::step]
    side = int(np.ceil(np.sqrt(2.2 * len(shown)))) + 1
    cell = _CANVAS // side
    canvas = Image.new("RGB", (side * cell, side * cell), "white")
    cells = grid_cells(shown[["x", "y"]].to_numpy(dtype=float), side)
    for (column, row), cluster, thumbnail in zip(
        cells.tolist(), shown["cluster"].tolist(), shown["thumbnail"], strict=True
    ):
        left, top = column * cell + 1, row * cell + 1
        canvas.paste(cluster_colour(cluster), (left, top, left + cell - 2, top + cell - 2))
        canvas.paste(read_thumbnail(thumbnail, cell - 8), (left + 3, top + 3))
    with plot_style():
        figure = Figure(figsize=(9, 9.3), layout="constrained", dpi=170)
        axes = figure.subplots()
        note = f", {len(shown)} of {len(points)} images" if step > 1 else ""
        axes.set_title(title + note, fontsize=9.5)
        axes.imshow(np.asarray(canvas))
        axes.set_axis_off()
    return figure


def grid_cells(points: Float[np.ndarray, "images 2"], side: int) -> Int[np.ndarray, "images 2"]:
    """Return the column and row of a cell of its own for each point, row 0 at the top.

    Together they move as little as can be: the assignment with the least sum of squares.

    Raises:
        InputError: there are more points than cells.
    """
    if len(points) > side**2:
        raise InputError(f"{len(points)} points need more cells than {side} x {side}")
    low, high = points.min(axis=0), points.max(axis=0)
    positions = (points - low) / np.where(high > low, high - low, 1.0)
    positions[:, 1] = 1 - positions[:, 1]
    cells = np.argwhere(np.ones((side, side), dtype=bool))
    _, chosen = linear_sum_assignment(cdist(positions * (side - 1), cells, "sqeuclidean"))
    return np.asarray(cells[chosen])


def contact_sheet(pictures: pd.DataFrame, names: dict[int, str], title: str) -> Figure:
    """Return rows of thumbnails for each cluster, the medoid first, then by distance from it.

    At most two rows of 14 for each of the 40 largest clusters, in the order of their numbers;
    the headings say how many there are.

    Args:
        pictures: columns `cluster, medoid_distance, thumbnail`.
        names: what a cluster is named, where it has a name.
        title: what the partition is called.
    """
    sizes = pictures["cluster"].value_counts()
    shown = in_order(sizes.index[:SHEET_CLUSTERS].to_series())
    strips = {}
    for cluster in shown:
        group = pictures[pictures["cluster"] == cluster].sort_values("medoid_distance")
        strips[cluster] = _strip(group["thumbnail"].head(2 * SHEET_COLUMNS), cluster)
    with plot_style():
        rows = [strip.height / 100 + 0.55 for strip in strips.values()]
        height = sum(rows) * 12 / SHEET_COLUMNS + 0.6
        figure = Figure(figsize=(12, height), dpi=110, layout="constrained")
        if len(sizes) > len(shown):
            title = f"{title} (the {len(shown)} largest of {len(sizes)})"
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        grid = figure.subplots(len(shown), 1, squeeze=False, height_ratios=rows)[:, 0]
        for axes, (cluster, strip) in zip(grid, strips.items(), strict=True):
            axes.imshow(np.asarray(strip), interpolation="auto")
            axes.set_axis_off()
            heading = cluster_name(cluster, shorten(names.get(cluster, ""), 50))
            axes.set_title(f"{heading} · {pluralise(int(sizes[cluster]), 'image')}", fontsize=10)
    return figure


def _strip(thumbnails: pd.Series, cluster: int) -> Image.Image:
    """Return thumbnails in rows, a bar in the cluster's colour at their left."""
    rows = -(-len(thumbnails) // SHEET_COLUMNS)
    strip = Image.new("RGB", (100 * SHEET_COLUMNS + 12, 100 * rows), "white")
    strip.paste(cluster_colour(cluster), (0, 2, 6, 100 * rows - 2))
    for index, thumbnail in enumerate(thumbnails):
        row, column = divmod(index, SHEET_COLUMNS)
        strip.paste(read_thumbnail(thumbnail, 96), (12 + 100 * column, 2 + 100 * row))
    return strip
