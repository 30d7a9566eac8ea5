"""Promises of embeddings side by side: rows that one lacks fail, texts and others are of all."""

from typing import Any

import numpy as np
import pytest

from embedbench.embedding.result import Embedding, joined_embedding
from embedbench.encoder import Encoder, Facts
from embedbench.encoders.concatenation import Concatenation
from embedbench.encoders.record import EncoderRecord
from embedbench.errors import EncoderError


class Nothing(Encoder):
    def encode_batch(self, images: Any) -> np.ndarray:
        raise NotImplementedError


BOTH = Concatenation((Nothing(), Nothing()))


def embedding(
    failures: dict[int, str], texts: int = 2, others: int = 3, text_error: str = ""
) -> Embedding:
    rows = np.array([[3, 4]] * 4, np.float32)
    rows[list(failures)] = np.nan
    record = EncoderRecord("it", (), Facts(), 2)
    parts = rows[:1].repeat(texts, axis=0), rows[:1].repeat(others, axis=0)
    return Embedding(rows, *parts, failures, record, 4 - len(failures), text_error)


def test_an_image_fails_with_the_reason_of_the_first_that_cannot_read_it() -> None:
    found = joined_embedding(BOTH, [embedding({3: "broken"}), embedding({2: "too deep", 3: "no"})])
    assert found.failures == {2: "too deep", 3: "broken"} and found.encoded == 3
    np.testing.assert_allclose(found.vectors[:2], [[0.6, 0.8, 0.6, 0.8]] * 2, 1e-6)
    assert found.texts.shape == (2, 4) and found.others.shape == (3, 4)
    assert found.record.dim == 4 and found.take([0, 1]).failures == {}


def test_texts_and_other_images_are_there_if_all_have_them() -> None:
    parts = [embedding({}, text_error="no vocabulary", texts=0), embedding({}, others=0)]
    found = joined_embedding(BOTH, parts)
    assert found.texts.shape == (0, 4) and found.others.shape == (0, 4)
    assert found.text_error == "no vocabulary"


def test_no_image_left_is_an_error() -> None:
    halves = [embedding({0: "a", 1: "a"}), embedding({2: "b", 3: "b"})]
    with pytest.raises(EncoderError, match="none of the images by all"):
        joined_embedding(BOTH, halves)
