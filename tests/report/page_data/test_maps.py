"""Promises of the maps' record: places, clusters and names as the tables have them."""

import base64
import dataclasses

import numpy as np

from embedbench.analysis.projections import align_projections
from embedbench.report.page_data.maps import maps_record
from tests.support.example_results import CLASSES, ENCODERS, example_results

RESULTS = example_results()
NAMES = list(RESULTS.images["image"])


def unpacked(record: dict[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(record["data"]), record["type"])


def test_a_map_lies_as_the_aligned_projection_and_fills_a_square() -> None:
    record = maps_record(RESULTS, NAMES)
    assert record is not None
    assert [one["title"] for one in record["projections"]] == ["t-SNE", "PCA"]
    tables = RESULTS.projections[RESULTS.projections["projection"] == "pca"]
    planes = {
        name: tables.loc[tables["encoder"] == name, ["x", "y"]].to_numpy(float) for name in ENCODERS
    }
    for aligned, plane in zip(
        align_projections(planes).values(), record["projections"][1]["planes"], strict=True
    ):
        shown = unpacked(plane).reshape(-1, 2) / 65535 * 2 - 1
        assert np.abs(shown).max() == 1
        np.testing.assert_allclose(shown, aligned / np.abs(aligned).max(), atol=2e-5)


def test_encoders_stand_by_rank_with_their_clusters_and_names() -> None:
    record = maps_record(RESULTS, NAMES)
    assert record is not None
    assert [one["name"] for one in record["encoders"]] == list(ENCODERS)
    second = record["encoders"][1]
    members = RESULTS.silhouettes[
        (RESULTS.silhouettes["encoder"] == ENCODERS[1])
        & (RESULTS.silhouettes["clusterer"] == "kmeans")
    ]
    assert unpacked(second["clusters"]).tolist() == members["cluster"].tolist()
    np.testing.assert_allclose(unpacked(second["silhouettes"]), members["silhouette"], rtol=1e-6)
    assert second["names"] == {str(number): f"{CLASSES[number]}s" for number in (1, 2, 3)}


def test_a_picture_that_an_encoder_did_not_cluster_is_in_no_cluster() -> None:
    silhouettes = RESULTS.silhouettes[RESULTS.silhouettes["image"] != NAMES[0]]
    record = maps_record(dataclasses.replace(RESULTS, silhouettes=silhouettes), NAMES)
    assert record is not None
    assert all(unpacked(one["clusters"])[0] == -2 for one in record["encoders"])


def test_an_encoder_without_a_projection_has_no_plane() -> None:
    gone = (RESULTS.projections["encoder"] == ENCODERS[0]) & (
        RESULTS.projections["projection"] == "tsne"
    )
    record = maps_record(
        dataclasses.replace(RESULTS, projections=RESULTS.projections[~gone]), NAMES
    )
    assert record is not None
    planes = [one["planes"] for one in record["projections"]]
    assert [[plane is None for plane in one] for one in planes] == [[True, False, False]] + [
        [False] * 3
    ]


def test_without_pictures_there_are_no_maps() -> None:
    assert maps_record(RESULTS, []) is None
