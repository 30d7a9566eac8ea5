"""Promises of the tables of a comparison: each row as its stage found it, times in one table."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from embedbench.analysis.k_selection import KSelection
from embedbench.analysis.sweep import Sweep
from embedbench.comparison.tables import (
    elbow_table,
    encoder_failures,
    encoders_table,
    few_words_remarks,
    image_failures,
    known_of,
    left_out_remarks,
    neighbours_table,
    partitions_table,
    similarity_table,
    stack,
    without_timings,
)
from embedbench.data.dataset import Dataset
from embedbench.embedding.result import Embedding
from embedbench.encoder import Facts
from embedbench.encoders.record import EncoderRecord, WeightsFile
from embedbench.metrics.embedding.neighbours import Neighbourhood
from embedbench.results.schema import FAILURE_COLUMNS, TABLES

BITING = "<b>{0} %s"


def sweep(runs: int, choice: KSelection | None = None) -> Sweep:
    """Three images; K-means at k = 2 and 3 with two seeds; run i puts image j into i + j."""
    table = pd.DataFrame({"clusterer": "kmeans", "k": [2, 2, 3, 3], "seed": [0, 1, 0, 1]})
    table = table.assign(inertia=[4.0, 2.0, 1.0, 1.0], silhouette=[0.1, 0.3, 0.5, 0.7]).head(runs)
    labels = np.add.outer(np.arange(runs), np.arange(3))
    silhouettes = np.zeros((runs, 3), np.float32)
    return Sweep(np.zeros((3, 2), np.float32), labels, table, silhouettes, choice)


def embedding(**failures: str) -> Embedding:
    vectors = np.zeros((2, 3), np.float32)
    record = EncoderRecord("f", (), Facts(), dim=3, load_seconds=1.5)
    known = {int(row.removeprefix("row")): reason for row, reason in failures.items()}
    return Embedding(vectors, vectors[:0], vectors[:0], known, record, 2)


def test_failures_name_the_image_or_the_encoder_and_the_reason() -> None:
    images = Dataset(("a.png", "b.png"), (b"", b""))
    found = image_failures(images, {"one": embedding(), BITING: embedding(row1="too dark")})
    assert found.to_numpy().tolist() == [["image", "b.png", f"encode: {BITING}", "too dark"]]
    assert left_out_remarks(found) == [
        f"left out for all encoders: 1 image, because of {BITING}: too dark"
    ]
    found = encoder_failures({"one": "no luck"}, {BITING: "all alike"})
    assert found.to_numpy().tolist() == [
        ["encoder", "one", "encode", "no luck"],
        ["encoder", BITING, "cluster", "all alike"],
    ]


def test_where_nothing_failed_the_tables_have_their_columns() -> None:
    images = Dataset(("a.png",), (b"",))
    for table in (image_failures(images, {}), encoder_failures({}, {})):
        assert table.empty and list(table.columns) == FAILURE_COLUMNS


def test_tables_are_stacked_under_their_keys_and_empty_ones_keep_the_columns() -> None:
    one, empty = pd.DataFrame({"x": [1, 2]}, index=[7, 9]), pd.DataFrame({"x": []})
    keys = [{"encoder": "empty"}, {"encoder": "one"}]
    found = stack([empty, one], keys)
    assert found.to_dict("list") == {"encoder": ["one", "one"], "x": [1, 2]}
    assert list(found.index) == [0, 1]
    nothing = stack([empty, empty], keys)
    assert nothing.empty and list(nothing.columns) == ["encoder", "x"]


def test_every_image_has_a_row_in_every_run() -> None:
    images = ["b.png", "a.png", BITING]
    table = partitions_table({("one", "l2"): sweep(2), ("two", "pca:2"): sweep(1)}, images)
    assert list(table.columns) == list(TABLES["partitions"].columns)
    assert table["image"].tolist() == images * 3
    assert table["encoder"].tolist() == ["one"] * 6 + ["two"] * 3
    assert table["space"].tolist() == ["l2"] * 6 + ["pca:2"] * 3
    assert table["seed"].tolist() == [0] * 3 + [1] * 3 + [0] * 3
    assert table["cluster"].tolist() == [0, 1, 2, 1, 2, 3, 0, 1, 2]


def test_the_nearest_images_stand_in_order_and_those_not_asked_have_none() -> None:
    nearest = np.array([[1, 2], [-1, -1], [0, -1]])
    cosines = np.array([[0.9, 0.1], [np.nan, np.nan], [0.5, np.nan]])
    seen = Neighbourhood(nearest, cosines, None, None)
    table = neighbours_table({BITING: seen}, ["a", BITING, "c"])
    assert list(table.columns) == list(TABLES["nearest"].columns)
    assert table.astype({"image": str, "neighbour": str}).to_numpy().tolist() == [
        [BITING, "a", 1, BITING, pytest.approx(0.9)],
        [BITING, "a", 2, "c", pytest.approx(0.1)],
        [BITING, "c", 1, "a", pytest.approx(0.5)],
    ]
    sampled = dataclasses.replace(seen, asked=np.array([2]))
    assert neighbours_table({"one": sampled}, ["a", "b", "c"])["image"].tolist() == ["c"]


def test_the_elbow_is_a_mean_over_the_seeds_and_marks_what_was_chosen() -> None:
    curve = pd.DataFrame({"k": [2, 3], "inertia": [3.0, 1.0], "silhouette": [0.2, 0.6], "gap": 0.5})
    chosen = KSelection(elbow=3, silhouette=None, gap=3, curve=curve)
    table = elbow_table({"one": sweep(4), "two": sweep(4, chosen)})
    assert table["encoder"].tolist() == ["one", "one", "two", "two"]
    assert table["inertia"].tolist() == pytest.approx([3, 1, 3, 1])
    assert table["silhouette"].tolist() == pytest.approx([0.2, 0.6, 0.2, 0.6])
    assert table["chosen"].tolist() == ["", "", "", "elbow,gap"]
    assert table["gap"].isna().tolist() == [True, True, False, False]


def test_a_pair_of_encoders_stands_either_way_round_and_one_encoder_in_no_row() -> None:
    values = {"partition_agreement": 0.1, "mutual_knn": 0.2, "cka": 0.3}
    table = similarity_table({("a", BITING): values})
    assert table.to_numpy().tolist() == [["a", BITING, 0.1, 0.2, 0.3], [BITING, "a", 0.1, 0.2, 0.3]]
    assert list(similarity_table({}).columns) == list(TABLES["similarity"].columns)


def test_an_encoder_that_failed_has_a_row_with_its_error_and_no_numbers() -> None:
    table = encoders_table(["good", BITING], {"good": embedding()}, {BITING: "no luck"})
    assert table["encoder"].tolist() == ["good", BITING]
    assert table["status"].tolist() == ["ok", "failed"]
    assert table["error"].tolist() == ["", "no luck"]
    assert table["dim"][0] == 3 and table["dim"].isna()[1]


def test_weights_have_the_size_of_their_files_and_files_of_vectors_are_no_weights() -> None:
    files = (WeightsFile("/a", 10**6, 0, ""), WeightsFile("/b", 5 * 10**5, 0, ""))
    record = dataclasses.replace(embedding().record, weights=files)
    found = dataclasses.replace(embedding(), record=record)
    made = dataclasses.replace(found, is_looked_up=True)
    embeddings = {"loaded": found, "made": made, "none": embedding()}
    table = encoders_table(list(embeddings), embeddings, {}).set_index("encoder")
    assert table["weights_mb"]["loaded"] == 1.5
    assert table["weights_mb"][["made", "none"]].isna().all()


def test_times_stand_in_their_own_table_alone() -> None:
    keys = {"encoder": "one", "space": "l2", "clusterer": ["kmeans", "kmeans", "ward"]}
    comparison = pd.DataFrame(keys | {"k": [2, 3, 2], "seconds": [1.5, 1.5, np.nan]})
    other = pd.DataFrame({"x": [1]})
    found = without_timings({"comparison": comparison, "other": other}, {"one": embedding()}, 1e9)
    assert "seconds" not in found["comparison"] and found["other"] is other
    assert "seconds" in comparison
    rows = found["timings"].set_index(["encoder", "clusterer", "quantity"])["value"]
    assert rows["", "", "started"] == 1e9
    assert rows["one", "", "images_encoded"] == 2 and rows["one", "", "load_seconds"] == 1.5
    assert rows["one", "kmeans", "seconds"] == 1.5
    assert ("one", "ward", "seconds") not in rows.index
    assert ("one", "", "images_per_second") not in rows.index


def test_what_was_encoded_now_has_a_speed_and_what_was_stored_says_so() -> None:
    record = EncoderRecord("", (), Facts(parameters=7), dim=2, images_per_second=12.5)
    rows = np.zeros((3, 2), np.float32)
    fresh, stored = (Embedding(rows, rows[:0], rows[:0], {}, record, count) for count in (3, 0))
    assert known_of(fresh) == (2, 7, 12.5, False)
    assert known_of(stored) == (2, 7, 12.5, True)


def test_fewer_words_than_clusters_are_told_and_no_words_are_not() -> None:
    assert few_words_remarks(2, 3) == [
        "there are 2 candidate names for 3 clusters: some share a name"
    ]
    assert few_words_remarks(0, 3) == few_words_remarks(3, 3) == []
