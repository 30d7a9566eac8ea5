"""Colours and names of encoders and clusters, the same on the page and in figures as files."""

from collections.abc import Iterable

import pandas as pd

__all__ = [
    "COLOURS",
    "INK",
    "MAP_TITLES",
    "MARKERS",
    "MUTED",
    "NOISE",
    "cluster_colour",
    "cluster_marker",
    "cluster_name",
    "encoder_colours",
    "in_order",
]

COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#882255",
    "#A40122",
    "#003C86",
    "#EE6677",
)
"""Six colours of Okabe and Ito (2008), then four of Tol and Krzywinski that stay furthest from
them and from grey for normal, deuteranope and protanope eyes."""

NOISE = "#B8B8B8"
INK = "#1F2933"
MUTED = "#6B7680"
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

MAP_TITLES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


def cluster_colour(cluster: int) -> str:
    """Return the colour of a cluster, grey for noise (-1); they repeat after ten."""
    return NOISE if cluster < 0 else COLOURS[cluster % len(COLOURS)]


def cluster_marker(cluster: int) -> str:
    """Return the marker of a cluster; it changes each time that the colours repeat."""
    return "x" if cluster < 0 else MARKERS[cluster // len(COLOURS) % len(MARKERS)]


def cluster_name(cluster: int, name: str = "") -> str:
    """Return what a cluster is called in figures and in the report."""
    number = "noise" if cluster < 0 else f"cluster {cluster}"
    return f"{number}: {name}" if name else number


def in_order(clusters: pd.Series) -> list[int]:
    """Return the clusters that there are, in the order of their numbers, noise last."""
    numbers = {int(cluster) for cluster in clusters.unique()}
    return sorted(numbers, key=lambda cluster: (cluster < 0, cluster))


def encoder_colours(encoders: Iterable[str]) -> dict[str, str]:
    """Return a colour for each encoder, in their order; they repeat after ten."""
    unique = dict.fromkeys(encoders)
    return {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(unique)}
