"""The sections of the single encoders: their maps, and the pictures in their clusters."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from embedbench.report.looks import cluster_colour, cluster_name, encoder_colours, in_order
from embedbench.report.tables import NOTHING, format_value
from embedbench.results.results import Results
from embedbench.results.views import members_of, with_timings
from embedbench.utils.text import pluralise

__all__ = ["EncoderPart", "encoder_parts"]

STRIP_PICTURES = 13
MOST_LABELS = 3
ALL_PICTURES_UP_TO = 2000
"""With more images than this, each cluster shows its first strip only: the file stays small."""

MOST_CLUSTERS = 60
"""With more images than that, only this number of the largest clusters is shown."""


@dataclass(frozen=True)
class Strip:
    """One cluster as the page shows it.

    Attributes:
        heading: its number and name.
        numbers: what is known of it, a short line each.
        labels: the commonest known labels of its images and their shares, in words; or "".
        colour: its colour.
        first: its most typical pictures by their names, the medoid first.
        least: its least typical pictures.
        rest: its other pictures.
    """

    heading: str
    numbers: list[str]
    labels: str
    colour: str
    first: list[str]
    least: list[str]
    rest: list[str]


@dataclass(frozen=True)
class ClustererPart:
    """One clusterer in an encoder's section, and how many small clusters are not shown."""

    name: str
    strips: list[Strip]
    left_out: int


@dataclass(frozen=True)
class EncoderPart:
    """One encoder's section; of an encoder that failed, its error alone."""

    name: str
    anchor: str
    colour: str
    error: str
    facts: str
    clusterers: list[ClustererPart]


def encoder_parts(results: Results) -> list[EncoderPart]:
    """Return the section of each requested encoder, in their order."""
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    parts = []
    for number, (_, row) in enumerate(with_timings(results).iterrows(), start=1):
        name = str(row["encoder"])
        failed = row.get("status") == "failed"
        parts.append(
            EncoderPart(
                name=name,
                anchor=f"encoder-{number}",
                colour=colours[name],
                error=format_value("error", row.get("error")) if failed else "",
                facts=_facts(row),
                clusterers=_clusterers(results, name),
            )
        )
    return parts


def _facts(row: pd.Series) -> str:
    """Return the facts on an encoder, in one line."""
    formats = [
        ("dim", "{} dimensions"),
        ("images_per_second", "{} images a second"),
        ("peak_memory_mb", "{} MB of memory"),
        ("parameters", "{} parameters"),
        ("licence", "{}"),
    ]
    facts = [(format_value(name, row.get(name)), text) for name, text in formats]
    return " · ".join(text.format(value) for value, text in facts if value != NOTHING)


def _clusterers(results: Results, encoder: str) -> list[ClustererPart]:
    """Return the parts of an encoder's clusterers; the first has all its pictures."""
    members = members_of(results, encoder)
    clusters = results.clusters[results.clusters["encoder"] == encoder]
    clusters = clusters[clusters["space"] == results.spaces[0]]
    parts: list[ClustererPart] = []
    for name in members["clusterer"].unique():
        few = len(results.images) <= ALL_PICTURES_UP_TO
        rows = members[members["clusterer"] == name].sort_values("medoid_distance", kind="stable")
        table = clusters[clusters["clusterer"] == name].set_index("cluster")
        shown = rows if few else _of_largest(rows)
        left_out = rows["cluster"].nunique() - shown["cluster"].nunique()
        strips = _strips(shown, table, few and not parts)
        parts.append(ClustererPart(str(name), strips, left_out))
    return parts


def _of_largest(members: pd.DataFrame) -> pd.DataFrame:
    """Return the members of the largest clusters."""
    sizes = members["cluster"].value_counts(sort=False).sort_index()
    largest = sizes.sort_values(ascending=False, kind="stable").index[:MOST_CLUSTERS]
    return members[members["cluster"].isin(largest)]


def _strips(members: pd.DataFrame, clusters: pd.DataFrame, everything: bool) -> list[Strip]:
    """Return one strip a cluster, in the order of their numbers, noise last."""
    strips = []
    for cluster in in_order(members["cluster"]):
        rows = members[members["cluster"] == cluster]
        has_row = cluster in clusters.index
        row = pd.Series(clusters.loc[cluster]) if has_row else pd.Series(dtype=object)
        names = rows["image"].astype(str).tolist()
        typical, least = (_listed(row.get(kind), names) for kind in ("typical", "atypical"))
        shown = {*typical, *least}
        ordered = [*typical, *(name for name in names if name not in shown)]
        name = format_value("name", row.get("name"))
        strips.append(
            Strip(
                heading=cluster_name(cluster, "" if name == NOTHING else name),
                numbers=_numbers(row, len(names)),
                labels=_labels_in_words(rows["truth"]) if "truth" in rows else "",
                colour=cluster_colour(cluster),
                first=ordered[:STRIP_PICTURES],
                least=least,
                rest=ordered[STRIP_PICTURES:] if everything else [],
            )
        )
    return strips


def _listed(cell: Any, known: Sequence[str]) -> list[str]:
    """Return the names in a cell that are those of the cluster's images.

    The cell holds a JSON list; a run folder of others may hold anything, which names none.
    """
    try:
        names = json.loads(cell) if isinstance(cell, str) and cell else []
    except ValueError:
        return []
    return [name for name in names if name in known] if isinstance(names, list) else []


def _numbers(cluster: pd.Series, size: int) -> list[str]:
    """Return what is known of a cluster, a short line each."""
    lines = [pluralise(size, "image")]
    for column in ("silhouette", "cohesion", "separation"):
        value = format_value(column, cluster.get(column))
        if value != NOTHING:
            lines.append(f"{column} {value}")
    nearest = cluster.get("nearest_cluster", -1)
    if lines[-1].startswith("separation") and nearest >= 0:
        lines[-1] += f" from cluster {int(nearest)}"
    name, margin, word = (
        format_value(column, cluster.get(column))
        for column in ("name", "name_margin", "nearest_word")
    )
    if name != NOTHING:
        return [*lines, f"name margin {margin}"]
    return lines if word == NOTHING else [*lines, f"no good name (nearest: {word})"]


def _labels_in_words(labels: pd.Series) -> str:
    """Return the commonest known labels and their shares, the commonest first; "" without any."""
    counts = labels.dropna().astype(str).value_counts().sort_index()
    counts = counts.sort_values(ascending=False, kind="stable")
    texts = [
        f"{label} {_percent(count / counts.sum())}"
        for label, count in counts.iloc[:MOST_LABELS].items()
    ]
    more = len(counts) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more else "")


def _percent(share: float) -> str:
    """Return a share in whole percent: 100 only where it is all, never 0."""
    whole = 100 if share == 1 else min(max(round(100 * share), 1), 99)
    return f"{whole}\N{NO-BREAK SPACE}%"
