"""Promises of the rows that several readers need."""

import dataclasses
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from embedbench.errors import InputError
from embedbench.results.views import (
    chosen_k,
    encoder_named,
    fastest,
    headline_pairs,
    headline_rows,
    members_of,
    ranked,
    started,
    timings_of,
    with_timings,
)
from tests.support.example_results import ENCODERS, FAILED, example_results, with_verdict

RESULTS = example_results()


def test_measurements_are_those_of_the_encoders_alone() -> None:
    speeds = timings_of(RESULTS, "images_per_second")
    assert speeds == dict(zip(ENCODERS, (12.5, 25.0, 10.0), strict=True))
    # The seconds of a clusterer and of the whole run are of no encoder.
    assert timings_of(RESULTS, "seconds") == {}


def test_an_encoder_that_failed_has_no_measurements() -> None:
    table = with_timings(RESULTS).set_index("encoder")
    assert table["images_per_second"].drop(FAILED).tolist() == [12.5, 25.0, 10.0]
    assert table["peak_memory_mb"].isna()[FAILED]


def test_the_fastest_is_one_of_those_that_the_verdict_names() -> None:
    assert fastest(RESULTS) == ENCODERS[1]
    assert fastest(with_verdict(RESULTS, group=[ENCODERS[0], ENCODERS[2]])) == ENCODERS[0]
    assert fastest(with_verdict(RESULTS, group=[])) is None
    unknown = dataclasses.replace(RESULTS, timings=RESULTS.timings.iloc[:0])
    assert fastest(unknown) is None


def test_the_start_is_a_date_or_not_known() -> None:
    assert started(RESULTS) == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert started(dataclasses.replace(RESULTS, timings=RESULTS.timings.iloc[1:])) is None


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, -1e300])
def test_a_start_that_is_no_date_is_not_known(value: float) -> None:
    table = RESULTS.timings.assign(value=value)
    assert started(dataclasses.replace(RESULTS, timings=table)) is None


def test_headline_rows_are_one_for_each_encoder_and_clusterer() -> None:
    rows = headline_rows(RESULTS)
    assert len(rows) == 3 * 3 and set(rows["k_from"]) == {"truth", "own"}


def test_the_best_rank_comes_first_and_no_rank_last() -> None:
    assert ranked(RESULTS) == list(ENCODERS)
    ranks = RESULTS.encoders.assign(rank=[3.0, np.nan, 1.0, np.nan])
    assert ranked(dataclasses.replace(RESULTS, encoders=ranks)) == [
        ENCODERS[2], ENCODERS[0], ENCODERS[1],
    ]  # fmt: skip


def test_members_know_their_labels_and_pictures() -> None:
    members = members_of(RESULTS, ENCODERS[0])
    assert len(members) == 3 * 40
    assert {"image", "clusterer", "cluster", "truth", "thumbnail"} <= set(members.columns)
    assert members_of(RESULTS, ENCODERS[0], "pca:8").empty


def test_pairs_are_those_of_the_first_clusterer_by_ami() -> None:
    pairs = headline_pairs(RESULTS)
    assert set(pairs["clusterer"]) == {"kmeans"} and set(pairs["metric"]) == {"ami"}
    assert len(pairs) == 3 * 2
    empty = dataclasses.replace(RESULTS, pairwise=RESULTS.pairwise.iloc[:0])
    assert headline_pairs(empty).empty


def test_a_criterion_chooses_the_k_that_bears_its_name() -> None:
    curve = pd.DataFrame({"k": [2, 3, 4], "chosen": ["", "elbow,gap", "silhouette"]})
    found = [chosen_k(curve, name) for name in ("elbow", "silhouette", "gap")]
    assert found == [3, 4, 3]
    assert chosen_k(curve.assign(chosen=""), "elbow") is None


def test_empty_choices_read_from_csv_are_no_choice() -> None:
    assert chosen_k(RESULTS.elbow.assign(chosen=np.nan), "elbow") is None


def test_assignments_are_the_main_partition_with_names_and_labels() -> None:
    results = example_results()
    table = results.assignments(ENCODERS[0], "kmeans")
    assert list(table.columns) == ["image", "cluster", "name", "label", "silhouette"]
    assert table["image"].tolist() == results.images["image"].astype(str).tolist()
    truth = results.images["truth"].astype(str).tolist()
    assert table["label"].astype(str).tolist() == truth
    named = results.clusters[
        (results.clusters["encoder"] == ENCODERS[0]) & (results.clusters["clusterer"] == "kmeans")
    ].set_index("cluster")["name"]
    for _, row in table.head(10).iterrows():
        assert row["name"] == named[row["cluster"]]


@pytest.mark.parametrize(
    ("asked", "words"),
    [(("nobody",), "no encoder 'nobody'; there are: "), ((ENCODERS[0], "spectral"), "there are: ")],
)
def test_clusters_that_are_not_there_are_refused_with_those_that_are(
    asked: tuple[str, ...], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        example_results().assignments(*asked)


def test_neighbours_are_those_of_the_image_nearest_first() -> None:
    results = example_results()
    image = str(results.nearest["image"].iloc[0])
    one, every = results.neighbours(image, ENCODERS[0]), results.neighbours(image)
    assert list(one.columns) == ["encoder", "rank", "neighbour", "similarity"]
    assert one["rank"].is_monotonic_increasing and set(one["encoder"]) == {ENCODERS[0]}
    assert len(every) > len(one)
    for asked in (("no.jpg",), (image, "nobody")):
        with pytest.raises(InputError):
            results.neighbours(*asked)


def test_an_encoder_may_be_named_without_its_model_where_that_is_clear() -> None:
    results = example_results()
    assert [encoder_named(results, name) for name in (ENCODERS[1], "timm", "keras")] == [
        ENCODERS[1], ENCODERS[1], ENCODERS[2]
    ]  # fmt: skip
    assert len(results.assignments("timm")) == len(results.assignments(ENCODERS[1]))
    with pytest.raises(InputError, match="no encoder 'resnet50'; there are: pixels, "):
        encoder_named(results, "resnet50")
    names = ["timm:a", "timm:b", "timm"]
    several = dataclasses.replace(results, encoders=pd.DataFrame({"encoder": names}))
    assert encoder_named(several, "timm") == "timm"
    several = dataclasses.replace(results, encoders=pd.DataFrame({"encoder": names[:2]}))
    with pytest.raises(InputError, match="'timm' may be timm:a or timm:b"):
        encoder_named(several, "timm")
