"""Where the documentation reads the program: each thing from the one place that defines it.

Imports stand inside the functions, so that a page that needs one part imports that part alone.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

    from embedbench.metrics import Metric
    from embedbench.results.schema import Table

__all__ = ["commands", "encoders", "metrics_of_clusters", "metrics_of_encoders", "tables"]


def commands() -> "click.Group":
    """Return the command line."""
    from embedbench.cli import cli

    return cli


def metrics_of_clusters() -> "Sequence[Metric]":
    """Return the metrics of a partition."""
    from embedbench.metrics import METRICS

    return METRICS


def metrics_of_encoders() -> "Sequence[Metric]":
    """Return the metrics of an encoder's vectors."""
    from embedbench.metrics import ENCODER_METRICS

    return ENCODER_METRICS


def tables() -> "Mapping[str, Table]":
    """Return the tables of a run folder, by the stems of their files."""
    from embedbench.results.schema import TABLES

    return TABLES


def encoders() -> Mapping[str, str]:
    """Return the first line on each installed encoder, by its name."""
    from embedbench.registry import installed

    return {
        name: (found.load().__doc__ or "").strip().splitlines()[0]
        for name, found in installed().items()
    }
