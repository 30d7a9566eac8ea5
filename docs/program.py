"""Where the documentation reads the program: each thing from the one place that defines it.

Imports are inside the functions, so that a page that needs one part imports only that part.
"""

import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

    from embedbench.encoder import Encoder
    from embedbench.encoders.sets import EncoderChoice
    from embedbench.metrics.base import Metric
    from embedbench.results import schema

__all__ = [
    "checks",
    "commands",
    "encoder_sets",
    "encoders",
    "fields_of",
    "metrics_of_clusters",
    "metrics_of_encoders",
    "promised_modules",
    "run_schema",
    "tables",
]


def commands() -> "click.Group":
    """Return the command line."""
    from embedbench.cli.group import cli

    return cli


def metrics_of_clusters() -> "Sequence[Metric]":
    """Return the metrics of a partition."""
    from embedbench.metrics.clustering.catalogue import METRICS

    return METRICS


def metrics_of_encoders() -> "Sequence[Metric]":
    """Return the metrics of an encoder's vectors."""
    from embedbench.metrics.embedding.catalogue import ENCODER_METRICS

    return ENCODER_METRICS


def tables() -> "Mapping[str, schema.Table]":
    """Return the tables of a run folder, by the stems of their files."""
    from embedbench.results import schema

    return schema.TABLES


def run_schema() -> dict[str, Any]:
    """Return the JSON schema of `run.json`."""
    from embedbench.results.record.run_schema import run_schema as read

    return read()


def encoders() -> "Mapping[str, type[Encoder]]":
    """Return the class of each installed encoder, by its name."""
    from embedbench.encoders.registry import installed_encoders

    return {name: found.load() for name, found in installed_encoders().items()}


def fields_of(cls: "type[Encoder]") -> list[list[str]]:
    """Return one row per field of an encoder: name, default, what it is."""
    from embedbench.encoders.listing import list_fields

    return list_fields(cls)


def encoder_sets() -> "tuple[list[str], Mapping[str, Sequence[EncoderChoice]]]":
    """Return the headings of a set's table, and the sets of encoders by their names."""
    from embedbench.encoders.sets import HEADINGS, SETS

    return HEADINGS, SETS


def promised_modules() -> Sequence[ModuleType]:
    """Return the modules whose names in `__all__` are promised."""
    names = ("embedbench", "embedbench.encoder", "embedbench.conformance", "embedbench.errors")
    return [importlib.import_module(name) for name in names]


def checks() -> Mapping[str, str]:
    """Return what each conformance check fails, by its name."""
    from embedbench.conformance import CHECKS, check_description

    return {check.__name__: check_description(check) for check in CHECKS}
