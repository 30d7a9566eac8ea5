"""Promises of matching names to images: the longest unique ending decides, and doubt is said."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedbench.utils.matching import match_names

IMAGES = ["cat/1.jpg", "dog/1.jpg", "dog/2.JPG", "é.png", "x.tar"]


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("cat/1.jpg", "cat/1.jpg"),
        ("./cat/1.jpg", "cat/1.jpg"),
        ("cat\\1.jpg", "cat/1.jpg"),
        ("C:\\photos\\cat\\1.jpg", "cat/1.jpg"),
        ("/data/photos/dog/2.JPG", "dog/2.JPG"),
        ("2.JPG", "dog/2.JPG"),
        ("2", "dog/2.JPG"),
        ("2.png", "dog/2.JPG"),
        ("2.jpg", "dog/2.JPG"),
        ("DOG/2.jpg", "dog/2.JPG"),
        (unicodedata.normalize("NFD", "é.png"), "é.png"),
        ("É.png", "é.png"),
        ("x.tar", "x.tar"),
        ("x", None),
        ("3.jpg", None),
        ("owl/2.JPG/3", None),
    ],
)
def test_a_name_is_that_of_the_image_whose_path_ends_so(name: str, image: str | None) -> None:
    rows = match_names([name], IMAGES).rows
    assert rows == ({} if image is None else {name: IMAGES.index(image)})


def test_a_name_that_fits_several_images_is_matched_to_none() -> None:
    found = match_names(["1.jpg", "cat/1.jpg"], IMAGES)
    assert found.rows == {"cat/1.jpg": 0}
    assert found.several == {"1.jpg": ("cat/1.jpg", "dog/1.jpg")}


def test_a_name_with_a_backslash_is_first_that_of_the_file_that_is_written_so() -> None:
    images = ["a\\b.jpg", "a/b.jpg", "b.jpg"]
    found = match_names(images, images)
    assert found.rows == {image: row for row, image in enumerate(images)}
    assert not found.several and not found.clashes
    assert match_names(["D:\\a\\b.jpg"], images[1:]).rows == {"D:\\a\\b.jpg": 0}


def test_a_stricter_match_wins_over_a_looser_one() -> None:
    assert match_names(["a.png", "a.jpg"], ["a.jpg"]).rows == {"a.jpg": 0}
    assert match_names(["b/a.jpg", "a.jpg"], ["a.jpg"]).rows == {"a.jpg": 0}
    assert match_names(["A.jpg"], ["a.jpg", "A.jpg"]).rows == {"A.jpg": 1}


def test_the_folder_of_the_images_decides_between_names_that_contain_it() -> None:
    names, images = ["train/1.jpg", "test/1.jpg"], ["1.jpg"]
    assert match_names(names, images, "/data/train").rows == {"train/1.jpg": 0}
    assert match_names(names, images).clashes == {"1.jpg": ("train/1.jpg", "test/1.jpg")}


def test_other_first_folders_are_exchanged_if_they_are_the_same_for_all() -> None:
    images = ["new/cat/1.jpg", "new/dog/1.jpg"]
    assert match_names(["old/cat/1.jpg", "old/dog/1.jpg"], images).rows == {
        "old/cat/1.jpg": 0,
        "old/dog/1.jpg": 1,
    }
    assert match_names(["cat/1.jpg", "owl/2.jpg"], ["dog/1.jpg", "bat/2.jpg"]).rows == {}


PATHS = st.lists(
    st.lists(st.sampled_from(["a", "b", "C", "é", "1.jpg"]), min_size=1, max_size=3).map("/".join),
    min_size=1,
    max_size=6,
    unique=True,
)
ROOTS = st.sampled_from(["", "./", "/data/", "D:\\", "../up/", "//host/share/"])


@given(PATHS, ROOTS, st.booleans(), st.booleans())
def test_the_same_paths_below_another_root_match_whatever_their_form(
    images: list[str], root: str, windows: bool, decomposed: bool
) -> None:
    names = [root + image for image in images]
    names = [name.replace("/", "\\") if windows else name for name in names]
    names = [unicodedata.normalize("NFD", name) if decomposed else name for name in names]
    found = match_names(names, images)
    for name, image in zip(names, images, strict=True):
        assert found.rows.get(name) in (images.index(image), None)
        if name not in found.rows:  # only where another path ends as this one does
            assert (
                found.several
                or found.clashes
                or any(
                    other != image and (other.endswith(image) or image.endswith(other))
                    for other in images
                )
            )


@given(PATHS, PATHS)
def test_no_image_has_two_different_names(names: list[str], images: list[str]) -> None:
    found = match_names(names, images)
    assert len(set(found.rows.values())) == len(found.rows)
    assert not set(found.rows) & set(found.several)
