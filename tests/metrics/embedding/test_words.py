"""Promises of texts against images: other libraries' numbers, ties as chance, copies not wrong."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import normalize

from embedbench.metrics.embedding.words import (
    class_vectors,
    text_to_image,
    text_to_image_chance,
    zero_shot_correct,
)

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 5, 60)
PROMPTS = RANDOM.normal(size=(10, 8)).astype(np.float32)
IMAGES = (PROMPTS[2 * LABELS] + 2 * RANDOM.normal(size=(60, 8))).astype(np.float32)
TEXTS = (IMAGES[:40] + 3 * RANDOM.normal(size=(40, 8))).astype(np.float32)
ALONE = np.arange(60)


def pairs(*of_images: int) -> np.ndarray:
    """Return the pairs of texts 0, 1, 2 ... with these images."""
    return np.stack([np.array(of_images), np.arange(len(of_images))], axis=1)


def test_zero_shot_is_that_of_scikit_learn() -> None:
    classes = normalize(PROMPTS.astype(float)).reshape(5, 2, 8).mean(axis=1)
    expected = cosine_similarity(IMAGES.astype(float), classes).argmax(axis=1) == LABELS
    labels = np.where(ALONE < 50, LABELS, -1)
    correct = zero_shot_correct(IMAGES, class_vectors(PROMPTS, 2), labels)
    np.testing.assert_array_equal(correct[:50], expected[:50])
    assert np.isnan(correct[50:]).all()
    assert 0.3 < np.nanmean(correct) < 1


def test_equal_classes_score_as_guessing_between_them() -> None:
    classes = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    images = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert zero_shot_correct(images, classes, np.array([0, 1, 0])).tolist() == [0.5, 0.5, 0.0]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of numba, while it compiles ranx
def test_recall_and_reciprocal_rank_are_those_of_ranx() -> None:
    ranx = pytest.importorskip("ranx")
    found = text_to_image(IMAGES, TEXTS, pairs(*range(40)), ALONE)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (TEXTS, IMAGES)]
    fits = unit[0] @ unit[1].T
    answers = {f"t{text}": {f"i{i}": float(x) for i, x in enumerate(row)}
               for text, row in enumerate(fits)}  # fmt: skip
    qrels = ranx.Qrels({f"t{text}": {f"i{text}": 1} for text in range(40)})
    expected = ranx.evaluate(qrels, ranx.Run(answers), ["recall@1", "recall@5", "recall@10", "mrr"])
    means = [float(np.nanmean(values)) for values in found.values()]
    assert means == pytest.approx([float(value) for value in expected.values()])
    assert 0.1 < means[0] < means[1] < means[2] < 1
    assert all(np.isnan(values[40:]).all() for values in found.values())


def test_other_images_of_a_text_and_near_duplicates_are_not_wrong() -> None:
    images = np.array([[1, 0], [0.99, 0.1], [0.9, 0.4], [0.7, 0.7], [0, 1]], np.float32)
    text = np.array([[1, 0]], np.float32)
    two = np.array([[1, 0], [3, 0]])
    found = text_to_image(images, text, two, np.arange(5), ks=[1, 2, 3])
    np.testing.assert_array_equal(found["text_recall_at_1"], [np.nan, 0, np.nan, 0, np.nan])
    # Before image 1 comes image 0; before image 3 come 0 and 2, while 1 is right too.
    np.testing.assert_array_equal(found["text_recall_at_2"], [np.nan, 1, np.nan, 0, np.nan])
    np.testing.assert_array_equal(found["text_recall_at_3"], [np.nan, 1, np.nan, 1, np.nan])
    copies = np.array([0, 0, 1, 2, 3])
    found = text_to_image(images, text, np.array([[1, 0]]), copies, ks=[1])
    assert found["text_recall_at_1"][1] == 1


def test_an_image_counts_once_and_equal_images_as_chance() -> None:
    images = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    texts = np.array([[1, 0], [0, 1]], np.float32)
    found = text_to_image(images, texts, pairs(0, 0), np.arange(3), ks=[1])
    # The first text finds image 0 or its equal, 1/2; the second finds image 2 first.
    assert found["text_recall_at_1"][0] == pytest.approx((1 / 2 + 0) / 2)
    assert found["text_reciprocal_rank"][0] == pytest.approx(((1 + 1 / 2) / 2 + 5 / 12) / 2)


def test_chance_is_what_random_vectors_score() -> None:
    two_texts_share = np.array([[0, 0], [1, 0], [2, 1], [3, 1], [3, 2]])
    copies = np.array([0, 0, 1, 2, 3, 4, 5, 6])
    expected = text_to_image_chance(two_texts_share, copies)
    drawn = [
        text_to_image(own[:8], own[8:], two_texts_share, copies)
        for own in RANDOM.normal(size=(2000, 11, 4)).astype(np.float32)
    ]
    for name, value in expected.items():
        means = [np.nanmean(one[name]) for one in drawn]
        assert np.mean(means) == pytest.approx(value, abs=4 * np.std(means) / 2000**0.5)
    every = np.stack([np.arange(8), np.zeros(8, int)], axis=1)
    assert set(text_to_image_chance(every, np.arange(8)).values()) == {1.0}


def test_blocks_of_texts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = text_to_image(IMAGES, TEXTS, pairs(*range(40)), ALONE // 2)
    monkeypatch.setattr("embedbench.metrics.embedding.words._CELLS", 200)
    for name, values in text_to_image(IMAGES, TEXTS, pairs(*range(40)), ALONE // 2).items():
        np.testing.assert_array_equal(values, whole[name])
