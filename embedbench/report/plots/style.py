"""How every figure is drawn by matplotlib: type, lines and size."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import seaborn as sns
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from embedbench.report.looks import INK, MUTED

__all__ = ["empty_axes", "plot_style", "save"]

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
