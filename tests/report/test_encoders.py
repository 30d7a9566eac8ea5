"""Promises of the sections of single encoders: their facts, and their clusters as a table."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from embedbench.report.encoders import _labels_in_words, encoder_parts
from tests.support.example_results import CLASSES, ENCODERS, FAILED, example_results

RESULTS = example_results()


def test_labels_of_a_cluster_are_the_three_commonest_and_no_share_is_rounded_away() -> None:
    labels = pd.Series(["a"] * 995 + ["c"] * 2 + ["b"] * 2 + ["d"] + [None] * 50)
    words = _labels_in_words(labels).replace("\N{NO-BREAK SPACE}", " ")
    assert words == "a 99 %, b 1 %, c 1 % and 1 more"
    assert _labels_in_words(pd.Series([None, None])) == ""


def test_an_encoder_that_failed_has_its_error_and_nothing_else() -> None:
    *others, failed = encoder_parts(RESULTS)
    assert [part.name for part in others] == list(ENCODERS)
    assert {part.error for part in others} == {""}
    assert (failed.name, failed.error) == (FAILED, "no & network")
    assert failed.clusters is None


def test_what_is_known_of_an_encoder_is_one_line_and_the_unknown_left_out() -> None:
    first = encoder_parts(RESULTS)[0]
    assert first.facts == (
        "4 dimensions · 12.5 images a second · 160.0 ms for one image · 512 MB of memory · "
        "4.7 M parameters · 18.6 MB of weights · apache-2.0"
    )
    unknown = RESULTS.encoders.assign(licence=None, parameters=float("nan"))
    facts = encoder_parts(dataclasses.replace(RESULTS, encoders=unknown))[0].facts
    assert facts == (
        "4 dimensions · 12.5 images a second · 160.0 ms for one image · 512 MB of memory · "
        "18.6 MB of weights"
    )


def test_the_table_has_the_clusters_of_the_first_clusterer_with_name_size_and_labels() -> None:
    table = encoder_parts(RESULTS)[1].clusters
    assert table is not None
    assert (table.clusterer, table.has_labels, table.left_out) == ("kmeans", True, 0)
    assert [row[:2] for row in table.rows] == [
        ("cluster 0", "8"),
        *(
            (f"cluster {number}: {CLASSES[number]}s", size)
            for number, size in zip((1, 2, 3), ("10", "10", "12"), strict=True)
        ),
    ]
    # Two of the first class were put into the cluster of the last.
    assert table.rows[3][3].replace("\N{NO-BREAK SPACE}", " ") == (
        f"{CLASSES[3]} 83 %, {CLASSES[0]} 17 %"
    )
    described = RESULTS.clusters.query("encoder == @ENCODERS[1] and clusterer == 'kmeans'")
    typical = [json.loads(names) for names in described["typical"]]
    assert [row[4][: len(names)] for row, names in zip(table.rows, typical, strict=True)] == typical
    means = RESULTS.silhouettes.query("encoder == @ENCODERS[1] and clusterer == 'kmeans'")
    mean = means.groupby("cluster")["silhouette"].mean()
    assert [float(row[2]) for row in table.rows] == pytest.approx(mean.tolist(), abs=6e-4)


def test_without_labels_the_table_has_none() -> None:
    table = encoder_parts(example_results(truth=False))[0].clusters
    assert table is not None and not table.has_labels
    assert {row[3] for row in table.rows} == {""}


def test_of_many_clusters_the_sixty_largest_are_in_the_table_and_the_others_counted() -> None:
    clusters = np.repeat(np.arange(70), np.arange(1, 71))
    names = [f"{number}.jpg" for number in range(len(clusters))]
    members = pd.DataFrame(
        {"image": names, "encoder": ENCODERS[0], "space": "l2", "clusterer": "kmeans",
         "cluster": clusters, "silhouette": 0.5, "medoid_distance": 1.0}
    )  # fmt: skip
    many = dataclasses.replace(
        RESULTS,
        silhouettes=members,
        clusters=RESULTS.clusters.iloc[:0],
        images=pd.DataFrame({"image": names}),
    )
    table = encoder_parts(many)[0].clusters
    assert table is not None and table.left_out == 10
    assert [row[:3] for row in table.rows] == [
        (f"cluster {number}", str(number + 1), "–") for number in range(10, 70)
    ]
