"""Promises of the metrics of similarity between encoders."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy.stats import ortho_group
from sklearn.metrics import adjusted_mutual_info_score

from embedbench.metrics.embedding.similarity import agreement, linear_cka

RANDOM = np.random.default_rng(0)
ONE = RANDOM.normal(0.3, 1, (60, 10)).astype(np.float32)
NEAR = (ONE + RANDOM.normal(0, 0.7, ONE.shape)).astype(np.float32)[:, :7]
RUNS = RANDOM.integers(0, 4, (3, 40))
OTHERS = np.where(RANDOM.random((2, 40)) < 0.6, RUNS[:2], RANDOM.integers(0, 5, (2, 40)))


def unit(vectors: np.ndarray) -> np.ndarray:
    rows = vectors.astype(np.float64)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def criterion(one: np.ndarray, other: np.ndarray) -> float:
    """Equation 5 of Song et al. 2012, with the kernels as they are."""
    images = len(one)
    first, second = unit(one) @ unit(one).T, unit(other) @ unit(other).T
    np.fill_diagonal(first, 0)
    np.fill_diagonal(second, 0)
    ones = np.ones(images)
    whole = (ones @ first @ ones) * (ones @ second @ ones) / ((images - 1) * (images - 2))
    rows = ones @ first @ second @ ones * 2 / (images - 2)
    return float((np.trace(first @ second) + whole - rows) / (images * (images - 3)))


def biased(one: np.ndarray, other: np.ndarray) -> float:
    """Kornblith et al. 2019."""
    first, second = (rows - rows.mean(axis=0) for rows in (unit(one), unit(other)))
    across = np.linalg.norm(first.T @ second) ** 2
    return float(across / np.linalg.norm(first.T @ first) / np.linalg.norm(second.T @ second))


def ami(one: np.ndarray, other: np.ndarray) -> float:
    return float(adjusted_mutual_info_score(one, other))


def test_cka_is_the_ratio_of_unbiased_criteria() -> None:
    alone = criterion(ONE, ONE) * criterion(NEAR, NEAR)
    assert linear_cka(ONE, NEAR) == pytest.approx(criterion(ONE, NEAR) / np.sqrt(alone))


def test_cka_is_one_for_a_rotated_and_scaled_copy() -> None:
    lengths = RANDOM.uniform(0.1, 100, (60, 1))
    turned = (ONE @ ortho_group.rvs(10, random_state=0) * lengths).astype(np.float32)
    assert linear_cka(ONE, turned) == pytest.approx(1, abs=1e-6)
    assert linear_cka(ONE, ONE) == pytest.approx(1, abs=1e-12)


def test_cka_of_noise_is_about_zero_with_more_columns_than_images_and_the_biased_one_is_not() -> (
    None
):
    one, other = (RANDOM.normal(size=(50, 400)).astype(np.float32) for _ in range(2))
    assert abs(linear_cka(one, other)) < 0.1
    assert biased(one, other) > 0.8


def test_cka_is_zero_on_average_over_all_permutations() -> None:
    mixed = [linear_cka(ONE[:5], NEAR[list(order)]) for order in permutations(range(5))]
    assert np.mean(mixed) == pytest.approx(0, abs=1e-12)
    assert np.ptp(mixed) > 0.1


def test_cka_is_symmetric_and_lower_for_less_similar_vectors() -> None:
    assert linear_cka(ONE, NEAR) == pytest.approx(linear_cka(NEAR, ONE))
    far = RANDOM.normal(size=ONE.shape).astype(np.float32)
    assert linear_cka(ONE, far) < linear_cka(ONE, NEAR) < 0.99


def test_columns_of_zeros_change_no_cka() -> None:
    many = RANDOM.normal(size=(1500, 30)).astype(np.float32)
    near = many + RANDOM.normal(size=many.shape).astype(np.float32)
    padded = [np.pad(vectors, ((0, 0), (0, 1600))) for vectors in (many, near)]
    assert linear_cka(*padded) == pytest.approx(linear_cka(many, near))


def test_cka_of_vectors_in_a_narrow_cone_is_the_ratio_too() -> None:
    one, other = (vectors + np.float32(20) for vectors in (ONE, NEAR))
    alone = criterion(one, one) * criterion(other, other)
    assert linear_cka(one, other) == pytest.approx(criterion(one, other) / alone**0.5, rel=1e-6)


def test_cka_is_nan_for_too_few_or_equally_similar_images() -> None:
    assert np.isnan(linear_cka(ONE[:3], NEAR[:3]))
    assert np.isfinite(linear_cka(ONE[:4], NEAR[:4]))
    assert np.isnan(linear_cka(ONE, np.ones((60, 4), dtype=np.float32)))
    assert np.isnan(linear_cka(np.eye(60, dtype=np.float32), ONE))
    assert np.isnan(linear_cka(np.zeros((60, 4), dtype=np.float32), ONE))
    assert np.isnan(linear_cka(ONE[:0], NEAR[:0]))


def test_agreement_is_the_mean_ami_of_scikit_learn_over_all_pairs() -> None:
    expected = np.mean([ami(one, other) for one, other in product(RUNS, OTHERS)])
    assert agreement(RUNS, OTHERS) == pytest.approx(expected, abs=1e-9)
    assert np.isnan(agreement(RUNS, OTHERS[:0]))
