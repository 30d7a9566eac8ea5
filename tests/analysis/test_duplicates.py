"""Promises of the search for duplicates."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from embedbench.analysis.duplicates import duplicate_groups, duplicate_rate, duplicate_remarks
from embedbench.data.images.decoding import THUMBNAIL_SIDE, open_rgb, thumbnail
from embedbench.data.sample_photos import PHOTOGRAPHS, write_samples


def picture(seed: int, size: tuple[int, int] = (96, 72)) -> Image.Image:
    """Return coarse patches of random colours."""
    pixels = np.random.default_rng(seed).integers(0, 256, size=(6, 8, 3)).astype(np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def names(count: int) -> list[str]:
    return [f"{number:04x}" for number in range(count)]


def groups_of(pictures: Sequence[Image.Image], hashes: Sequence[str] = ()) -> np.ndarray:
    files = [thumbnail(one.convert("RGB")) for one in pictures]
    return duplicate_groups(hashes or names(len(files)), files)


def shared(groups: np.ndarray) -> list[list[int]]:
    """Return the groups of two and more."""
    members = [np.flatnonzero(groups == group).tolist() for group in range(groups.max() + 1)]
    return [images for images in members if len(images) > 1]


def saved_again(image: Image.Image, quality: int) -> Image.Image:
    content = BytesIO()
    image.save(content, "JPEG", quality=quality)
    return Image.open(content).convert("RGB")


def test_groups_are_numbered_as_they_appear_and_equal_files_share_one() -> None:
    pictures = [picture(seed) for seed in (3, 1, 3, 2, 1)]
    groups = groups_of(pictures, ["c", "a", "c", "b", "a"])
    assert groups.tolist() == [0, 1, 0, 2, 1]
    # Two of five images, the third and the last, are not the first of their group.
    assert duplicate_rate(groups) == pytest.approx(2 / 5)


def test_nothing_is_a_copy_among_different_pictures_and_the_rate_is_zero() -> None:
    groups = groups_of([picture(seed) for seed in range(40)])
    assert groups.tolist() == list(range(40))
    assert duplicate_rate(groups) == 0.0


def test_the_rate_is_nan_without_images_and_one_image_is_a_group() -> None:
    groups = duplicate_groups([], [])
    assert len(groups) == 0 and np.isnan(duplicate_rate(groups))
    assert groups_of([picture(0)]).tolist() == [0]


@pytest.mark.parametrize(
    "change",
    [
        lambda image: saved_again(image, 30),
        lambda image: image.resize((48, 36)),
        lambda image: image.resize((960, 720)),
        lambda image: image.crop((1, 0, 96, 71)),
        lambda image: image.point(lambda value: round(value * 0.92)),
    ],
    ids=["saved again", "smaller", "larger", "one pixel cut off", "darker"],
)
def test_a_picture_changed_a_little_is_a_copy(change: object) -> None:
    assert callable(change)
    others = [picture(seed) for seed in range(8)]
    assert shared(groups_of([*others, change(others[3])])) == [[3, 8]]


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        lambda image: image.crop((20, 15, 96, 72)),
        lambda image: Image.merge("RGB", image.split()[::-1]),
        lambda image: image.point(lambda value: 255 - value),
        lambda image: image.resize((96, 50)),
    ],
    ids=["mirrored", "a fifth cut off", "other colours", "negative", "flattened"],
)
def test_a_picture_changed_much_is_none(change: object) -> None:
    assert callable(change)
    others = [picture(seed) for seed in range(8)]
    assert shared(groups_of([*others, change(others[3])])) == []


def test_the_same_shape_in_other_colours_is_another_picture() -> None:
    """The grey values of both have a correlation of 1."""
    drawn = []
    for colour in ((200, 60, 60), (60, 60, 200)):
        image = Image.new("RGB", (64, 64), colour)
        image.paste((255, 255, 255), (16, 16, 40, 48))
        drawn.append(image)
    assert shared(groups_of(drawn)) == []


def test_plain_pictures_are_copies_by_their_bytes_alone() -> None:
    plain = [Image.new("RGB", (40, 40), (level, level, level)) for level in (100, 100, 101)]
    assert shared(groups_of(plain)) == []
    assert shared(groups_of(plain, ["a", "a", "b"])) == [[0, 1]]


def test_a_file_and_a_near_copy_of_it_are_linked_through_the_other() -> None:
    pictures = [picture(seed) for seed in range(8)]
    pictures[1] = saved_again(pictures[0], 40)
    pictures[7] = pictures[1]
    hashes = names(8)
    hashes[7] = hashes[1]
    # 1 and 7 are one file, 0 looks like it.
    assert shared(groups_of(pictures, hashes)) == [[0, 1, 7]]


def test_many_copies_of_one_picture_in_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedbench.analysis.duplicates._BLOCK", 7)
    monkeypatch.setattr("embedbench.analysis.duplicates._PAIRS", 3)
    monkeypatch.setattr("embedbench.analysis.duplicates._NEAREST", 4)
    pictures = [saved_again(picture(row % 12), 60 + row // 12) for row in range(120)]
    groups = groups_of(pictures)
    assert groups.tolist() == list(range(12)) * 10
    assert duplicate_rate(groups) == pytest.approx(0.9)


@settings(max_examples=10)
@given(st.permutations(range(12)))
def test_the_order_of_the_images_changes_no_group(order: list[int]) -> None:
    pictures = [picture(row // 2 if row < 6 else row, (96 - row, 72)) for row in range(12)]
    before = groups_of(pictures)
    assert shared(before) == [[0, 1], [2, 3], [4, 5]]
    after = groups_of([pictures[row] for row in order])
    same = before[order][:, None] == before[order]
    assert np.array_equal(after[:, None] == after, same)
    # Numbered in order of appearance: each number is at most one above all before it.
    assert (after <= np.maximum.accumulate(np.concatenate([[-1], after[:-1]])) + 1).all()


def test_thumbnails_that_are_not_one_for_each_hash_are_an_error() -> None:
    with pytest.raises(ValueError, match="one for each of 3 hashes; not 1"):
        duplicate_groups(names(3), [b""])


def test_the_remark_says_how_many_were_found_and_how() -> None:
    groups = np.array([0, 0, 1, 2, 0, 2])
    (found,) = duplicate_remarks(["a", "a", "b", "c", "d", "e"], groups)
    assert found.startswith("3 of the 6 images are copies of others: 1 by their bytes, 2 by how")
    assert duplicate_remarks(["a", "b"], np.arange(2)) == ()


def test_saved_again_a_photograph_is_a_copy_and_another_view_of_it_is_not(tmp_path: Path) -> None:
    folder = write_samples(tmp_path)
    views = [
        Image.open(folder / label / f"view_{view:02d}.jpg")
        for label in sorted(PHOTOGRAPHS)
        for view in range(4)
    ]
    again = [saved_again(views[0], 75), saved_again(views[20], 50)]
    groups = groups_of([*views, *again])
    assert shared(groups) == [[0, len(views)], [20, len(views) + 1]]


def test_no_two_of_many_different_photographs_are_copies(assets: Path) -> None:
    """`copies_by_low_dimensions` of the cases: of these, up to all were called copies."""
    files = sorted((assets / "images").rglob("*.jpg"))
    small = [
        thumbnail(open_rgb(file.read_bytes(), draft=(2 * THUMBNAIL_SIDE,) * 2)) for file in files
    ]
    assert len(small) >= 600
    assert shared(duplicate_groups(names(len(small)), small)) == []
