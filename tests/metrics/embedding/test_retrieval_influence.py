"""Promises of retrieval influence: the change in the scores if the image is left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from embedbench.metrics.base import Estimate, mean_estimate
from embedbench.metrics.bootstrap import PairedBootstrap
from embedbench.metrics.embedding.neighbours import neighbourhood
from embedbench.metrics.embedding.retrieval_influence import retrieval_influence


def precisions(right: np.ndarray) -> tuple[float, float]:
    """Return scikit-learn's average precision, and the R-precision by its definition."""
    scores = -np.arange(len(right))
    return (
        float(average_precision_score(right, scores)),
        float(right[: right.sum()].mean()),
    )


def retrieval(vectors: np.ndarray, truth: np.ndarray) -> dict[str, Estimate]:
    """Return the scores of retrieval, no image a copy of another."""
    found = neighbourhood(vectors, truth, np.arange(len(truth)))
    assert found.average_precision is not None and found.r_precision is not None
    return {
        "retrieval_map": mean_estimate(
            found.average_precision[None], moves=found.precision_influence
        ),
        "r_precision": mean_estimate(found.r_precision[None], moves=found.r_precision_influence),
    }


@given(st.lists(st.booleans(), min_size=2, max_size=14).filter(lambda row: sum(row) > 0))
def test_influence_is_the_score_minus_the_score_without_the_image(row: list[bool]) -> None:
    right = np.array(row)
    found = np.array(retrieval_influence(right))
    for place in range(len(right)):
        rest = np.delete(right, place)
        if not rest.any():
            assert np.isnan(found[:, place]).all()
            continue
        expected = np.array(precisions(right)) - precisions(rest)
        assert found[:, place] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_the_total_influence_is_the_jackknifes(seed: int, classes: int) -> None:
    """Whatever the images: the mean with all of them, less the mean without one."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(12, 5)).astype(np.float32)
    truth = random.integers(-1, classes, 12)
    truth[:4] = [0, 0, 1, 1]
    groups = np.arange(12)
    scores = retrieval(vectors, truth)
    whole = neighbourhood(vectors, truth, groups)
    for name, values in (
        ("retrieval_map", whole.average_precision),
        ("r_precision", whole.r_precision),
    ):
        assert values is not None
        counted = np.flatnonzero(~np.isnan(values))
        moved = []
        for image in counted:
            rest = np.delete(np.arange(12), image)
            left = neighbourhood(vectors[rest], truth[rest], groups[:11])
            found = left.average_precision if name == "retrieval_map" else left.r_precision
            assert found is not None
            # A query that loses its only right image is counted with the mean of all.
            known = np.where(np.isnan(found), np.nanmean(values), found)
            known = known[np.isin(rest, counted)]
            moved.append((len(counted) - 1) * (np.nanmean(values) - known.mean()))
        expected = np.array(moved) - np.mean(moved)
        assert scores[name].influence[0, counted] == pytest.approx(expected, abs=1e-9)


def test_the_interval_of_retrieval_contains_the_true_mean() -> None:
    """Of 60 samples of 80 images from one distribution, at least 53 intervals hold its mean."""

    def draw(seed: int) -> tuple[float, tuple[float, float]]:
        random = np.random.default_rng(seed)
        truth = random.integers(0, 4, 80)
        vectors = (1.2 * np.eye(6)[truth] + random.normal(size=(80, 6))).astype(np.float32)
        score = retrieval(vectors, truth)["retrieval_map"]
        return score.mean, PairedBootstrap(np.arange(80), seed).intervals({"map": score})["map"]

    found = [draw(seed) for seed in range(60)]
    mean = np.mean([value for value, _ in found])
    held = sum(low <= mean <= high for _, (low, high) in found)
    assert held >= 53
