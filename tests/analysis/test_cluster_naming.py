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
    names = name_clusters(similarity, WORDS, labels, np.arange(60))
    assert [names[cluster].name for cluster in range(3)] == list(WORDS)
    assert all(name.margin > 0.5 for name in names.values())


def test_a_cluster_of_anything_has_no_good_name() -> None:
    images = RANDOM.normal(size=(200, 3)).astype(np.float32)
    similarity = image_text_similarity(images, texts(np.eye(3)))
    clusterings = [RANDOM.integers(0, 4, 200) for _ in range(25)]
    named = [name_clusters(similarity, WORDS, c, np.arange(200)) for c in clusterings]
    found = [name for names in named for name in names.values()]
    assert sum(name.name != "" for name in found) <= 10  # 5 of 100 are expected
    assert all(name.best in WORDS for name in found)


def test_two_images_are_too_few_for_a_name() -> None:
    similarity = np.array([[0.9, 0.1]] * 3)
    images = np.arange(3)
    assert name_clusters(similarity, WORDS[:2], np.array([0, 0, 1]), images)[0].name == ""
    assert name_clusters(similarity, WORDS[:2], np.array([0, 0, 0]), images)[0].name == "cat"


def test_copies_count_as_one_image() -> None:
    """Two pictures of which one stands there 100 times are too few; 100 images would do."""
    similarity = np.array([[0.9, 0.1]] * 100 + [[0.8, 0.1]])
    cluster = np.zeros(101, int)
    copies = np.array([0] * 100 + [1])
    assert name_clusters(similarity, WORDS[:2], cluster, np.arange(101))[0].name == "cat"
    found = name_clusters(similarity, WORDS[:2], cluster, copies)[0]
    assert (found.name, found.best) == ("", "cat")
    assert found.margin == pytest.approx(0.75)  # the mean of 0.8 and 0.7


def of_clusters(means: list[list[float]], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the fits of images that are all alike within a cluster, and their clusters."""
    return np.repeat(np.array(means), size, axis=0), np.repeat(np.arange(len(means)), size)


# Where a word is not the best, it is 0.1 above or below its mean, 0.
BY_CHANCE = [
    [1.0, 0.1, -0.1],
    [0.1, 1.0, 0.1],
    [-0.1, -0.1, 1.0],
    [0.1, -0.1, 0.1],
    [-0.1, 0.1, -0.1],
]


def test_views_of_one_thing_make_no_name_by_their_number() -> None:
    """A lead of 0.2 is no more than words have by chance, however many alike images show it.

    By hand: the ten fits that are not the best have the sum of squares 0.02667 + 0.02667 + 0.04
    about their words' means, with 2 + 2 + 3 degrees of freedom; so a lead must exceed 0.31.
    """
    for size in (3, 1000):
        similarity, clusters = of_clusters(BY_CHANCE, size)
        names = name_clusters(similarity, WORDS, clusters, np.arange(len(clusters)))
        assert [names[cluster].name for cluster in range(5)] == [*WORDS, "", ""]
        assert names[4].margin == pytest.approx(0.2)


def test_a_word_that_fits_everything_names_nothing() -> None:
    """`cup` fits each cluster best, by leads no larger than the other words' differences."""
    means = [[0.3, 0.0, 0.35], [0.0, 0.3, 0.4], [0.1, 0.2, 0.35], [0.2, 0.1, 0.3]]
    similarity, clusters = of_clusters(means, 50)
    names = name_clusters(similarity, WORDS, clusters, np.arange(200))
    assert {name.best for name in names.values()} == {"cup"}
    assert not any(name.name for name in names.values())


def test_the_lead_is_compared_with_the_spread_where_words_are_not_best() -> None:
    """By hand: `car` has 0 and 0.2 where it is not best, `cup` 0.1 three times, `cat` only 0.

    The squares are 0.01 + 0.01 with 1 + 2 degrees of freedom, a spread of 0.0816; the 5 % point of
    Student's t with 3 is 2.353, so a lead must exceed 2.353 * sqrt(2) * 0.0816 = 0.272.
    """
    for lead, name in ((0.27, ""), (0.275, "cat")):
        means = [[lead + 0.1, 0.0, 0.1], [lead + 0.2, 0.2, 0.1], [0.0, 2.0, 0.1]]
        similarity, clusters = of_clusters(means, 5)
        names = name_clusters(similarity, WORDS, clusters, np.arange(15))
        assert [names[cluster].best for cluster in range(3)] == ["cat", "cat", "car"]
        assert [names[0].name, names[1].name] == [name, name]


def test_noise_has_no_name() -> None:
    labels = np.array([-1, -1, 0, 0])
    assert set(name_clusters(RANDOM.normal(size=(4, 3)), WORDS, labels, labels)) == {0}


def test_one_word_must_beat_the_average_image() -> None:
    labels = np.repeat([0, 1], 20)
    images = (np.eye(2)[labels] + 3).astype(np.float32)
    similarity = image_text_similarity(images, texts(np.array([[1.0, 0.0]])))
    names = name_clusters(similarity, ("left",), labels, np.arange(40))
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
