"""Promises of the settings: k in three forms, and what cannot be is said before any work."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.analysis.inputs import KGrid
from embedbench.comparison.config import k_remarks, parse_k, read_options
from embedbench.comparison.options import ComparisonOptions
from embedbench.errors import InputError


@pytest.mark.parametrize(
    ("k", "images", "classes", "plan"),
    [
        ("2..5", 100, None, KGrid((2, 3, 4, 5), None, "shared", (2, 3, 4, 5))),
        ("2..5", 100, 3, KGrid((2, 3, 4, 5), 3, "truth", (2, 3, 4, 5))),
        ("2..4", 100, 9, KGrid((2, 3, 4, 9), 9, "truth", (2, 3, 4))),
        ("2..20", 5, None, KGrid((2, 3, 4), None, "shared", (2, 3, 4))),
        ("2..200", 5, None, KGrid((2, 3, 4), None, "shared", (2, 3, 4))),
        (f"2..{10**30}", 5, None, KGrid((2, 3, 4), None, "shared", (2, 3, 4))),
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
        ("150..200", 150, None, "not 150"),
        ("9" * 5000, 150, None, "a range such as 2..20"),
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


# `range_of_k` of the cases: 160 pictures of which 20 differ, and 30 pictures.
@pytest.mark.parametrize(
    ("k", "images", "different", "last", "remark"),
    [
        ("2..24", 160, 20, 20, "2..24 were cut to 2..20: 20 of the 160 images differ from"),
        ("2..50", 30, 30, 29, "2..50 were cut to 2..29: there are 30 images"),
        ("2..20", 160, 5, 5, "2..20 were cut to 2..5: 5 of the 160 images differ"),
        ("2..20", 12, 12, 11, None),
        ("2..9", 30, 30, 9, None),
        ("9", 30, 30, 9, None),
    ],
)
def test_a_range_is_cut_to_what_the_images_allow_and_a_remark_says_so(
    k: str, images: int, different: int, last: int, remark: str | None
) -> None:
    grid = parse_k(k, images, None, different)
    assert grid.ks[-1] == last
    found = k_remarks(k, grid, images, different)
    assert len(found) == (remark is not None)
    assert remark is None or remark in found[0]


def test_classes_beyond_the_end_of_the_range_are_no_cut() -> None:
    assert k_remarks("2..4", parse_k("2..4", 30, 9), 30, 30) == ()


def test_a_number_beyond_the_different_images_says_how_many_differ() -> None:
    with pytest.raises(InputError, match="between 2 and 5 for 40 images, 5 of them different; not"):
        parse_k("30", 40, None, 5)
    with pytest.raises(InputError, match="all 40 images are the same: there is nothing to compare"):
        parse_k("2..20", 40, None, 1)


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
        ({"certainty": 1.0}, "`certainty` must be above 0 and below 1; not 1.0"),
        ({"margin": -0.1}, "`margin` must be at least 0 and below 1; not -0.1"),
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
