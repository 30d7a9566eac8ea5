"""Promises of the clusters' record: each picture in its cluster, typical first, as in tables."""

import base64
import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench.report.page_data import clusters
from embedbench.report.page_data.clusters import (
    clustered_pictures,
    clusters_record,
    label_counts,
)
from embedbench.results.results import Results
from tests.support.example_results import CLASSES, CLUSTERERS, ENCODERS, example_results

RESULTS = example_results()
NAMES = list(RESULTS.images["image"])


def record_of(results: Results, names: list[str] | None = None) -> dict[str, Any]:
    record = clusters_record(results, NAMES if names is None else names)
    assert record is not None
    json.dumps(record, allow_nan=False)
    return record


def partition_of(record: dict[str, Any], encoder: int, clusterer: str) -> dict[str, Any]:
    found: dict[str, Any]
    [found] = [
        one
        for one in record["partitions"]
        if one["encoder"] == encoder and one["clusterer"] == clusterer
    ]
    return found


def unpacked(record: dict[str, str]) -> list[int]:
    values: list[int] = np.frombuffer(base64.b64decode(record["data"]), record["type"]).tolist()
    return values


def pictures_by_cluster(partition: dict[str, Any], names: list[str]) -> dict[int, list[str]]:
    """Return the pictures of each cluster by their names, in the order of the record."""
    order = iter(unpacked(partition["order"]))
    found = {
        one["number"]: [names[next(order)] for _ in range(one["shown"])]
        for one in partition["clusters"]
    }
    assert next(order, None) is None
    return found


def members(encoder: str, clusterer: str) -> pd.DataFrame:
    table = RESULTS.silhouettes
    return table[(table["encoder"] == encoder) & (table["clusterer"] == clusterer)]


def test_every_picture_is_in_its_cluster_once_in_every_partition() -> None:
    record = record_of(RESULTS)
    assert [one["name"] for one in record["encoders"]] == list(ENCODERS)
    assert len(record["partitions"]) == len(ENCODERS) * len(CLUSTERERS)
    for number, encoder in enumerate(ENCODERS):
        for clusterer in CLUSTERERS:
            table = members(encoder, clusterer)
            wanted = table.groupby("cluster")["image"].apply(lambda one: sorted(one)).to_dict()
            partition = partition_of(record, number, clusterer)
            found = pictures_by_cluster(partition, NAMES)
            assert {key: sorted(names) for key, names in found.items()} == wanted
            assert partition["space"] == "l2"


def test_noise_is_the_last_cluster_and_has_no_facts() -> None:
    hdbscan = partition_of(record_of(RESULTS), 0, "hdbscan")["clusters"]
    assert [one["number"] for one in hdbscan] == [0, 1, 2, 3, -1]
    assert hdbscan[-1]["size"] == 4 and hdbscan[-1]["odd"] == 0
    assert not {"silhouette", "cohesion", "separation", "nearest", "name"} & set(hdbscan[-1])


def test_typical_pictures_come_first_then_by_distance_and_the_least_typical_last() -> None:
    kmeans = partition_of(record_of(RESULTS), 1, "kmeans")
    rows = RESULTS.clusters
    rows = rows[(rows["encoder"] == ENCODERS[1]) & (rows["clusterer"] == "kmeans")]
    table = members(ENCODERS[1], "kmeans")
    for (cluster, found), facts in zip(
        pictures_by_cluster(kmeans, NAMES).items(), kmeans["clusters"], strict=True
    ):
        row = rows[rows["cluster"] == cluster].iloc[0]
        typical, atypical = json.loads(row["typical"]), json.loads(row["atypical"])
        own = table[table["cluster"] == cluster].sort_values("medoid_distance")["image"]
        between = [name for name in own if name not in {*typical, *atypical}]
        odd = [name for name in atypical if name not in typical]
        assert found == [*typical, *between, *odd[::-1]]
        assert facts["odd"] == len(odd)


def test_what_the_tables_tell_of_a_cluster_is_in_its_record() -> None:
    record = record_of(RESULTS)
    [*_, last] = partition_of(record, 1, "kmeans")["clusters"]
    silhouette = members(ENCODERS[1], "kmeans").query("cluster == 3")["silhouette"].mean()
    assert last.pop("silhouette") == pytest.approx(silhouette, abs=1e-4)
    words = record["words"]
    # Two of the first class were put into the cluster of the last.
    assert [(words[word], count) for word, count in last.pop("labels")] == [
        (CLASSES[3], 10),
        (CLASSES[0], 2),
    ]
    assert last == {
        "number": 3, "size": 12, "shown": 12, "odd": 3, "cohesion": 1.5, "separation": 12.25,
        "nearest": 0, "name": f"{CLASSES[3]}s", "margin": 0.1, "kinds": 2, "known": 12,
    }  # fmt: skip


def test_silhouettes_are_those_of_the_table_and_unknown_for_noise() -> None:
    partition = partition_of(record_of(RESULTS), 1, "hdbscan")
    found = unpacked(partition["silhouettes"])
    wanted = members(ENCODERS[1], "hdbscan").set_index("image")["silhouette"].reindex(NAMES)
    noise = wanted.isna().to_numpy()
    assert noise.sum() == 4
    assert set(np.array(found)[noise]) == {-32768}
    assert np.abs(np.array(found)[~noise] / 32767 - wanted[~noise]).max() < 2e-5
    bare = RESULTS.silhouettes.assign(silhouette=np.nan)
    record = record_of(dataclasses.replace(RESULTS, silhouettes=bare))
    assert not any("silhouettes" in one for one in record["partitions"])


def test_sizes_and_labels_count_all_images_also_those_not_on_the_page() -> None:
    names = NAMES[30:]
    partition = partition_of(record_of(RESULTS, names), 0, "kmeans")
    assert [(one["size"], one["shown"]) for one in partition["clusters"]] == [
        (10, 0), (10, 0), (10, 0), (10, 10),
    ]  # fmt: skip
    assert [one["known"] for one in partition["clusters"]] == [10] * 4
    assert [one["odd"] for one in partition["clusters"]] == [0, 0, 0, 3]
    assert sorted(unpacked(partition["order"])) == list(range(10))
    assert clusters_record(RESULTS, ["elsewhere.jpg"]) is None


def test_every_space_has_its_partitions() -> None:
    other = {"space": "umap"}
    twice: dict[str, Any] = {
        name: pd.concat([getattr(RESULTS, name), getattr(RESULTS, name).assign(**other)])
        for name in ("comparison", "silhouettes", "clusters")
    }
    twice["silhouettes"].loc[twice["silhouettes"]["space"] == "umap", "cluster"] = 0
    record = record_of(dataclasses.replace(RESULTS, **twice))
    found = [one for one in record["partitions"] if one["encoder"] == 0]
    assert [(one["space"], one["clusterer"]) for one in found] == [
        (space, clusterer) for space in ("l2", "umap") for clusterer in CLUSTERERS
    ]
    assert [len(one["clusters"]) for one in found] == [4, 4, 5, 1, 1, 1]


@pytest.mark.parametrize("cell", ["[", "3", "{}", '[["a"], 1, null]', '"a"', None, float("nan")])
def test_a_cell_without_a_list_of_names_names_no_image(cell: Any) -> None:
    rows = RESULTS.clusters.assign(typical=cell, atypical=cell)
    partition = partition_of(record_of(dataclasses.replace(RESULTS, clusters=rows)), 0, "kmeans")
    assert {one["odd"] for one in partition["clusters"]} == {0}
    own = members(ENCODERS[0], "kmeans").query("cluster == 2").sort_values("medoid_distance")
    assert pictures_by_cluster(partition, NAMES)[2] == own["image"].tolist()


def test_without_a_table_of_clusters_their_pictures_are_there_all_the_same() -> None:
    bare = dataclasses.replace(RESULTS, clusters=pd.DataFrame())
    partition = partition_of(record_of(bare), 0, "kmeans")
    assert [set(one) for one in partition["clusters"]] == [
        {"number", "size", "shown", "odd", "labels", "kinds", "known"}
    ] * 4
    unlabelled = partition_of(record_of(example_results(truth=False)), 0, "kmeans")
    assert not any("labels" in one for one in unlabelled["clusters"])


def test_what_a_cluster_does_not_know_is_left_out() -> None:
    rows = RESULTS.clusters.assign(
        name="", nearest_word="<i>{0}", name_margin=np.nan, nearest_cluster=-1, separation=np.inf
    )
    [first, *_] = partition_of(record_of(dataclasses.replace(RESULTS, clusters=rows)), 0, "kmeans")[
        "clusters"
    ]
    assert first["word"] == "<i>{0}" and first["cohesion"] == 1.5
    assert not {"name", "margin", "nearest", "separation"} & set(first)


def test_a_page_holds_all_pictures_while_they_are_few_and_else_a_sample_with_the_medoids(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert clustered_pictures(RESULTS, NAMES) == []
    assert clustered_pictures(RESULTS, NAMES[:10]) == NAMES[10:]
    assert clustered_pictures(RESULTS, []) == NAMES
    monkeypatch.setattr(clusters, "MOST", 20)
    found = clustered_pictures(RESULTS, [])
    medoids = set(RESULTS.clusters["medoid"])
    assert medoids <= set(found) and 20 <= len(found) <= 20 + len(medoids)
    assert found == [name for name in NAMES if name in set(found)]
    assert found == clustered_pictures(RESULTS, [])
    assert set(clustered_pictures(RESULTS, NAMES[:20])) == medoids - set(NAMES[:20])
    monkeypatch.setattr(clusters, "MOST_MEDOIDS", 0)
    assert len(clustered_pictures(RESULTS, [])) == 20


def test_labels_are_counted_the_commonest_first_and_the_unknown_not_at_all() -> None:
    counts = label_counts(pd.Series(["b", "a", None, "b", "c", "a"]))
    assert counts == [("a", 2), ("b", 2), ("c", 1)]
