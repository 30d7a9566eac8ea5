"""Promises of the metrics of one set of images."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from embedbench.analysis.inputs import EvaluationSettings, Targets
from embedbench.analysis.measurement import (
    evaluate_clusters,
    evaluate_vectors,
    neighbours_and_search,
)
from embedbench.clustering.clusterers import parse_clusterer
from embedbench.clustering.limits import SampleLimit
from embedbench.errors import InputError
from embedbench.metrics.embedding.geometry import anisotropy
from embedbench.results.schema import ENCODER_ALONE

LABELS = np.arange(40) % 4
RANDOM = np.random.default_rng(0)
VECTORS = (9 * np.eye(4, 8)[LABELS] + RANDOM.normal(size=(40, 8))).astype(np.float32)
TARGETS = Targets(LABELS, "abcd", np.arange(40))
CLUSTERERS = [parse_clusterer("kmeans"), parse_clusterer("agglomerative")]


def settings(k: int) -> EvaluationSettings:
    return EvaluationSettings(CLUSTERERS, "l2", (k,), (0, 1))


def test_clear_classes_are_found_by_every_clusterer_and_by_the_vectors_alone() -> None:
    found = evaluate_clusters(VECTORS, TARGETS, settings(4))
    assert found.k == 4
    for clusterer in ("kmeans", "agglomerative"):
        assert found.values[clusterer, "ari"] == adjusted_rand_score(LABELS, LABELS) == 1
        assert found.scores[clusterer, "ami"].mean == pytest.approx(1)
    for name in ("knn_accuracy", "retrieval_map", "linear_probe"):
        assert found.values[ENCODER_ALONE, name] == found.scores[ENCODER_ALONE, name].mean == 1
    assert found.values[ENCODER_ALONE, "anisotropy"] == anisotropy(VECTORS)


def test_values_are_means_over_seeds_without_intervals_and_times() -> None:
    names = {name for _, name in evaluate_clusters(VECTORS, TARGETS, settings(3)).values}
    assert {"ami", "silhouette", "stability", "hubness"} <= names
    assert not {"k", "seconds", "clusterer", "k_from"} & names
    assert not {name for name in names if name.endswith(("_low", "_high", "_l2", "_clustered"))}


def test_there_are_no_more_clusters_than_images_allow_and_no_fewer_than_two() -> None:
    few = VECTORS[:6], TARGETS.take(np.arange(6))
    assert evaluate_clusters(*few, settings(30)).k == 5
    assert evaluate_clusters(*few, settings(1)).k == 2


def test_images_that_are_all_the_same_cannot_be_clustered() -> None:
    with pytest.raises(InputError):
        evaluate_clusters(np.ones((10, 4), np.float32), TARGETS.take(np.arange(10)), settings(2))


def test_search_finds_near_duplicates_where_it_may_and_nothing_else_does() -> None:
    """Four images, each with a copy, and no other of its label."""
    vectors = np.repeat(np.eye(4, dtype=np.float32), 2, axis=0)
    targets = Targets(np.arange(8) // 2, "abcd", np.arange(8) // 2)
    near, apart = neighbours_and_search(vectors, targets, None)
    same, found = neighbours_and_search(vectors, replace(targets, keeps_duplicates=True), None)
    assert apart.unanswered.tolist() == list(range(8))
    assert found.average_precision.tolist() == [1] * 8
    assert found.found[:, 0].tolist() == [1, 0, 3, 2, 5, 4, 7, 6]
    assert np.array_equal(near.nearest, same.nearest)


def test_without_labels_there_are_numbers_and_no_scores() -> None:
    _, retrieval, scores, numbers = evaluate_vectors(VECTORS, TARGETS.unlabelled(), 0)
    assert retrieval is None and scores == {}
    assert {"hubness", "anisotropy"} <= set(numbers)
    found = evaluate_clusters(VECTORS, TARGETS.unlabelled(), settings(4))
    assert {name for _, name in found.scores} == {"silhouette"}


def test_of_many_images_the_sample_is_asked_and_all_can_be_found() -> None:
    neighbours, retrieval, scores, _ = evaluate_vectors(VECTORS, TARGETS, 0, SampleLimit(10))
    assert retrieval is not None and retrieval.moving is not None and retrieval.moving.all()
    assert neighbours.asked is not None and len(neighbours.asked) == 10
    assert scores["retrieval_map"].n_images == 10
    assert set(np.unique(neighbours.nearest)) - set(neighbours.asked.tolist())
