"""Promises of naming: the right word with a margin, and no name where chance would do."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.analysis.cluster_naming import (
    PROMPT_TEMPLATES,
    image_text_similarity,
    name_clusters,
    prompts_for,
    read_words,
    two_best_names,
)
from embedbench.errors import InputError

WORDS = ("cat", "car", "cup")
RANDOM = np.random.default_rng(0)


def texts(directions: np.ndarray) -> np.ndarray:
    return np.repeat(directions, len(PROMPT_TEMPLATES), axis=0).astype(np.float32)


def test_each_cluster_gets_the_word_it_points_to() -> None:
    labels = np.repeat([0, 1, 2], 20)
    images = np.eye(3)[labels] + RANDOM.normal(0, 0.1, (60, 3)) + 5  # 5: what all have in common
    similarity = image_text_similarity(images.astype(np.float32), texts(np.eye(3)))
    names = name_clusters(similarity, WORDS, labels)
    assert [names[cluster].name for cluster in range(3)] == list(WORDS)
    assert all(name.margin > 0.5 for name in names.values())


def test_a_cluster_of_anything_has_no_good_name() -> None:
    images = RANDOM.normal(size=(200, 3)).astype(np.float32)
    similarity = image_text_similarity(images, texts(np.eye(3)))
    clusterings = [RANDOM.integers(0, 4, 200) for _ in range(25)]
    found = [name for c in clusterings for name in name_clusters(similarity, WORDS, c).values()]
    assert sum(name.name != "" for name in found) <= 10  # 5 of 100 are expected
    assert all(name.best in WORDS for name in found)


def test_two_images_are_too_few_for_a_name() -> None:
    similarity = np.array([[0.9, 0.1]] * 3)
    assert name_clusters(similarity, WORDS[:2], np.array([0, 0, 1]))[0].name == ""
    assert name_clusters(similarity, WORDS[:2], np.array([0, 0, 0]))[0].name == "cat"


def test_noise_has_no_name() -> None:
    labels = np.array([-1, -1, 0, 0])
    assert set(name_clusters(RANDOM.normal(size=(4, 3)), WORDS, labels)) == {0}


def test_one_word_must_beat_the_average_image() -> None:
    labels = np.repeat([0, 1], 20)
    images = (np.eye(2)[labels] + 3).astype(np.float32)
    similarity = image_text_similarity(images, texts(np.array([[1.0, 0.0]])))
    names = name_clusters(similarity, ("left",), labels)
    assert (names[0].name, names[1].name) == ("left", "")


def test_words_from_a_text_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("hot dog\n\ncar \nhot  dog\n")
    words, remarks = read_words("hot dog,car,, hot dog")
    assert words == read_words(str(file))[0] == ("hot dog", "car")
    assert [remark.partition(" ")[0] for remark in remarks] == ["1", "1"]
    assert read_words(["a", "b"]) == (("a", "b"), ())
    assert read_words("") == ((), ())


@pytest.mark.parametrize("names", [" , ", "missing.txt"])
def test_no_words_is_an_error(names: str) -> None:
    with pytest.raises(InputError, match="words"):
        read_words(names)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_every_word_is_in_every_template(words: list[str]) -> None:
    assert len(prompts_for(words)) == len(words) * len(PROMPT_TEMPLATES)


def test_a_picture_that_fits_two_words_alike_lies_between_them() -> None:
    """A hot dog, three dogs, three foods, one of nothing."""
    similarity = np.array(
        [[0.5, 0.45, 0.0]] + [[0.6, 0.1, 0.0]] * 3 + [[0.1, 0.6, 0.05]] * 3 + [[0.02, 0.01, 0.0]]
    )
    table = two_best_names(similarity, ("dog", "food", "car"), [f"{n}.jpg" for n in range(8)])
    assert table["image"][table["ambiguous"]].tolist() == ["0.jpg"]
    first = table.iloc[0]
    assert (first["name"], first["second_name"]) == ("dog", "food")
    assert first["margin"] == pytest.approx(0.05)


@given(st.integers(1, 6), st.integers(1, 20), st.integers(0, 1000))
def test_the_two_words_of_each_picture_are_the_two_best(words: int, images: int, seed: int) -> None:
    similarity = np.random.default_rng(seed).normal(size=(images, words))
    names = [f"w{number}" for number in range(words)]
    table = two_best_names(similarity, names, [str(number) for number in range(images)])
    if words == 1:
        assert table.empty
        return
    ranked = np.sort(similarity, axis=1)[:, ::-1]
    assert table["similarity"].tolist() == ranked[:, 0].tolist()
    assert table["second_similarity"].tolist() == ranked[:, 1].tolist()
    assert (table["margin"] >= 0).all()
