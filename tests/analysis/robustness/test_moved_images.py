"""Promises of the images that a corruption moves: the furthest first, and none that stays."""

import numpy as np
from sklearn.preprocessing import normalize

from embedbench.analysis.robustness.corruption_effects import CorruptionEffect, corruption_effect
from embedbench.analysis.robustness.moved_images import moved_images
from tests.analysis.robustness.test_corruption_effects import (
    HOW,
    NOISE,
    blobs,
    clean_of,
    share_kept,
)

NAMES = [f"{row}.jpg" for row in range(30)]


def moved_to(vectors: np.ndarray, rows: list[int], place: int) -> np.ndarray:
    moved = vectors.copy()
    moved[rows] = vectors[place]
    return moved


def effect_of(vectors: np.ndarray) -> CorruptionEffect:
    return corruption_effect(clean_of(blobs()), NOISE, vectors, HOW)


def test_only_images_that_move_are_listed_with_what_they_keep() -> None:
    vectors = moved_to(blobs(), [0, 5], 25)
    table = moved_images(effect_of(vectors), vectors, NAMES)
    assert set(table["image"]) == {"0.jpg", "5.jpg"}
    assert table["cluster_changes"].tolist() == [1, 1]
    kept = dict(zip(table["image"], table["neighbour_retention"], strict=True))
    for row in (0, 5):
        alone = moved_to(blobs(), [row], 25)
        one = 30 * share_kept(normalize(blobs()), normalize(alone)) - 29  # all others keep theirs
        assert np.isclose(kept[f"{row}.jpg"], one)
    assert table["corruption"].tolist() == ["noise"] * 2 and table["severity"].tolist() == [3, 3]


def test_the_furthest_come_first_and_no_more_than_asked_for() -> None:
    vectors = blobs() + 0.4 * blobs(seed=1, spread=1)
    effect = effect_of(vectors)
    table = moved_images(effect, vectors, NAMES, count=5)
    assert len(table) == 5 and table["neighbour_retention"].is_monotonic_increasing
    every = moved_images(effect, vectors, NAMES, count=30)
    assert every["neighbour_retention"].iloc[:5].tolist() == table["neighbour_retention"].tolist()
    unlisted = 30 - len(every)  # they keep all
    mean = (every["neighbour_retention"].sum() + unlisted) / 30
    assert np.isclose(mean, effect.table.set_index("metric")["value"]["neighbour_retention"])


def test_nothing_moves_where_nothing_changes_and_what_was_not_made_is_not_listed() -> None:
    assert moved_images(effect_of(blobs()), blobs(), NAMES).empty
    vectors = moved_to(blobs(), [3], 25)
    vectors[7] = np.nan
    assert moved_images(effect_of(vectors), vectors, NAMES)["image"].tolist() == ["3.jpg"]
