"""Promises of words by form: the score of texts, beside images in smaller forms."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from embedbench.analysis.inputs import Targets
from embedbench.analysis.purposes.words import ReadTexts, word_scores, word_size_rows
from embedbench.results.schema import TABLES

IMAGES, CLASSES, DIM = 120, 4, 24
LABELS = np.repeat(np.arange(CLASSES), IMAGES // CLASSES)
TARGETS = Targets(LABELS, "abcd", np.arange(IMAGES))
ALONE = np.stack([np.arange(IMAGES)] * 2, axis=1)


def drawn(noise: float) -> tuple[np.ndarray, ReadTexts]:
    """Images around the centres of their classes, a class in one prompt, and a text an image."""
    random = np.random.default_rng(1)
    centres = random.normal(size=(CLASSES, DIM))
    vectors = (centres[LABELS] + random.normal(0, noise, (IMAGES, DIM))).astype(np.float32)
    texts = (vectors + random.normal(0, 0.5, vectors.shape)).astype(np.float32)
    return vectors, ReadTexts(centres.astype(np.float32), 1, texts, ALONE)


def sizes(vectors: np.ndarray, read: ReadTexts, metric: str) -> pd.DataFrame:
    only = read.only(metric)
    return word_size_rows(vectors, only, TARGETS, metric, 0, TARGETS.bootstrap(0))


def test_scores_are_those_that_the_texts_allow() -> None:
    vectors, read = drawn(3.0)
    nearest = cosine_similarity(read.texts, vectors).argmax(axis=1)
    scores = word_scores(vectors, read, TARGETS)
    assert scores["text_recall_at_1"].mean == pytest.approx((nearest == np.arange(IMAGES)).mean())
    assert set(word_scores(vectors, read.only("zero_shot_accuracy"), TARGETS)) == {
        "zero_shot_accuracy"
    }
    assert "zero_shot_accuracy" not in word_scores(vectors, read.only("text_recall_at_5"), TARGETS)
    assert "zero_shot_accuracy" not in word_scores(vectors, read, TARGETS.unlabelled())


def test_each_form_has_the_score_with_its_difference_to_the_whole_vectors() -> None:
    vectors, read = drawn(3.0)
    table = sizes(vectors, read, "zero_shot_accuracy")
    assert ["encoder", *table.columns] == list(TABLES["sizes"].columns)
    known = table[table["reason"] == ""].set_index("form")
    nearest = cosine_similarity(vectors, read.prompts).argmax(axis=1)
    assert known["value"]["float32"] == pytest.approx((nearest == LABELS).mean())
    assert known["difference"].to_numpy() == pytest.approx(
        known["value"].to_numpy() - known["value"]["float32"]
    )
    assert {"int8", "binary", "pca:8"} < set(known.index) and known["smallest"].sum() == 1
    assert table.query("form == 'pca:64'")["reason"].tolist() == [
        "form 'pca:64' needs more than 64 dimensions and 65 pictures; "
        "here are 24 dimensions and 120 pictures"
    ]


def test_a_form_that_loses_what_texts_tell_is_not_the_smallest() -> None:
    """Labels stand in the second of two dimensions, where images differ least."""
    random = np.random.default_rng(0)
    vectors = np.column_stack([np.full(IMAGES, 9.0), random.normal(0, 3, (IMAGES, 9))])
    vectors = np.column_stack([vectors, np.where(LABELS % 2, 0.5, -0.5)]).astype(np.float32)
    prompts = np.zeros((CLASSES, 11), np.float32)
    prompts[:, 10] = [-1, 1, -1, 1]
    targets = Targets(LABELS % 2, "ab", np.arange(IMAGES))
    read = ReadTexts(prompts[:2], 1, prompts[:0], ALONE[:0])
    table = word_size_rows(
        vectors, read, targets, "zero_shot_accuracy", 0, targets.bootstrap(0)
    ).set_index("form")
    assert table["value"]["float32"] == 1 and table["value"]["binary"] == 1
    assert table["difference_high"]["pca:8"] < 0 and not table["smallest"]["pca:8"]
    assert table["smallest"]["binary"]


def test_where_a_form_changes_no_answer_the_difference_may_still_be_something() -> None:
    vectors, read = drawn(0.5)
    row = sizes(vectors, read, "zero_shot_accuracy").set_index("form").loc["float16"]
    # Agresti and Min's interval of no discordant pair of 120: 1.96 / 122 to either side.
    ends = [row[name] for name in ("difference", "difference_low", "difference_high")]
    assert ends == pytest.approx([0, -1.96 / 122, 1.96 / 122], abs=0.0015)
