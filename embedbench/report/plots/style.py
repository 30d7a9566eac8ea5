"""How every figure looks: colours, markers, type and size."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "INK",
    "MARKERS",
    "MUTED",
    "NOISE",
    "cluster_colour",
    "cluster_marker",
    "cluster_name",
    "empty_axes",
    "encoder_colours",
    "in_order",
    "plot_style",
    "save",
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

_SETTINGS = {
    "axes.edgecolor": "#C5CCD3",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.dpi": 130,
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "grid.color": "#E6EAEE",
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "embedbench",
    "text.color": INK,
    # A label such as "$5 note" is a name, not a formula.
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelsize": 9,
    "ytick.color": MUTED,
    "ytick.labelsize": 9,
}


@contextmanager
def plot_style() -> Iterator[None]:
    """Draw in the style of embedbench inside the block; leave matplotlib as it was after it."""
    with rc_context(sns.axes_style("whitegrid") | _SETTINGS), warnings.catch_warnings():
        # Names in a script that matplotlib's own font lacks; the tables of the report show them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        yield


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


def empty_axes(axes: Axes, reason: str) -> None:
    """Write the reason in the middle of empty axes."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, reason, ha="center", va="center", color=MUTED, transform=axes.transAxes)


def save(figure: Figure, place: Path | BytesIO, format: str | None = None) -> None:
    """Write a figure in a format, by default that of the file's ending; its folder is made."""
    if isinstance(place, Path):
        place.parent.mkdir(parents=True, exist_ok=True)
        format = format or place.suffix.removeprefix(".")
    # The same figure is the same file at any time.
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(format or "")
    with plot_style():
        figure.savefig(place, format=format, metadata=undated)
