"""The clusters of every partition, with the pictures in them, the most typical first."""

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from embedbench.report.looks import encoder_colours, in_order
from embedbench.report.page_data.packing import packed
from embedbench.report.page_data.pictures import MOST
from embedbench.results.results import Results
from embedbench.results.views import members_of, ranked

__all__ = ["clustered_pictures", "clusters_record", "label_counts", "typical_pictures"]

MOST_MEDOIDS = 60
"""Of so many clusters of a partition, the largest, the medoid is always on the page."""

UNKNOWN = -32768
"""Stands for no silhouette."""

_STEPS = 32767
"""A silhouette is a whole number from -this to this."""

_FIGURES = {
    "silhouette": "silhouette", "cohesion": "cohesion", "separation": "separation",
    "name_margin": "margin",
}  # fmt: skip
_TEXTS = {"name": "name", "nearest_word": "word"}


def clustered_pictures(results: Results, mapped: Sequence[str]) -> list[str]:
    """Return the images beside those of the maps that the page shows in their clusters.

    All of them while a page has at most 5,000 pictures, else a sample with seed 0 up to that
    number, and the medoids of the large clusters in the first space.

    Args:
        results: the comparison.
        mapped: the pictures on the maps.
    """
    known = set(mapped)
    clustered = set(results.silhouettes["image"].astype(str))
    names = results.images["image"].astype(str).unique()
    others = [str(name) for name in names if name in clustered and name not in known]
    room = max(0, MOST - len(known))
    if len(others) <= room:
        return others
    rows = np.random.default_rng(0).choice(len(others), room, replace=False)
    chosen = {others[row] for row in rows} | _medoids(results)
    return [name for name in others if name in chosen]


def _medoids(results: Results) -> set[str]:
    rows = results.clusters
    if rows.empty:
        return set()
    rows = rows[rows["space"] == results.spaces[0]]
    rows = rows.sort_values("size", ascending=False, kind="stable")
    largest = rows.groupby(["encoder", "clusterer"], sort=False).head(MOST_MEDOIDS)
    return set(largest["medoid"].dropna().astype(str))


def clusters_record(results: Results, names: Sequence[str]) -> dict[str, Any] | None:
    """Return the record of the clusters; None where no picture of the page is in one.

    A partition has a small record for each cluster, noise last, and in `order` its pictures,
    cluster by cluster: the typical ones, the others from the medoid outwards, the `odd` least
    typical ones. `size` counts all images of a cluster, `shown` those on the page.

    Args:
        results: the comparison.
        names: the pictures of the page.
    """
    numbers = {name: number for number, name in enumerate(names)}
    colours = encoder_colours(results.encoders["encoder"].astype(str))
    words: dict[str, int] = {}
    encoders: list[dict[str, str]] = []
    partitions: list[dict[str, Any]] = []
    for name in ranked(results):
        found = [
            {"encoder": len(encoders), "space": space, "clusterer": str(clusterer)}
            | _partition(rows, _described(results, name, space, str(clusterer)), numbers, words)
            for space in results.spaces
            for clusterer, rows in members_of(results, name, space).groupby("clusterer", sort=False)
        ]
        if found:
            encoders.append({"name": name, "colour": colours[name]})
            partitions += found
    if not any(one["shown"] for partition in partitions for one in partition["clusters"]):
        return None
    return {"encoders": encoders, "words": list(words), "partitions": partitions}


def _described(results: Results, encoder: str, space: str, clusterer: str) -> pd.DataFrame:
    """Return the rows of the table of clusters for one partition, by the numbers of clusters."""
    rows = results.clusters
    if rows.empty:
        return rows
    own = (rows["encoder"] == encoder) & (rows["space"] == space) & (rows["clusterer"] == clusterer)
    described: pd.DataFrame = rows[own].drop_duplicates("cluster").set_index("cluster")
    return described


def _partition(
    members: pd.DataFrame,
    described: pd.DataFrame,
    numbers: Mapping[str, int],
    words: dict[str, int],
) -> dict[str, Any]:
    """Return the clusters and pictures of one partition; new words are added to `words`."""
    members = members.drop_duplicates("image").sort_values("medoid_distance", kind="stable")
    members = members.reset_index(drop=True)
    images = members["image"].astype(str)
    rows_of = members.groupby("cluster").indices
    known_rows = described.to_dict("index")
    all_names = images.to_numpy()
    truth = members["truth"].to_numpy() if "truth" in members else None
    order: list[int] = []
    clusters = []
    for cluster in in_order(members["cluster"]):
        rows, row = rows_of[cluster], known_rows.get(cluster, {})
        names = [name for name in all_names[rows] if name in numbers]
        pictures, odd = _ordered(names, row)
        order += [numbers[name] for name in pictures]
        facts = {"number": cluster, "size": len(rows), "shown": len(pictures), "odd": odd}
        labels = _labels(truth[rows], words) if truth is not None else {}
        clusters.append(facts | _facts(row) | labels)
    record: dict[str, Any] = {"clusters": clusters, "order": packed(np.array(order, np.uint16))}
    if members["silhouette"].notna().any():
        values = np.full(len(numbers), np.nan)
        known = images.isin(numbers)
        values[images[known].map(numbers).to_numpy(int)] = members.loc[known, "silhouette"]
        steps = np.where(np.isnan(values), UNKNOWN, np.round(values.clip(-1, 1) * _STEPS))
        record["silhouettes"] = packed(steps.astype(np.int16))
    return record


def typical_pictures(row: Mapping[Hashable, Any], members: Sequence[str]) -> list[str]:
    """Return the pictures of a cluster, the typical ones first and the least typical ones last.

    Args:
        row: of the table of clusters; empty where it has none.
        members: the pictures, those near to the medoid first.
    """
    return _ordered(members, row)[0]


def _ordered(names: Sequence[str], row: Mapping[Hashable, Any]) -> tuple[list[str], int]:
    """Return the pictures of a cluster from typical to least typical, and how many are least."""
    first = _listed(row.get("typical"), names)
    last = [name for name in _listed(row.get("atypical"), names) if name not in first]
    ends = {*first, *last}
    return [*first, *(name for name in names if name not in ends), *reversed(last)], len(last)


def _listed(cell: Any, known: Iterable[str]) -> list[str]:
    """Return the names in a cell that are those of the cluster's images, each once.

    The cell holds a JSON list; a run folder of others may hold anything, which names none.
    """
    try:
        names = json.loads(cell) if isinstance(cell, str) and cell else []
    except (ValueError, RecursionError):
        return []
    if not isinstance(names, list):
        return []
    allowed = set(known)
    return [name for name in dict.fromkeys(filter(_is_text, names)) if name in allowed]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _facts(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    """Return what the table tells of a cluster; what it does not know is left out."""
    facts: dict[str, Any] = {
        key: round(float(row[column]), 4)
        for column, key in _FIGURES.items()
        if pd.notna(row.get(column)) and np.isfinite(row[column])
    }
    nearest = row.get("nearest_cluster", -1)
    if pd.notna(nearest) and nearest >= 0:
        facts["nearest"] = int(nearest)
    texts = {key: row.get(column) for column, key in _TEXTS.items()}
    return facts | {key: text for key, text in texts.items() if _is_text(text) and text}


def _labels(labels: Iterable[Any], words: dict[str, int]) -> dict[str, Any]:
    """Return the counts of the three commonest labels, and of all known ones; {} without any."""
    counts = label_counts(labels)
    if not counts:
        return {}
    first = [[words.setdefault(word, len(words)), count] for word, count in counts[:3]]
    known = sum(count for _, count in counts)
    return {"labels": first, "kinds": len(counts), "known": known}


def label_counts(labels: Iterable[Any]) -> list[tuple[str, int]]:
    """Return how often each known label is there, the commonest first."""
    counts = Counter(str(label) for label in labels if not pd.isna(label))
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))
