"""The sections of the single encoders: their maps, and the pictures in their clusters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from embedbench.plots.drawings import members_of
from embedbench.plots.style import cluster_colour, cluster_name, encoder_colours, in_order
from embedbench.report.pictures import EmbeddedFigure
from embedbench.report.tables import NOTHING, format_value
from embedbench.results import Results

__all__ = ["EncoderPart", "encoder_parts"]

STRIP_PICTURES = 14
ALL_PICTURES_UP_TO = 2000
"""Of more images than this, each cluster shows its first strip only: the file stays small."""


@dataclass(frozen=True)
class Strip:
    """One cluster: its heading, its numbers, its colour, its pictures by their names."""

    heading: str
    size: int
    silhouette: str
    margin: str
    nearest: str
    colour: str
    first: list[str]
    rest: list[str]


@dataclass(frozen=True)
class ClustererPart:
    """One clusterer in an encoder's section."""

    name: str
    figures: list[EmbeddedFigure]
    strips: list[Strip]


@dataclass(frozen=True)
class EncoderPart:
    """One encoder's section; of an encoder that failed, its error alone."""

    name: str
    anchor: str
    colour: str
    error: str
    facts: str
    maps: list[EmbeddedFigure]
    elbow: EmbeddedFigure | None
    clusterers: list[ClustererPart]


def encoder_parts(
    results: Results, embedded: Mapping[str, tuple[str | None, EmbeddedFigure]]
) -> list[EncoderPart]:
    """Return the section of each encoder asked for, in their order.

    Args:
        results: the comparison.
        embedded: whose each figure is, None if of all, and the figure, by its file.
    """
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    parts = []
    for number, (_, row) in enumerate(results.encoders.iterrows(), start=1):
        name = str(row["encoder"])
        mine = {
            file.split("/")[-1]: found for file, (owner, found) in embedded.items() if owner == name
        }
        failed = row.get("status") == "failed"
        parts.append(
            EncoderPart(
                name=name,
                anchor=f"encoder-{number}",
                colour=colours[name],
                error=format_value("error", row.get("error")) if failed else "",
                facts=_facts(row),
                maps=[found for file, found in mine.items() if file.startswith("map_")],
                elbow=mine.get("elbow.png"),
                clusterers=_clusterers(results, name, mine),
            )
        )
    return parts


def _facts(row: pd.Series) -> str:
    """Return one line of what is known of an encoder."""
    known = [
        ("dim", "{} dimensions"),
        ("images_per_second", "{} images a second"),
        ("peak_memory_mb", "{} MB of memory"),
        ("parameters", "{} parameters"),
        ("licence", "{}"),
    ]
    found = [(format_value(name, row.get(name)), text) for name, text in known]
    return " · ".join(text.format(value) for value, text in found if value != NOTHING)


def _clusterers(
    results: Results, encoder: str, figures: Mapping[str, EmbeddedFigure]
) -> list[ClustererPart]:
    """Return the parts of an encoder's clusterers; the first has all its pictures."""
    members = members_of(results, encoder)
    clusters = results.clusters[results.clusters["encoder"] == encoder]
    parts: list[ClustererPart] = []
    for number, name in enumerate(members["clusterer"].unique(), start=1):
        mine = [
            found
            for file, found in figures.items()
            if file.startswith((f"silhouette_{number:02d}", f"classes_{number:02d}"))
        ]
        everything = not parts and len(results.images) <= ALL_PICTURES_UP_TO
        rows = members[members["clusterer"] == name].sort_values("medoid_distance", kind="stable")
        table = clusters[clusters["clusterer"] == name].set_index("cluster")
        parts.append(ClustererPart(str(name), mine, _strips(rows, table, everything)))
    return parts


def _strips(members: pd.DataFrame, clusters: pd.DataFrame, everything: bool) -> list[Strip]:
    """Return one strip a cluster, in the order of their numbers, noise last."""
    strips = []
    for cluster in in_order(members["cluster"]):
        names = members.loc[members["cluster"] == cluster, "image"].astype(str).tolist()
        row = clusters.loc[cluster] if cluster in clusters.index else pd.Series(dtype=object)
        name = format_value("name", row.get("name"))
        strips.append(
            Strip(
                heading=cluster_name(cluster, "" if name == NOTHING else name),
                size=len(names),
                silhouette=format_value("silhouette", row.get("silhouette")),
                margin=""
                if name == NOTHING
                else format_value("name_margin", row.get("name_margin")),
                nearest=_nearest(row) if name == NOTHING else "",
                colour=cluster_colour(cluster),
                first=names[:STRIP_PICTURES],
                rest=names[STRIP_PICTURES:] if everything else [],
            )
        )
    return strips


def _nearest(cluster: Any) -> str:
    """Return the word that fits a cluster's row best though no good name; "" without words."""
    word = format_value("nearest_word", cluster.get("nearest_word"))
    return "" if word == NOTHING else word
