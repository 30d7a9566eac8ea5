"""Promises of the whole evaluation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from embedbench.clustering.partitions import noise_as_singletons
from embedbench.metrics.clustering.evaluate import evaluate
from embedbench.metrics.clustering.external import external
from embedbench.metrics.clustering.internal import internal

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=(40, 4)).astype(np.float32)
TRUTH = RANDOM.integers(0, 3, 40)
LABELS = RANDOM.integers(0, 4, (3, 40))
NOISY = np.where(np.arange(40) % 4 == 0, -1, LABELS)


def halves(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    table = evaluate(POINTS, labels, TRUTH)[0]
    clustered = [name for name in table.columns if name.endswith("_clustered")]
    counted = [name.removesuffix("_clustered") for name in clustered]
    return table[counted].to_numpy(), table[clustered].to_numpy()


def test_noise_becomes_clusters_of_one() -> None:
    found = noise_as_singletons(np.array([[2, -1, 0, -1], [-1, -1, -1, -1], [0, 1, 0, 1]]))
    assert found.tolist() == [[2, 3, 0, 4], [0, 1, 2, 3], [0, 1, 0, 1]]


def test_without_noise_both_halves_are_the_same() -> None:
    counted, clustered = halves(LABELS)
    assert np.array_equal(counted, clustered)


def test_plain_columns_count_noise_and_clustered_columns_leave_it_out() -> None:
    table = evaluate(POINTS, NOISY, TRUTH)[0]
    kept = NOISY[0] >= 0
    plain = external(noise_as_singletons(NOISY), TRUTH)
    inside = external(NOISY[:, kept], TRUTH[kept])
    assert np.allclose(table[list(plain)], plain)
    assert np.allclose(table[[f"{name}_clustered" for name in inside]], inside)
    alone = internal(POINTS[kept], NOISY[:, kept])["silhouette"]
    assert np.allclose(table["silhouette_clustered"], alone)
    assert table["coverage"].tolist() == [0.75] * 3
    assert table["clusters"].tolist() == [4] * 3


def test_dropping_noise_does_not_lift_the_plain_score() -> None:
    # Two right pairs, the rest noise: perfect where clustered, poor over all images.
    labels = np.full((1, 40), -1)
    order = np.argsort(TRUTH, kind="stable")
    labels[0, order[:2]], labels[0, order[-2:]] = 0, 1
    table = evaluate(POINTS, labels, TRUTH)[0]
    assert table["ami_clustered"][0] == 1
    assert table["ami"][0] < 0.2
    assert table["coverage"][0] == pytest.approx(0.1)


def test_images_without_a_label_count_in_the_metrics_without_truth_alone() -> None:
    truth = np.where(np.arange(40) < 10, -1, TRUTH)
    found, whole = evaluate(POINTS, NOISY, truth)[0], evaluate(POINTS, NOISY, TRUTH)[0]
    part = external(noise_as_singletons(NOISY)[:, 10:], TRUTH[10:])
    assert np.allclose(found[list(part)], part)
    assert found[["silhouette", "coverage"]].equals(whole[["silhouette", "coverage"]])


@given(
    arrays(np.int64, (3, 5), elements=st.integers(-1, 4)),
    arrays(np.int64, 5, elements=st.integers(-1, 2)),
    arrays(np.float32, (5, 2), elements=st.integers(0, 2)),
    st.integers(2, 5),
)
def test_any_labelling_of_a_few_images_gives_numbers_or_nan(
    labels: np.ndarray, truth: np.ndarray, points: np.ndarray, images: int
) -> None:
    table = evaluate(points[:images], labels[:, :images], truth[:images])[0]
    assert table.shape == (3, 28)
    assert not np.isinf(table.to_numpy()).any()
