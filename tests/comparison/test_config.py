"""Promises of the settings: k in three forms, and what cannot be is said before any work."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.analysis.inputs import KGrid
from embedbench.comparison.config import parse_k, read_options
from embedbench.comparison.options import ComparisonOptions
from embedbench.errors import InputError


@pytest.mark.parametrize(
    ("k", "images", "classes", "plan"),
    [
        ("2..5", 100, None, KGrid((2, 3, 4, 5), None, "shared", (2, 3, 4, 5))),
        ("2..5", 100, 3, KGrid((2, 3, 4, 5), 3, "truth", (2, 3, 4, 5))),
        ("2..4", 100, 9, KGrid((2, 3, 4, 9), 9, "truth", (2, 3, 4))),
        ("2..20", 5, None, KGrid((2, 3, 4), None, "shared", (2, 3, 4))),
        ("4", 100, 3, KGrid((4,), 4, "given", ())),
        ("truth", 100, 3, KGrid((3,), 3, "truth", ())),
    ],
)
def test_three_forms_of_k(k: str, images: int, classes: int | None, plan: KGrid) -> None:
    assert parse_k(k, images, classes) == plan


@pytest.mark.parametrize(
    ("k", "images", "classes", "words"),
    [
        ("150", 150, None, "`k` must be between 2 and 149 for 150 images; not 150"),
        ("1", 150, None, "between 2 and 149"),
        ("2..200", 150, None, "not 200"),
        ("5..2", 150, None, "a range such as 2..20"),
        ("many", 150, None, "a range such as 2..20, a number or `truth`; not 'many'"),
        ("truth", 150, None, "only with labels"),
        ("truth", 150, 1, "not 1"),
        ("2..20", 1, None, "at least 4 images, .*; not 1"),
    ],
)
def test_what_cannot_be_says_why(k: str, images: int, classes: int | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_k(k, images, classes)


@given(st.text(max_size=12), st.integers(0, 50), st.none() | st.integers(0, 60))
def test_any_k_is_a_plan_within_the_images_or_an_error(
    k: str, images: int, classes: int | None
) -> None:
    try:
        plan = parse_k(k, images, classes)
    except InputError:
        return
    assert all(2 <= number < images for number in plan.ks)
    assert list(plan.ks) == sorted(set(plan.ks))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"encoders": []}, "needs an encoder"),
        ({"seeds": 0}, "`seeds` must be at least 1"),
        ({"copies": -1}, "`copies` must be at least 0; not -1"),
        ({"corrupted": -2}, "`corrupted` must be at least 0; not -2"),
        ({"spaces": []}, "needs a clusterer and a space"),
        ({"clusterers": ["kmeans", "kmeans"]}, "given twice"),
        ({"names": "dog,cat"}, "names need an encoder that reads texts"),
    ],
)
def test_options_that_cannot_be_say_why(options: dict[str, Any], words: str) -> None:
    asked = {"source": "photos", "encoders": ["pixels"]} | options
    with pytest.raises(InputError, match=words):
        read_options(ComparisonOptions(**asked))


def test_options_are_read_into_objects() -> None:
    config = read_options(ComparisonOptions("photos", ["pixels"], k=4, seeds=2, corrupt="blur:1"))
    assert list(config.encoders) == ["pixels"] and config.k == "4" and config.seeds == (0, 1)
    assert [one.name for one in config.clusterers] == ["kmeans", "agglomerative", "hdbscan"]
    assert [one.name for one in config.corruptions] == ["blur:1"]
    assert not config.memory.asked
