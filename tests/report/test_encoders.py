"""Promises of the sections of single encoders: their facts, and their clusters in pictures."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embedbench.report.encoders import _labels_in_words, encoder_parts
from tests.support.example_results import ENCODERS, FAILED, example_results

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
    assert failed.clusterers == []


def test_what_is_known_of_an_encoder_is_one_line_and_the_unknown_left_out() -> None:
    first = encoder_parts(RESULTS)[0]
    assert first.facts == (
        "4 dimensions · 12.5 images a second · 512 MB of memory · 4.7 M parameters · apache-2.0"
    )
    unknown = RESULTS.encoders.assign(licence=None, parameters=float("nan"))
    facts = encoder_parts(dataclasses.replace(RESULTS, encoders=unknown))[0].facts
    assert facts == "4 dimensions · 12.5 images a second · 512 MB of memory"


def test_every_image_of_a_cluster_is_in_its_strip_once_for_the_first_clusterer() -> None:
    first, second, _ = encoder_parts(RESULTS)[0].clusterers
    pictures = [
        name for strip in first.strips for name in (*strip.first, *strip.least, *strip.rest)
    ]
    assert sorted(pictures) == sorted(RESULTS.images["image"])
    assert not any(strip.rest for strip in second.strips)


def test_of_many_images_the_sixty_largest_clusters_are_shown_and_the_others_counted() -> None:
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
    (part,) = encoder_parts(many)[0].clusterers
    assert part.left_out == 10
    assert [strip.heading for strip in part.strips] == [f"cluster {n}" for n in range(10, 70)]
    assert all(len(strip.first) <= 13 and not strip.rest for strip in part.strips)
    assert part.strips[-1].numbers == ["70 images"]


def test_a_cluster_without_a_good_name_tells_the_nearest_word() -> None:
    clusters = RESULTS.clusters.assign(name="", nearest_word="<i>{0}")
    part = encoder_parts(dataclasses.replace(RESULTS, clusters=clusters))[0]
    strip = part.clusterers[0].strips[0]
    assert strip.heading == "cluster 0"
    assert strip.numbers[-1] == "no good name (nearest: <i>{0})"


@pytest.mark.parametrize("cell", ["[", "3", "{}", '[["a"], 1, null]', '"a"', None, float("nan")])
def test_a_cell_without_a_list_of_names_names_no_image(cell: Any) -> None:
    clusters = RESULTS.clusters.assign(typical=cell, atypical=cell)
    parts = encoder_parts(dataclasses.replace(RESULTS, clusters=clusters))
    strips = [strip for part in parts for one in part.clusterers for strip in one.strips]
    assert strips and all(strip.first and not strip.least for strip in strips)
