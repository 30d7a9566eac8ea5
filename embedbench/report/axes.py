"""Figures as matplotlib axes, for notebooks and papers."""

import importlib
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from embedbench.errors import InputError
from embedbench.report.plots.figures import figure_specs
from embedbench.results.purposes import quality_and_speed
from embedbench.results.results import Results
from embedbench.results.views import encoder_named
from embedbench.utils.progress import in_notebook
from embedbench.utils.text import safe_names

__all__ = ["Plots"]


@dataclass(frozen=True)
class Plots:
    """Figures of a comparison as matplotlib axes, for a notebook or a paper.

    `axes.figure.savefig("ranks.pdf")` writes one; text in it stays text. A notebook shows
    `axes.figure`.
    """

    results: Results

    def __post_init__(self) -> None:
        if in_notebook():
            _show_figures()

    def named(self, name: str) -> Axes:
        """Return the first axes of a figure by its name without ending, such as `timm/elbow`.

        Raises:
            InputError: there is no such figure.
        """
        specs = {spec.file.rpartition(".")[0]: spec for spec in figure_specs(self.results)}
        if name not in specs:
            raise InputError(f"no figure '{name}'; there are: {', '.join(specs)}")
        return specs[name].draw().axes[0]

    def ranks(self) -> Axes:
        """Return the ranks with their intervals; without labels the two signals."""
        return self.named("ranks" if self.results.has_truth else "signals")

    def map(self, encoder: str, projection: str = "tsne") -> Axes:
        """Return the images on a plane, coloured by the clusters of the first clusterer."""
        return self.named(f"{self._folder(encoder)}/map_{projection}")

    def elbow(self, encoder: str) -> Axes:
        """Return inertia, silhouette and gap over the number of clusters."""
        return self.named(f"{self._folder(encoder)}/elbow")

    def pareto(self) -> Axes:
        """Return the metric that leads against speed.

        Raises:
            InputError: there are no labels, or the speed of two encoders is not known.
        """
        if len(quality_and_speed(self.results)) < 2:
            raise InputError("quality against speed needs labels and two measured speeds")
        return self.named("pareto")

    def _folder(self, encoder: str) -> str:
        folders = safe_names(self.results.encoders["encoder"].astype(str).tolist())
        return folders[encoder_named(self.results, encoder)]


def _show_figures() -> None:
    """Let the notebook show figures that pyplot does not know, which it does by itself later."""
    shell: Any = importlib.import_module("IPython").get_ipython()
    if shell is not None:
        tools: Any = importlib.import_module("IPython.core.pylabtools")
        tools.select_figure_formats(shell, {"png"})
