"""Describe each cluster: how tight it is, its nearest cluster, its typical images, its labels."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from embedbench.analysis.cluster_naming import ClusterName, name_clusters
from embedbench.analysis.inputs import Targets
from embedbench.analysis.sweep import Sweep
from embedbench.clustering.partitions import Points
from embedbench.metrics.clustering.silhouette import silhouettes_of

__all__ = ["cluster_tables", "composition"]

_SHOWN = 5
"""How many typical, and how many atypical, members of a cluster are named."""

_CLUSTERS = [
    "clusterer", "cluster", "size", "silhouette", "cohesion", "separation", "nearest_cluster",
    "name", "name_margin", "nearest_word", "medoid", "typical", "atypical", "label", "label_share",
]  # fmt: skip
_MEMBERS = ["image", "clusterer", "cluster", "silhouette", "medoid_distance"]
_COMPOSITION = ["clusterer", "cluster", "by", "value", "images", "share_of_cluster",
                "share_of_value"]  # fmt: skip

Assignments = Int[np.ndarray, " images"]
Profile = Float[np.ndarray, " images"]


def cluster_tables(
    sweep: Sweep,
    image_names: Sequence[str],
    k: int,
    targets: Targets,
    words: Sequence[str] = (),
    similarity: Float[np.ndarray, "images words"] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the clusters, and the images within them, of each clusterer's main partition.

    The main partition is that of the first seed at the common k. All distances are Euclidean,
    in the clustered space; they compare clusters of one encoder, not encoders.

    Columns of the first table, in addition to the counts:

    - `silhouette`: the mean over its members; of many images over the sample.
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
        sweep: one encoder in one space.
        image_names: of the images.
        k: the common number of clusters.
        targets: the images' labels.
        words: candidate names of clusters.
        similarity: how well each word fits each image; None without words.

    Returns:
        A row a cluster, as in `Results.clusters`, and a row an image, as in
        `Results.silhouettes`; both without their column `encoder`.
    """
    runs = sweep.runs
    main = runs[(runs["k"].isna() | (runs["k"] == k)) & ~runs.duplicated(["clusterer", "k"])]
    assignments = sweep.assignments[main.index.to_numpy()]
    profiles = silhouettes_of(sweep.points, assignments, sweep.sample)
    labels = targets.categorical()
    clusters, members = [], []
    for clusterer, row, profile in zip(main["clusterer"], assignments, profiles, strict=True):
        names = {} if similarity is None else name_clusters(similarity, words, row, targets.groups)
        records, distances = _clusters(sweep.points, row, profile, image_names, names)
        table = pd.DataFrame(records, columns=_CLUSTERS).assign(clusterer=clusterer)
        clusters.append(_with_labels(table, row, labels))
        columns = (list(image_names), clusterer, row, profile, distances)
        members.append(pd.DataFrame(dict(zip(_MEMBERS, columns, strict=True))))
    # Beside tables without rows, whole numbers would become objects.
    found = [table for table in clusters if len(table)] or clusters[:1]
    return pd.concat(found, ignore_index=True), pd.concat(members, ignore_index=True)


def _clusters(
    points: Points,
    assignments: Assignments,
    profile: Profile,
    image_names: Sequence[str],
    names: Mapping[int, ClusterName],
) -> tuple[list[dict[str, object]], Profile]:
    """Return a row a cluster, and each image's distance to its medoid, nan for noise."""
    distances = np.full(len(assignments), np.nan)
    numbers = np.unique(assignments[assignments >= 0])
    wide = points.astype(np.float64)
    means = np.array([wide[assignments == cluster].mean(axis=0) for cluster in numbers])
    records: list[dict[str, object]] = []
    for position, cluster in enumerate(numbers.tolist()):
        members = np.flatnonzero(assignments == cluster)
        away = np.linalg.norm(wide[members] - means[position], axis=1)
        typical, atypical = _examples(away, profile[members])
        medoid = members[typical[0]]
        distances[members] = np.linalg.norm(wide[members] - wide[medoid], axis=1)
        nearest, separation = _nearest(means, position)
        name = names.get(cluster, ClusterName("", float("nan"), ""))
        records.append(
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
                "medoid": image_names[medoid],
                "typical": _names([image_names[row] for row in members[typical]]),
                "atypical": _names([image_names[row] for row in members[atypical]]),
            }
        )
    return records, distances


def _examples(
    away: Float[np.ndarray, " members"], profile: Float[np.ndarray, " members"]
) -> tuple[Int[np.ndarray, " typical"], Int[np.ndarray, " atypical"]]:
    """Return the members nearest to the mean, and those of lowest silhouette among the rest."""
    few = min(_SHOWN, len(away) // 3)
    order = np.argsort(away, kind="stable")
    typical, rest = np.split(order, [min(_SHOWN, len(away) - few)])
    # Without silhouettes, as where there is one cluster, the farthest are the least typical.
    worst = np.lexsort((-away[rest], np.nan_to_num(profile[rest], nan=np.inf)))
    return typical, rest[worst[:few]]


def _known_mean(profile: Float[np.ndarray, " members"]) -> float:
    values = profile[~np.isnan(profile)]
    return float(values.mean()) if len(values) else float("nan")


def _nearest(means: Float[np.ndarray, "clusters dim"], position: int) -> tuple[int | None, float]:
    """Return the position of the nearest other mean and its distance; None and nan without."""
    if len(means) < 2:
        return None, float("nan")
    away = np.linalg.norm(means - means[position], axis=1)
    away[position] = np.inf
    return int(away.argmin()), float(away.min())


def _names(image_names: Sequence[str]) -> str:
    return json.dumps(list(image_names), ensure_ascii=False)


def _with_labels(
    clusters: pd.DataFrame, assignments: Assignments, labels: pd.Categorical | None
) -> pd.DataFrame:
    """Return the table with the commonest label of each cluster and its share."""
    if labels is None:
        return clusters.assign(label="", label_share=float("nan"))
    codes = _codes(labels)
    names, shares = [], []
    for cluster in clusters["cluster"]:
        members = codes[(assignments == cluster) & (codes >= 0)]
        counts = np.bincount(members, minlength=1)
        names.append(str(labels.categories[int(counts.argmax())]) if len(members) else "")
        shares.append(float(counts.max()) / len(members) if len(members) else float("nan"))
    return clusters.assign(label=names, label_share=shares)


def _codes(values: pd.Categorical) -> Int[np.ndarray, " images"]:
    return np.asarray(values.codes, dtype=np.int64)


def composition(members: pd.DataFrame, by: Mapping[str, pd.Categorical]) -> pd.DataFrame:
    """Return what each cluster is made of, a row for each cluster and value that meet in it.

    Columns: `clusterer, cluster` (-1 is noise); `by`, the name of what is counted, and `value`;
    `images`, the number; `share_of_cluster`, of the cluster's images of known value, 0 to 1;
    `share_of_value`, of the value's images. A cluster's commonest value comes first. Images of
    unknown value are not counted.

    Args:
        members: columns `clusterer, cluster`, as `cluster_tables` returns them: the rows of each
            clusterer in the order of the images.
        by: values of the images, such as their labels and their domains, by name.
    """
    frames = [
        _composed(rows["cluster"].to_numpy(np.int64), values).assign(clusterer=clusterer, by=name)
        for clusterer, rows in members.groupby("clusterer", sort=False)
        for name, values in by.items()
    ]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_COMPOSITION)
    return table[_COMPOSITION]


def _composed(assignments: Assignments, values: pd.Categorical) -> pd.DataFrame:
    pairs = pd.DataFrame({"cluster": assignments, "code": _codes(values)})
    pairs = pairs[pairs["code"] >= 0]
    table = pairs.value_counts().rename("images").reset_index()
    table["value"] = [str(values.categories[code]) for code in table["code"]]
    for share, of in (("share_of_cluster", "cluster"), ("share_of_value", "code")):
        table[share] = table["images"] / table.groupby(of)["images"].transform("sum")
    # Noise comes last, as everywhere.
    table["last"] = table["cluster"] < 0
    order = ["last", "cluster", "images", "code"]
    return table.sort_values(order, ascending=[True, True, False, True], ignore_index=True)
