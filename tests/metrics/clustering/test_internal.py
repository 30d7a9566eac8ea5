"""Promises of the metrics without truth: scikit-learn's values, nan where undefined."""

import numpy as np
import pytest
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_samples,
    silhouette_score,
)

from embedbench.metrics.clustering.internal import internal

RANDOM = np.random.default_rng(0)
POINTS = (RANDOM.normal(size=(90, 8)) + RANDOM.integers(0, 3, (90, 1)) * 2).astype(np.float32)
LABELS = np.stack([RANDOM.integers(0, k, 90) for k in (2, 3, 5, 9, 20)])


def test_noise_images_do_not_count() -> None:
    labels = LABELS.copy()
    labels[:, 60:] = -1
    inside = internal(POINTS, labels)
    assert np.allclose(
        inside.drop(columns="coverage"),
        internal(POINTS[:60], LABELS[:, :60]).drop(columns="coverage"),
    )
    assert inside["coverage"].tolist() == pytest.approx([60 / 90] * 5)


@pytest.mark.parametrize(
    "labels",
    [[0, 0, 0, 0], [0, 1, 2, 3], [-1, -1, -1, -1], [0, -1, -1, -1], [0, 1, -1, -1]],
    ids=["one cluster", "n clusters", "all noise", "one image", "two images alone"],
)
def test_scores_are_nan_where_they_are_not_defined(labels: list[int]) -> None:
    points = POINTS[:4]
    scores = internal(points, np.array([labels])).iloc[0]
    assert scores.drop(["clusters", "coverage"]).isna().all()
    assert scores["clusters"] == len({label for label in labels if label >= 0})


def test_scores_are_those_of_scikit_learn() -> None:
    scores = internal(POINTS, LABELS)
    for name, peer in [
        ("silhouette", silhouette_score),
        ("calinski_harabasz", calinski_harabasz_score),
        ("davies_bouldin", davies_bouldin_score),
    ]:
        assert np.allclose(scores[name], [peer(POINTS, row) for row in LABELS], rtol=1e-5)


@pytest.mark.parametrize("far", [0, 1000])
def test_scores_of_duplicates_and_of_clusters_of_one_are_those_of_scikit_learn(far: int) -> None:
    four = np.repeat(far + np.arange(4)[:, None] * np.ones(3), 20, axis=0).astype(np.float32)
    labels = np.stack([np.arange(80) // 20, np.arange(80) // 40, np.arange(80) // 2 % 20])
    alone = np.where(np.arange(90) < 30, np.arange(90), 100 + np.arange(90) % 3)
    for points, runs in ((four, labels), (POINTS + np.float32(far), alone[None])):
        scores = internal(points, runs)
        wide = points.astype(np.float64)
        for name, peer in [
            ("calinski_harabasz", calinski_harabasz_score),
            ("davies_bouldin", davies_bouldin_score),
        ]:
            assert np.allclose(scores[name], [peer(wide, row) for row in runs], rtol=1e-6)


def test_the_macro_silhouette_counts_each_cluster_once() -> None:
    samples = silhouette_samples(POINTS, LABELS[2])
    expected = np.mean([samples[LABELS[2] == cluster].mean() for cluster in range(5)])
    assert internal(POINTS, LABELS)["silhouette_macro"][2] == pytest.approx(expected, abs=1e-5)


def test_the_order_of_runs_is_kept_where_some_are_the_same() -> None:
    order = [3, 0, 3, 1, 0]
    assert internal(POINTS, LABELS[order]).equals(
        internal(POINTS, LABELS).iloc[order].reset_index(drop=True)
    )


def test_no_runs_give_no_rows() -> None:
    none = internal(POINTS, np.zeros((0, 90), dtype=int))
    assert len(none) == 0 and list(none) == list(internal(POINTS, LABELS))
