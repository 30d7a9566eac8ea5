"""The sections of the single encoders: their facts, and their clusters as a table."""

from dataclasses import dataclass

import pandas as pd

from embedbench.report.looks import cluster_name, encoder_colours, in_order
from embedbench.report.page_data.clusters import label_counts, typical_pictures
from embedbench.report.tables import NOTHING, format_value
from embedbench.results.results import Results
from embedbench.results.views import members_of, with_timings

__all__ = ["EncoderPart", "encoder_parts"]

MOST_LABELS = 3
MOST_PICTURES = 6
"""Typical pictures of a cluster in the table of its encoder."""
MOST_CLUSTERS = 60
"""The table of an encoder's clusters has no more rows than this."""


@dataclass(frozen=True)
class ClusterTable:
    """The clusters of one partition as a plain table.

    Attributes:
        clusterer: whose they are.
        rows: number and name, size, mean silhouette and commonest labels of each, as texts, and
            the names of its typical pictures.
        has_labels: whether labels are known.
        left_out: how many small clusters are not in it.
    """

    clusterer: str
    rows: list[tuple[str, str, str, str, list[str]]]
    has_labels: bool
    left_out: int


@dataclass(frozen=True)
class EncoderPart:
    """One encoder's section; of an encoder that failed, its error alone."""

    name: str
    anchor: str
    colour: str
    error: str
    facts: str
    clusters: ClusterTable | None


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
                clusters=_cluster_table(results, name),
            )
        )
    return parts


def _facts(row: pd.Series) -> str:
    """Return the facts on an encoder, in one line."""
    formats = [
        ("dim", "{} dimensions"),
        ("images_per_second", "{} images a second"),
        ("latency_ms", "{} ms for one image"),
        ("peak_memory_mb", "{} MB of memory"),
        ("parameters", "{} parameters"),
        ("weights_mb", "{} MB of weights"),
        ("licence", "{}"),
    ]
    facts = [(format_value(name, row.get(name)), text) for name, text in formats]
    return " · ".join(text.format(value) for value, text in facts if value != NOTHING)


def _cluster_table(results: Results, encoder: str) -> ClusterTable | None:
    """Return the largest clusters of the first clusterer; None where the encoder has none."""
    members = members_of(results, encoder)
    if members.empty:
        return None
    clusterer = members["clusterer"].iloc[0]
    members = members[members["clusterer"] == clusterer].sort_values(
        "medoid_distance", kind="stable"
    )
    known = results.clusters
    if len(known):
        known = known[(known["encoder"] == encoder) & (known["space"] == results.spaces[0])]
        known = known[known["clusterer"] == clusterer].drop_duplicates("cluster")
        known = known.set_index("cluster")
    sizes = members["cluster"].value_counts(sort=False).sort_index()
    largest = sizes.sort_values(ascending=False, kind="stable").index[:MOST_CLUSTERS]
    images = members["image"].astype(str)
    rows = []
    for cluster in in_order(largest.to_series()):
        row = pd.Series(known.loc[cluster] if cluster in known.index else None, dtype=object)
        name = format_value("name", row.get("name"))
        labels = members.loc[members["cluster"] == cluster].get("truth")
        rows.append(
            (
                cluster_name(cluster, "" if name == NOTHING else name),
                f"{sizes[cluster]:,}",
                format_value("silhouette", row.get("silhouette")),
                "" if labels is None else _labels_in_words(labels),
                typical_pictures(row.to_dict(), images[members["cluster"] == cluster].tolist())[
                    :MOST_PICTURES
                ],
            )
        )
    return ClusterTable(str(clusterer), rows, "truth" in members, len(sizes) - len(largest))


def _labels_in_words(labels: pd.Series) -> str:
    """Return the commonest known labels and their shares, the commonest first; "" without any."""
    counts = label_counts(labels)
    known = sum(count for _, count in counts)
    texts = [f"{label} {_percent(count / known)}" for label, count in counts[:MOST_LABELS]]
    more = len(counts) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more else "")


def _percent(share: float) -> str:
    """Return a share in whole percent: 100 only where it is all, never 0."""
    whole = 100 if share == 1 else min(max(round(100 * share), 1), 99)
    return f"{whole}\N{NO-BREAK SPACE}%"
