"""What is in each cluster: how tight it is, its neighbour, its pictures, its labels."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from embedbench.analysis.cluster_naming import ClusterName, name_clusters
from embedbench.analysis.sweep import Sweep
from embedbench.clustering.partitions import Points
from embedbench.metrics.clustering.silhouette import silhouettes_of

__all__ = ["Coded", "cluster_tables", "composition"]

_SHOWN = 5
"""How many typical, and how many atypical, members of a cluster are named."""

_CLUSTERS = [
    "clusterer", "cluster", "size", "silhouette", "cohesion", "separation", "nearest_cluster",
    "name", "name_margin", "nearest_word", "medoid", "typical", "atypical", "label", "label_share",
]  # fmt: skip
_MEMBERS = ["image", "clusterer", "cluster", "silhouette", "medoid_distance"]
_COMPOSITION = ["clusterer", "cluster", "by", "value", "images", "share_of_cluster",
                "share_of_value"]  # fmt: skip

Labels = Int[np.ndarray, " images"]
Profile = Float[np.ndarray, " images"]


@dataclass(frozen=True, eq=False)
class Coded:
    """What is known of each image as a number, and what the numbers are called.

    Attributes:
        codes: of each image, -1 where not known.
        names: of the codes from 0 on.
    """

    codes: Labels
    names: Sequence[str]


def cluster_tables(
    scored: Sweep,
    images: Sequence[str],
    k: int,
    truth: Labels | None,
    classes: Sequence[str],
    similarity: Float[np.ndarray, "images words"] | None,
    words: Sequence[str],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the clusters, and the images within them, of each clusterer's main partition.

    The main partition is the one at the shared k of the first seed. All distances are Euclidean,
    in the clustered space; they compare clusters of one encoder, not encoders.

    Of a cluster the first table tells:

    - `silhouette`: the mean over its members; of many images over those of the sample.
    - `cohesion`: the mean distance of its members to their mean; lower is tighter, 0 is the
      lowest.
    - `separation`: the distance from its mean to that of the nearest other cluster, and
      `nearest_cluster`, the number of that one; nan and -1 where there is no other.
    - `name`, `name_margin`, `nearest_word`: see `analysis.cluster_naming`; empty without words.
    - `medoid`: the member nearest to the mean, which has the least mean squared distance to the
      others.
    - `typical`: the members nearest to the mean, at most 5 and the medoid first; `atypical`: of
      the others those with the lowest silhouette, the lowest first, at most 5 and at most a
      third of the cluster. Names as a JSON list.
    - `label`, `label_share`: the commonest known label of its members, the first by name of
      several, and its share of those with a known label; "" and nan where none is known.

    Args:
        scored: one encoder in one space.
        images: their names.
        k: the shared number of clusters.
        truth: codes of the labels, -1 where not known; None without labels.
        classes: the names of the labels.
        similarity: how well each word fits each image; None without words.
        words: candidate names.

    Returns:
        A row a cluster, as in `Results.clusters`, and a row an image, as in
        `Results.silhouettes`; both without their column `encoder`.
    """
    runs = scored.runs
    main = runs[(runs["k"].isna() | (runs["k"] == k)) & ~runs.duplicated(["clusterer", "k"])]
    labels = scored.labels[main.index.to_numpy()]
    profiles = silhouettes_of(scored.points, labels, scored.sample)
    codes = np.full(len(images), -1) if truth is None else truth
    clusters, members = [], []
    for clusterer, row, profile in zip(main["clusterer"], labels, profiles, strict=True):
        names = {} if similarity is None else name_clusters(similarity, words, row)
        found, distances = _clusters(scored.points, row, profile, images, names)
        table = pd.DataFrame(found, columns=_CLUSTERS).assign(clusterer=clusterer)
        clusters.append(_with_labels(table, row, Coded(codes, classes)))
        columns = (list(images), clusterer, row, profile, distances)
        members.append(pd.DataFrame(dict(zip(_MEMBERS, columns, strict=True))))
    return pd.concat(clusters, ignore_index=True), pd.concat(members, ignore_index=True)


def _clusters(
    points: Points,
    labels: Labels,
    profile: Profile,
    images: Sequence[str],
    names: Mapping[int, ClusterName],
) -> tuple[list[dict[str, object]], Profile]:
    """Return a row a cluster, and of each image the distance to its medoid, nan for noise."""
    distances = np.full(len(labels), np.nan)
    numbers = np.unique(labels[labels >= 0])
    wide = points.astype(np.float64)
    means = np.array([wide[labels == cluster].mean(axis=0) for cluster in numbers])
    rows: list[dict[str, object]] = []
    for place, cluster in enumerate(numbers.tolist()):
        members = np.flatnonzero(labels == cluster)
        away = np.linalg.norm(wide[members] - means[place], axis=1)
        typical, atypical = _examples(away, profile[members])
        medoid = members[typical[0]]
        distances[members] = np.linalg.norm(wide[members] - wide[medoid], axis=1)
        nearest, separation = _nearest(means, place)
        name = names.get(cluster, ClusterName("", float("nan"), ""))
        rows.append(
            {
                "cluster": cluster,
                "size": len(members),
                "silhouette": _known_mean(profile[members]),
                "cohesion": float(away.mean()),
                "separation": separation,
                "nearest_cluster": -1 if nearest is None else int(numbers[nearest]),
                "name": name.name,
                "name_margin": name.margin,
                "nearest_word": name.best,
                "medoid": images[medoid],
                "typical": _names([images[row] for row in members[typical]]),
                "atypical": _names([images[row] for row in members[atypical]]),
            }
        )
    return rows, distances


def _examples(
    away: Float[np.ndarray, " members"], profile: Float[np.ndarray, " members"]
) -> tuple[Int[np.ndarray, " typical"], Int[np.ndarray, " atypical"]]:
    """Return the members nearest to the mean, and of the others those of the lowest silhouette."""
    few = min(_SHOWN, len(away) // 3)
    order = np.argsort(away, kind="stable")
    typical, others = np.split(order, [min(_SHOWN, len(away) - few)])
    # Without silhouettes, as where there is one cluster, the farthest are the least typical.
    worst = np.lexsort((-away[others], np.nan_to_num(profile[others], nan=np.inf)))
    return typical, others[worst[:few]]


def _known_mean(profile: Float[np.ndarray, " members"]) -> float:
    known = profile[~np.isnan(profile)]
    return float(known.mean()) if len(known) else float("nan")


def _nearest(means: Float[np.ndarray, "clusters dim"], place: int) -> tuple[int | None, float]:
    """Return the place of the nearest other mean, and how far it is; None and nan without one."""
    if len(means) < 2:
        return None, float("nan")
    away = np.linalg.norm(means - means[place], axis=1)
    away[place] = np.inf
    return int(away.argmin()), float(away.min())


def _names(images: Sequence[str]) -> str:
    return json.dumps(list(images), ensure_ascii=False)


def _with_labels(clusters: pd.DataFrame, labels: Labels, truth: Coded) -> pd.DataFrame:
    """Return the table with the commonest label of each cluster and its share."""
    names, shares = [], []
    for cluster in clusters["cluster"]:
        codes = truth.codes[(labels == cluster) & (truth.codes >= 0)]
        counts = np.bincount(codes, minlength=1)
        names.append(str(truth.names[int(counts.argmax())]) if len(codes) else "")
        shares.append(float(counts.max()) / len(codes) if len(codes) else float("nan"))
    return clusters.assign(label=names, label_share=shares)


def composition(members: pd.DataFrame, by: Mapping[str, Coded]) -> pd.DataFrame:
    """Return what each cluster is made of, a row for each cluster and value that meet in it.

    Columns: `clusterer, cluster` (-1 is noise); `by`, the name of what is known, and `value`;
    `images`, how many; `share_of_cluster`, of the cluster's images of known value, 0 to 1;
    `share_of_value`, of the value's images. A cluster's commonest value comes first. Images of
    unknown value count nowhere.

    Args:
        members: columns `clusterer, cluster`, as `cluster_tables` returns them: the rows of each
            clusterer in the order of the images.
        by: what is known of the images, such as their labels and their domains, by its name.
    """
    frames = [
        _composed(rows["cluster"].to_numpy(np.int64), known).assign(clusterer=clusterer, by=name)
        for clusterer, rows in members.groupby("clusterer", sort=False)
        for name, known in by.items()
    ]
    found = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_COMPOSITION)
    return found[_COMPOSITION]


def _composed(labels: Labels, known: Coded) -> pd.DataFrame:
    pairs = pd.DataFrame({"cluster": labels, "code": known.codes})
    pairs = pairs[pairs["code"] >= 0]
    table = pairs.value_counts().rename("images").reset_index()
    table["value"] = [str(known.names[code]) for code in table["code"]]
    for share, of in (("share_of_cluster", "cluster"), ("share_of_value", "code")):
        table[share] = table["images"] / table.groupby(of)["images"].transform("sum")
    # Noise comes last, as everywhere.
    table["last"] = table["cluster"] < 0
    order = ["last", "cluster", "images", "code"]
    return table.sort_values(order, ascending=[True, True, False, True], ignore_index=True)
