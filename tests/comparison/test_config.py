"""Promises of the settings: k in three forms, TOML in the words of the command line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.analysis.inputs import KGrid
from embedbench.cli.toml import read_toml
from embedbench.comparison.config import parse_k
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


def test_toml_uses_the_words_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    file = tmp_path / "comparison.toml"
    file.write_text(
        'source = "photos"\nencoder = ["timm", "pixels"]\nclusterer = "kmeans"\nk = 4\n'
    )
    assert read_toml(file) == {
        "source": [str(tmp_path / "photos")],
        "encoder": ["timm", "pixels"],
        "clusterer": ["kmeans"],
        "k": "4",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("encoders = []", "has 'encoders'; known words: about, source, encoder"),
        ("seeds = 'ten'", "'seeds' must be a whole number; not 'ten'"),
        ("seeds = true", "'seeds' must be a whole number"),
        ("encoder = [1]", "'encoder' must be a list of texts"),
        ("= 3", "cannot read"),
    ],
)
def test_a_wrong_word_in_toml_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=words):
        read_toml(file)
