"""Figures of a comparison: which there are, and how they become files."""

from embedbench.plots.drawings import Drawing, draw_figures, drawings
from embedbench.results.views import headline_rows

__all__ = ["Drawing", "draw_figures", "drawings", "headline_rows"]
