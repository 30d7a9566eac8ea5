"""A chart of the page: rows of numbers, which the page's script draws by the chart's kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from embedbench.metrics.clustering.catalogue import METRICS
from embedbench.metrics.embedding.catalogue import ENCODER_METRICS

__all__ = ["Chart", "HEADINGS", "Kind", "View", "number"]

HEADINGS = {metric.name: metric.heading for metric in METRICS + ENCODER_METRICS}
"""What a person reads for each metric, by its name."""

Kind = Literal["bars", "cells", "cost", "intervals", "lines"]


@dataclass(frozen=True)
class View:
    """One of the views that a person chooses between; a chart with one view offers no choice.

    Attributes:
        name: what stands in the choice.
        panels: what is drawn side by side; its keys are those that the kind needs.
    """

    name: str
    panels: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes:
        name: by which the page finds its numbers.
        section: id of the section that shows it.
        kind: module of the script that draws it, `web/src/charts/KIND.js`; there it is written
            what a panel holds.
        title: what it shows; people who cannot see it hear this.
        views: at least one.
        choose: what the views are views of, such as "encoder".
        note: what the page says below it, or "".
        look: labels and ranges of the axes, as the kind needs them.
        tabled: whether a table of the page has its numbers; where none has, they are written out
            for those who read the page without its script.
    """

    name: str
    section: str
    kind: Kind
    title: str
    views: Sequence[View]
    choose: str = "view"
    note: str = ""
    look: Mapping[str, Any] | None = None
    tabled: bool = False

    def record(self) -> dict[str, Any]:
        """Return what the script is given."""
        return {
            "kind": self.kind,
            "title": self.title,
            "choose": self.choose,
            "views": [{"name": view.name, "panels": list(view.panels)} for view in self.views],
            **(self.look or {}),
        }


def number(value: Any) -> float | None:
    """Return a number with the digits that a chart can show; None where there is none."""
    if value is None or pd.isna(value):
        return None
    return float(f"{float(value):.5g}")
