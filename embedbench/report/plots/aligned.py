"""Maps of all encoders side by side, turned alike, and how much of the vectors a plane shows."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from embedbench.analysis.projections import align_projections
from embedbench.report.looks import COLOURS, cluster_colour
from embedbench.report.plots.maps import read_thumbnail
from embedbench.report.plots.style import plot_style
from embedbench.utils.text import shorten

__all__ = ["aligned_figure", "highlights", "variance_figure"]

_COLUMNS = 3
_HIGHLIGHTS = 8
_THUMBNAIL = 64


def highlights(members: pd.DataFrame) -> list[str]:
    """Return the pictures to follow from map to map: the medoids of the largest clusters.

    Args:
        members: the images of one partition: columns `image, cluster, medoid_distance`.
    """
    inside = members[members["cluster"] >= 0].sort_values("medoid_distance", kind="stable")
    sizes = inside["cluster"].value_counts(sort=False)
    largest = sizes.sort_values(ascending=False, kind="stable").index[:_HIGHLIGHTS]
    first = inside.drop_duplicates("cluster").set_index("cluster")["image"]
    return [str(first[cluster]) for cluster in sorted(largest)]


def aligned_figure(
    places: pd.DataFrame,
    codes: Mapping[str, int],
    thumbnails: Mapping[str, bytes],
    title: str,
) -> Figure:
    """Return the maps of all encoders, each turned and mirrored to lie as the first one does.

    Args:
        places: columns `encoder, image, x, y`; the panels are in the order of the encoders.
        codes: the colour of each image by its number, the same in every panel; -1 is grey.
        thumbnails: of the pictures to follow: they lie on every map, in the same frames.
        title: what is shown.
    """
    encoders = list(dict.fromkeys(places["encoder"].astype(str)))
    tables = {
        name: places[places["encoder"] == name].set_index("image")[["x", "y"]] for name in encoders
    }
    images = tables[encoders[0]].index
    planes = align_projections(
        {name: table.reindex(images).to_numpy(float) for name, table in tables.items()}
    )
    columns = 2 if len(encoders) == 4 else min(_COLUMNS, len(encoders))
    rows = -(-len(encoders) // columns)
    with plot_style():
        figure = Figure(figsize=(4.2 * columns, 4.2 * rows + 0.4), layout="constrained", dpi=140)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        colours = [cluster_colour(codes.get(str(image), -1)) for image in images]
        size = float(np.clip(9000 / max(len(images), 1), 5, 36))
        for axes, (name, plane) in zip(panels, planes.items(), strict=False):
            axes.scatter(*plane.T, s=size, c=colours, alpha=0.75, linewidths=0)
            followed = {image: plane[images.get_loc(image)] for image in thumbnails}
            _add_pictures(axes, followed, thumbnails)
            axes.set(xticks=[], yticks=[], xlabel="", ylabel="", aspect="equal")
            reach = 1.12 * (float(np.abs(plane).max()) or 1.0)
            axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
            for spine in axes.spines.values():
                spine.set(visible=True, color="#D5DBE1")
            axes.set_title(shorten(name, 44), fontsize=9.5)
        for axes in panels[len(encoders) :]:
            axes.set_axis_off()
    return figure


def _add_pictures(
    axes: Axes, places: Mapping[str, np.ndarray], thumbnails: Mapping[str, bytes]
) -> None:
    for number, (image, position) in enumerate(places.items()):
        picture = OffsetImage(np.asarray(read_thumbnail(thumbnails[image], _THUMBNAIL)), zoom=0.36)
        frame = {"edgecolor": COLOURS[number % len(COLOURS)], "linewidth": 2.0}
        box = AnnotationBbox(picture, tuple(position), pad=0.08, bboxprops=frame)
        axes.add_artist(box)


def variance_figure(variance: pd.DataFrame, colours: Mapping[str, str]) -> Figure:
    """Return how much of the variance the first principal components hold together.

    Args:
        variance: columns `encoder, component, cumulative`.
        colours: of the encoders.
    """
    encoders: Sequence[str] = list(dict.fromkeys(variance["encoder"].astype(str)))
    with plot_style():
        height = max(3.4, 0.18 * len(encoders) + 0.9)
        figure = Figure(figsize=(8.4, height), layout="constrained")
        axes = figure.subplots()
        for name in encoders:
            rows = variance[variance["encoder"] == name]
            axes.plot(
                rows["component"], rows["cumulative"], color=colours[name], label=shorten(name, 44)
            )
        axes.axvline(2, color="#9AA5B1", linewidth=0.8, linestyle=":")
        axes.set(xlabel="principal components", ylabel="share of the variance", ylim=(0, 1))
        axes.set_title("Cumulative variance of the principal components", loc="left")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=8)
    return figure
