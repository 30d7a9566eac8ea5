"""Promises of agreement: scikit-learn's values, and influence as in leave-one-out."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from embedbench.metrics.base import Estimate
from embedbench.metrics.clustering.agreement import accuracy_score, ami_score, ari_score
from embedbench.metrics.clustering.external import external

AGREEMENTS = [
    (ami_score, adjusted_mutual_info_score),
    (ari_score, adjusted_rand_score),
]


def example(seed: int, images: int = 40, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Two runs, a third of each at random, and the truth."""
    random = np.random.default_rng(seed)
    truth = random.integers(classes, size=images)
    labels = np.where(random.random((2, images)) < 0.3, random.integers(6, size=images), truth)
    return labels.astype(np.int32), truth.astype(np.int32)


@pytest.mark.parametrize(("score", "reference"), AGREEMENTS)
@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_influence_is_the_change_from_leaving_an_image_out(
    score: Callable[[np.ndarray, np.ndarray], Estimate],
    reference: Callable[[np.ndarray, np.ndarray], float],
    seed: int,
) -> None:
    labels, truth = example(seed)
    found = score(labels, truth)
    images = len(truth)
    for run, row in enumerate(labels):
        whole = reference(truth, row)
        without = [
            reference(np.delete(truth, image), np.delete(row, image)) for image in range(images)
        ]
        moves = (images - 1) * (whole - np.array(without))
        assert found.estimates[run] == pytest.approx(whole, abs=1e-9)
        np.testing.assert_allclose(found.influence[run], moves - moves.mean(), atol=1e-7)


@pytest.mark.parametrize(("score", "reference"), AGREEMENTS)
def test_the_smoothing_error_is_the_effect_of_an_image_with_a_random_label(
    score: Callable[[np.ndarray, np.ndarray], Estimate],
    reference: Callable[[np.ndarray, np.ndarray], float],
) -> None:
    labels, truth = example(3)
    images = len(truth)
    whole = reference(truth, labels[0])
    moves = [
        (images + 1) * (reference(np.append(truth, one), np.append(labels[0], other)) - whole)
        for one in truth
        for other in labels[0]
    ]
    expected = np.sqrt(np.mean(np.square(moves)))
    assert score(labels, truth).smoothing_error[0] == pytest.approx(expected, abs=1e-6)


def test_accuracy_equals_that_of_external() -> None:
    labels, truth = example(5)
    expected = external(labels, truth)["accuracy"].to_numpy()
    np.testing.assert_allclose(accuracy_score(labels, truth).estimates, expected)


@pytest.mark.parametrize("score", [ami_score, ari_score, accuracy_score])
def test_images_without_a_label_do_not_count(
    score: Callable[[np.ndarray, np.ndarray], Estimate],
) -> None:
    labels, truth = example(7)
    partly = truth.copy()
    partly[:10] = -1
    found, without = score(labels, partly), score(labels[:, 10:], truth[10:])
    assert found.n_images == 30
    np.testing.assert_allclose(found.estimates, without.estimates)
    np.testing.assert_allclose(found.influence[:, 10:], without.influence)
    assert not found.influence[:, :10].any()


@pytest.mark.parametrize("score", [ami_score, ari_score, accuracy_score])
def test_one_class_alone_gives_no_number(
    score: Callable[[np.ndarray, np.ndarray], Estimate],
) -> None:
    labels, truth = example(7)
    found = score(labels, np.zeros_like(truth))
    assert np.isnan(found.estimates).all()
    assert np.isnan(found.mean)


def test_all_right_leaves_a_smoothing_error() -> None:
    truth = np.repeat(np.arange(4, dtype=np.int32), 10)
    found = ami_score(truth[None], truth)
    assert found.mean == 1
    assert not found.influence.any()
    assert found.smoothing_error[0] > 0.5


@pytest.mark.parametrize("clusters", [1, 40])
def test_one_cluster_and_images_alone_score_nothing(clusters: int) -> None:
    truth = np.repeat(np.arange(4, dtype=np.int32), 10)
    labels = (np.arange(40, dtype=np.int32) % clusters)[None]
    for score in (ami_score, ari_score):
        found = score(labels, truth)
        assert found.mean == pytest.approx(0, abs=1e-12)
        assert np.isfinite(found.influence).all() and np.isfinite(found.smoothing_error).all()
