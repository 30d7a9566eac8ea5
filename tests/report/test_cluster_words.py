"""Promises of the images that fit two of the candidate names."""

import dataclasses
from collections import Counter

import pandas as pd

from embedbench.report.cluster_words import ambiguous_images
from embedbench.results.results import Results
from tests.support.example_results import example_results


def results_with(*rows: tuple[str, str, float]) -> Results:
    """Results with one ambiguous image for each row of two names and the second cosine."""
    table = pd.DataFrame(rows, columns=["name", "second_name", "second_similarity"])
    table = table.assign(
        image=[f"{number}.jpg" for number in range(len(rows))], similarity=0.5, margin=0.1,
        ambiguous=True,
    )  # fmt: skip
    return dataclasses.replace(example_results(), zero_shot=table)


def test_of_the_same_two_names_three_images_are_shown_whichever_comes_first() -> None:
    found, count = ambiguous_images(
        results_with(
            *[("cat", "dog", 0.1), ("dog", "cat", 0.2), ("cat", "dog", 0.4), ("dog", "cat", 0.3)],
            ("cat", "car", 0.05),
        )
    )
    assert [one.image for one in found] == ["2.jpg", "3.jpg", "1.jpg", "4.jpg"]
    assert [one.second_similarity for one in found] == ["0.40", "0.30", "0.20", "0.05"]
    assert count == 5


def test_names_of_several_words_are_not_taken_for_other_names() -> None:
    found, _ = ambiguous_images(results_with(("a b", "c", 0.4), *[("a", "b c", 0.3)] * 3))
    assert Counter(one.name for one in found) == {"a b": 1, "a": 3}


def test_at_most_fourteen_images_are_shown_and_all_are_counted() -> None:
    found, count = ambiguous_images(
        results_with(*[(f"name {number}", "other", 0.4) for number in range(40)])
    )
    assert (len(found), count) == (14, 40)


def test_names_are_given_as_they_are() -> None:
    ((shown,), _) = ambiguous_images(results_with(("<b>{0}</b>", "%s & $x^", 0.456)))
    assert (shown.name, shown.second_name) == ("<b>{0}</b>", "%s & $x^")
    assert (shown.similarity, shown.second_similarity) == ("0.50", "0.46")


def test_without_names_or_without_ambiguous_images_nothing_is_shown() -> None:
    assert ambiguous_images(results_with()) == ([], 0)
    clear = results_with(("cat", "dog", 0.1))
    clear = dataclasses.replace(clear, zero_shot=clear.zero_shot.assign(ambiguous=False))
    assert ambiguous_images(clear) == ([], 0)
