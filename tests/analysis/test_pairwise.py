"""Promises of two encoders side by side: alike is 1, and pairs are those that differ."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score

from embedbench.analysis.pairwise import (
    NO_PAIRS,
    EncoderView,
    agreement_by_k,
    disagreement,
    disputed_pairs,
    similarity_of,
)
from embedbench.metrics.embedding.neighbours import neighbourhood


def seen(vectors: np.ndarray, labels: Any, groups: np.ndarray | None = None) -> EncoderView:
    rows = vectors.astype(np.float32)
    groups = np.arange(len(rows)) if groups is None else groups
    found = neighbourhood(rows, None, groups)
    return EncoderView(rows, np.asarray(labels, dtype=np.int32), found)


def noise(seed: int, images: int = 40, dim: int = 8) -> EncoderView:
    random = np.random.default_rng(seed)
    labels = random.integers(4, size=(2, 3, images))
    return seen(random.normal(size=(images, dim)), labels)


def names(images: int) -> list[str]:
    return [f"{number}.png" for number in range(images)]


def at(*degrees: float) -> np.ndarray:
    turns = np.radians(degrees)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1)


def test_an_encoder_is_like_itself_turned_and_scaled() -> None:
    one = noise(0)
    same = np.repeat(one.assignments[:, :1], 3, axis=1)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0]
    found = similarity_of(seen(one.vectors, same), seen(3 * one.vectors @ turn, 3 - same))
    assert found == {
        "partition_agreement": pytest.approx(1),
        "mutual_knn": pytest.approx(1),
        "cka": pytest.approx(1, abs=1e-5),
    }


def test_the_agreement_at_each_k_is_that_of_the_partitions_there() -> None:
    one, other = noise(0).assignments[:, 0], noise(1).assignments[:, 0]
    amis = [adjusted_mutual_info_score(*both) for both in zip(one, other, strict=True)]
    assert agreement_by_k(one, other) == pytest.approx(amis)


def test_encoders_that_share_nothing_are_alike_as_by_chance() -> None:
    found = [
        similarity_of(noise(2 * number, 200), noise(2 * number + 1, 200, 5)) for number in range(4)
    ]
    chance = {name: np.mean([one[name] for one in found]) for name in found[0]}
    assert chance["partition_agreement"] == pytest.approx(0, abs=0.01)
    assert chance["mutual_knn"] == pytest.approx(10 / 199, abs=0.01)
    assert chance["cka"] == pytest.approx(0, abs=0.02)


def test_partition_agreement_is_the_mean_ami_at_the_same_k() -> None:
    one, other = noise(0), noise(1)
    expected = [
        adjusted_mutual_info_score(mine, yours)
        for k in range(2)
        for mine in one.assignments[k]
        for yours in other.assignments[k]
    ]
    assert similarity_of(one, other)["partition_agreement"] == pytest.approx(np.mean(expected))


@settings(max_examples=15)
@given(seed=st.integers(0, 9999))
def test_relations_are_the_same_from_either_side(seed: int) -> None:
    one, other = noise(seed), noise(seed + 1)
    assert similarity_of(one, other) == pytest.approx(similarity_of(other, one))


def test_constant_vectors_are_like_nothing_that_can_be_told() -> None:
    constant = seen(np.ones((20, 3)), np.zeros((1, 1, 20)))
    found = similarity_of(constant, constant)
    assert np.isnan(found["cka"])
    assert found["mutual_knn"] == 1


def test_a_pair_is_what_one_puts_together_and_the_other_apart() -> None:
    """By hand: the first sees 0 and 1 together, 2 and 3; the other 0 and 2, 1 and 3.

    0 and 1 are 1 degree apart by the first: of 4 images, the 2 others are farther from 0. By the
    other they are 80 apart, and the farthest there is: none is farther.
    """
    one = seen(at(0, 1, 40, 43), [[[0, 0, 1, 1]]])
    other = seen(at(0, 80, 2, 77), [[[0, 1, 0, 1]]])
    found = disputed_pairs(one, other, np.arange(4), names(4))
    pairs = [
        {image, partner} for image, partner in zip(found["image"], found["partner"], strict=True)
    ]
    assert pairs == [{"0.png", "1.png"}, {"2.png", "3.png"}]
    assert found["strength"].iloc[0] == pytest.approx(1 / 2 + (2 / 4 - 0) / 2)


@settings(max_examples=15)
@given(seed=st.integers(0, 9999))
def test_pairs_are_the_strongest_first_and_no_image_stands_twice(seed: int) -> None:
    one, other = noise(seed, 60), noise(seed + 1, 60)
    found = disputed_pairs(one, other, np.arange(60), names(60))
    assert found.columns.tolist() == ["image", "partner", "strength"] and len(found) <= 12
    assert (np.diff(found["strength"]) < 1e-9).all()
    assert (found["strength"] > 0).all() and (found["strength"] <= 1).all()
    shown = [*found["image"], *found["partner"]]
    assert len(set(shown)) == len(shown)
    number = {name: row for row, name in enumerate(names(60))}
    for image, partner in zip(found["image"], found["partner"], strict=True):
        pair = [number[image], number[partner]]
        together = [
            (part.assignments[..., pair[0]] == part.assignments[..., pair[1]]).mean()
            for part in (one, other)
        ]
        assert together[0] > together[1]
        assert pair[1] in one.neighbours.nearest[pair[0]]


def test_a_picture_and_its_copy_are_no_pair_and_stand_once() -> None:
    random = np.random.default_rng(0)
    vectors = np.repeat(random.normal(size=(15, 6)), 2, axis=0)
    groups = np.repeat(np.arange(15), 2)
    one = seen(vectors, random.integers(3, size=(2, 2, 30)), groups)
    other = seen(random.normal(size=(30, 6)), random.integers(3, size=(2, 2, 30)), groups)
    found = disputed_pairs(one, other, groups, names(30))
    shown = [int(name.split(".")[0]) // 2 for name in [*found["image"], *found["partner"]]]
    assert len(shown) > 2 and len(set(shown)) == len(shown)


def test_encoders_that_see_the_same_have_no_pairs() -> None:
    one = noise(0)
    found = disputed_pairs(one, one, np.arange(40), names(40))
    assert found.empty and found.columns.tolist() == ["image", "partner", "strength"]
    assert set(found.columns) < set(NO_PAIRS.columns)


def test_disagreement_is_the_share_of_neighbours_that_are_not_in_both() -> None:
    """Image 0 of six, two neighbours: 1 and 2; 1 and 5; 5 and 4."""
    encoders = [seen(at(*row), [[[0] * 6]]) for row in ANGLES]
    assert [part.neighbours.nearest[0, :2].tolist() for part in encoders] == [
        [1, 2],
        [1, 5],
        [5, 4],
    ]
    found = disagreement([part.neighbours for part in encoders], count=2)
    assert found[0] == pytest.approx(np.mean([1 / 2, 1, 1 / 2]))


ANGLES = [(0, 1, 3, 40, 50, 60), (0, 1, 30, 40, 50, 4), (0, 60, 50, 40, 3, 1)]


def test_disagreement_is_0_for_the_same_and_nan_for_one() -> None:
    one, few = noise(0).neighbours, noise(1, 5).neighbours
    assert not disagreement([one, one]).any()
    assert np.isnan(disagreement([one])).all() and len(disagreement([one])) == 40
    assert not disagreement([few, noise(2, 5).neighbours]).any()  # all four others are in both


@settings(max_examples=15)
@given(seed=st.integers(0, 9999))
def test_disagreement_is_the_same_in_any_order_of_encoders(seed: int) -> None:
    encoders = [noise(seed + number, 25).neighbours for number in range(3)]
    found = disagreement(encoders)
    assert (found >= 0).all() and (found <= 1).all() and found.any()
    np.testing.assert_allclose(found, disagreement(encoders[::-1]))
